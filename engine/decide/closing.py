"""The last step: notifications, waiting rules, one more ticket where a rule asks for it, and the frozen Decision."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from engine.config.mailbox import Entity
from engine.decide.actions import later
from engine.decide.decision import Changes, Decision, Ending, Envelope, Notification, Waiting
from engine.decide.draft import another_ticket
from engine.decide.entity import Made
from engine.decide.recipients import of_notice, permitted, worded
from engine.decide.setup import Setup
from engine.decide.work import Work
from engine.decide.workflow import Run
from engine.entities import Note, Sender, Ticket
from engine.mail.message import Message
from engine.rules.facts import Facts
from engine.state.view import State
from engine.text import LONGEST_SEARCHED


def ended(work: Work, ending: Ending, run: Run | None = None) -> Decision:
    """The message becomes nothing. Whoever refuses says so to the sender (`notify.failed`)."""
    # What a rule sends about a message that it holds back or refuses says why.
    notifications = [replace(one, reason=ending.detail) for one in run.notifications] if run else []
    if ending.outcome in ("refused", "quarantined"):
        facts = run.facts if run else _bare_facts(work)
        notice = work.mailbox.failed
        if notice and run and run.refusal:
            notice = replace(notice, template=run.refusal)
        if notice and ending.reason == "unauthenticated":
            # Whoever stands in From has not written it: to him it would be mail that he did not ask for.
            notice = replace(notice, to=tuple(one for one in notice.to if one != "sender"))
        notifications += of_notice(notice, "failed", facts, work.setup, _reason(ending))
    came_back = _came_back(work)
    sent = _permitted(work, notifications, run.facts if run else _bare_facts(work))
    words = ending.detail or (ending.reason or "").replace("_", " ")
    work.step("outcome", f"{ending.outcome}: {words}", ending.where)
    return Decision(
        envelope=work.envelope,
        message_id=work.message.message_id,
        identity=work.message.identity,
        outcome=ending.outcome,
        reason=ending.reason,
        detail=ending.detail,
        number=ending.number,
        target=ending.number,
        sender=work.sender,
        ticket=ending.ticket,
        fired=run.ran if run else (),
        not_fired=run.not_ran if run else (),
        not_fired_count=run.not_ran_count if run else 0,
        trace=tuple(work.trace),
        changes=Changes(ticket=ending.ticket, notifications=sent, came_back=came_back),
    )


def _reason(ending: Ending) -> str:
    """Why, as the sender may read it: no names of ours, no rules, no candidates."""
    return {
        "too_large": f"it is too large ({ending.detail})",
        "unattributed": "the sender is not known here",
        "not_created_here": "this mailbox does not take such messages",
        "rule": ending.detail or "it was not accepted",
        "token": "it could not be checked",
        "unauthenticated": "its sender could not be verified",
    }.get(ending.reason, "it could not be processed")


def _bare_facts(work: Work) -> Facts:
    """What is known of a message that was not taken in: its sender's address."""
    address = work.message.sender
    sender = work.sender or Sender("unknown", None, None, "", address.address, address.name)
    return Facts(work.setup.config, work.envelope.mailbox, work.envelope.received_at, work.now, work.message, sender)


def _permitted(work: Work, notifications: list[Notification], facts: Facts) -> tuple[Notification, ...]:
    sent, left_out = permitted(notifications, work.message, work.setup, _answering(work, notifications))
    for words in left_out:
        work.step("not notified", words)
    sent = worded(sent, facts, work.setup)
    for one in sent:
        language = f" in {one.wording.language}" if one.wording.language else ""
        work.step("notified", f"{one.recipient} using {one.template}{language}")
    return sent


def _came_back(work: Work) -> str:
    """The Message-ID of our notification that a bounce returns for good."""
    automatic = work.message.automatic
    for message_id in automatic.about if automatic is not None and automatic.gave_up else ():
        sent = work.state.notification(message_id)
        if sent is not None:
            work.step("came back", f"the notification to {sent.recipient or 'somebody'} about {sent.number or 'no ticket'}")
            return message_id
    return ""


def _answering(work: Work, notifications: list[Notification]) -> dict[str, str]:
    """Who is told of no automatic message, and why: whom our notifications went to that it returns or answers (of a bounce that does not say
    which it returns, whom it names), and whom nothing reaches. Two dead addresses would be told of each other's bounces for ever.
    """
    message = work.message
    if message.automatic is None or not notifications:
        return {}
    dead = {one.recipient for one in notifications if work.state.came_back(one.recipient)}
    named = dict.fromkeys((*message.automatic.about, *message.in_reply_to, *message.references))
    found = [sent for message_id in named if (sent := work.state.notification(message_id)) is not None]
    if message.automatic.kind == "bounce" and not found:
        text = message.text[:LONGEST_SEARCHED].lower()
        answering = {one.recipient for one in notifications if one.recipient in text}
    else:
        answering = {sent.recipient for sent in found if sent.recipient}
    return dict.fromkeys(dead, "what was sent there last came back") | dict.fromkeys(
        answering, "this is what came back from there"
    )


def close(work: Work, made: Made) -> Decision:
    """The message became something."""
    run, message_run = made.run, made.message_run or made.run
    facts = run.facts
    ticket = facts.ticket
    notes: list[tuple[Entity, Note]] = []
    if facts.note is not None:
        notes.append((made.entity, facts.note))
    notes += [("ticket_note", note) for note in run.notes]
    more = tuple(
        another_ticket(work.numbering.next(), action, ticket, work.mailbox, work.now, work.setup)
        for action in run.more_tickets
        if ticket is not None
    )
    related = (*made.related, *((ticket.number, other.number, "created with it") for other in more if ticket is not None))
    number = facts.number
    came_back = _came_back(work)
    sent = _permitted(work, _notifications(work, made), facts)
    waiting = _waiting(work, made, ticket)
    for one in waiting:
        work.step("waiting", f"'{one.rule}' at {one.due_at:%Y-%m-%d %H:%M} UTC")
    work.step("outcome", f"{made.outcome}: {made.entity.replace('_', ' ')} {'on ' if made.target else ''}{number}")
    ran = (*message_run.ran, *run.ran) if message_run is not run else run.ran
    not_ran = (*message_run.not_ran, *run.not_ran) if message_run is not run else run.not_ran
    return Decision(
        envelope=work.envelope,
        message_id=work.message.message_id,
        identity=work.message.identity,
        outcome=made.outcome,
        entity=made.entity,
        number=number,
        target=made.target,
        sender=work.sender,
        note=facts.note,
        time_entry=facts.time_entry,
        ticket=ticket,
        task=facts.task,
        project=facts.project,
        fired=ran,
        not_fired=not_ran,
        not_fired_count=run.not_ran_count + (message_run.not_ran_count if message_run is not run else 0),
        trace=tuple(work.trace),
        changes=Changes(
            ticket=ticket,
            is_new=made.is_new,
            reopened=made.reopened,
            notes=tuple(notes),
            time_entry=(made.entity, facts.time_entry) if facts.time_entry else None,
            task=facts.task,
            more_tickets=more,
            contact=work.contact,
            related=related,
            attachments=made.body.attachments,
            notifications=sent,
            waiting=waiting,
            came_back=came_back,
        ),
    )


def _notifications(work: Work, made: Made) -> list[Notification]:
    """Rules' first: about one event an address gets one message, and a rule knows better which."""
    found = [*(made.message_run.notifications if made.message_run else ()), *made.run.notifications]
    number = made.run.facts.number
    found = [one if one.number else replace(one, number=number) for one in found]
    notice = work.mailbox.created if made.is_new else work.mailbox.noted
    found += of_notice(notice, made.event, made.run.facts, work.setup)
    if work.wrong and work.mailbox.failed is not None and work.sender is not None:
        told = replace(work.mailbox.failed, to=("sender",))
        found += of_notice(told, "failed", made.run.facts, work.setup, "; ".join(work.wrong))
    return found


def _waiting(work: Work, made: Made, ticket: Ticket | None) -> tuple[Waiting, ...]:
    """Rules that wait after what happened. Whether their conditions hold is asked when they are due.

    Three days from an update are three days in which nothing happened: each update begins them anew.
    """
    if ticket is None:
        return ()
    events = (made.event, "ticket updated") if made.run.updated else (made.event,)
    return tuple(
        Waiting(
            compiled.rule.name,
            ticket.number,
            later(work.now, compiled.rule.event.after, work.setup.config),
            anew=event == "ticket updated",
        )
        for event in events
        for compiled in work.setup.programs.waiting[event].rules
        if compiled.rule.event.after is not None
    )


def failed(message: Message, envelope: Envelope, setup: Setup, state: State, now: datetime, error: str) -> Decision:
    """Processing itself failed: the message is kept whole in quarantine with the error (`behaviour.md` 1.2)."""
    work = Work(message, envelope, setup, state, now, False)
    return ended(work, Ending("quarantined", "error", error[:2000]))
