"""The entity itself, and the rules about it: a ticket that is opened, or a note or time entry that is added."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from engine.config.mailbox import Entity
from engine.decide.authenticate import is_doubtful
from engine.decide.become import Plan
from engine.decide.body import Body, reply_body, title_of, whole_body
from engine.decide.decision import Ending, Outcome
from engine.decide.draft import changed_ticket, new_note, new_ticket, new_time_entry, with_additional_contacts
from engine.decide.duplicates import Duplicate, find_duplicate
from engine.decide.setup import Setup
from engine.decide.target import is_of
from engine.decide.work import Work
from engine.decide.workflow import Run, run_event, run_updates
from engine.entities import Note, Project, Sender, Task, Ticket, TimeEntry
from engine.mail.message import Message
from engine.rules.facts import Facts

_EVENTS: dict[Entity, str] = {
    "ticket": "ticket created",
    "ticket_note": "ticket note created",
    "ticket_time_entry": "ticket time entry created",
    "project_note": "project note created",
    "task_note": "task note created",
    "task_time_entry": "task time entry created",
}


class Made(Struct, frozen=True):
    """What the message became, after all rules. `run.facts` hold the entity as it is to be stored."""

    outcome: Outcome
    entity: Entity
    event: str
    target: str | None
    run: Run
    body: Body
    is_new: bool = False
    reopened: bool = False
    related: tuple[tuple[str, str, str], ...] = ()
    message_run: Run | None = None


def open_ticket(work: Work, what: Plan, message_run: Run) -> Made | Ending:
    """A new ticket, unless a criterion of duplicates says that it is about one that exists."""
    title = title_of(work.message, work.envelope.received_at, work.setup)
    body = whole_body(_for_body(work), work.text, work.setup, _remarks(work, what))
    work.step("becomes", f"a ticket: {what.because}", what.where)
    duplicate = find_duplicate(work, title, body.description)
    related = [(what.related[0], what.related[1])] if what.related else []
    if duplicate is not None:
        handled = _handle(work, duplicate, body, message_run)
        if handled is not None:
            return handled
        if duplicate.handling.link:
            related.append((duplicate.ticket.number, "looks like"))
    tagged = work.setup.tagger.tags(title, body.text, work.mailbox.ticket.tags)
    if tagged.tags:
        where = tagged.where or work.mailbox.where("defaults", "ticket", "tags")
        work.step("tags", tagged.because, str(where))
    ticket = with_additional_contacts(work, new_ticket(work, title, body, tagged.tags))
    work.step("defaults", _defaults(ticket), str(work.mailbox.where("defaults", "ticket")))
    run = _rules(work, "ticket created", _facts(work, ticket=ticket, before=ticket), message_run)
    links = tuple((ticket.number, other, how) for other, how in related)
    return Made("created", "ticket", "ticket created", None, run, body, True, related=links, message_run=message_run)


def _remarks(work: Work, what: Plan) -> tuple[str, ...]:
    """What the system adds to the text."""
    return (*work.remarks, *what.remarks, *(f"[Nothing was booked or set: {error}.]" for error in work.wrong))


def _handle(work: Work, duplicate: Duplicate, body: Body, message_run: Run) -> Made | Ending | None:
    """What the criterion says; None for a new ticket all the same."""
    handling, ticket = duplicate.handling, duplicate.ticket
    work.step("duplicate", f"{duplicate.because}: {handling.do.replace('_', ' ')}", duplicate.where)
    if handling.do == "create":
        return None
    counted = replace(ticket, occurrences=ticket.occurrences + 1, updated_at=work.now) if handling.count else None
    if handling.do == "discard":
        # Who forgot a file sends the same mail again, with it.
        there = work.state.files_of(ticket.number) if body.attachments else frozenset()
        forgotten = [one.name for one in body.attachments if one.sha256 not in there]
        if not forgotten:
            return Ending("duplicate", "duplicate", duplicate.because, ticket.number, duplicate.where, counted)
        work.step("duplicate", f"not discarded, for it brings {', '.join(forgotten[:5])}: append note", duplicate.where)
    if "ticket_note" not in work.setup.config.makes(work.mailbox):
        work.step("duplicate", f"{work.mailbox.id} makes no notes: a new ticket", str(work.mailbox.where("creates")))
        return None
    status = handling.status if handling.do == "reopen" else None
    reopens = status is not None and work.setup.config.is_complete(ticket.status)
    if reopens and work.message.automatic is not None and work.token is None:
        # Automatic mail never reopens a ticket; an alert that carries the token is not anybody's automatic mail.
        status, reopens = None, False
    what = Plan("ticket_note", counted or ticket, duplicate.because, duplicate.where, status, reopens)
    return add_to(work, what, message_run, before=ticket)


def add_to(work: Work, what: Plan, message_run: Run, before: Ticket | None = None) -> Made:
    """A note or time entry on what exists. `before`: the ticket as stored, where the plan's already counts on."""
    target, indicators = what.target, work.indicators
    assert target is not None
    text = indicators.text if indicators and not work.wrong else work.text
    body = reply_body(_for_body(work), text, work.setup, _remarks(work, what))
    is_time = what.entity in ("ticket_time_entry", "task_time_entry")
    work.step("becomes", f"a {what.entity.replace('_', ' ')} on {target.number}: {what.because}", what.where)
    work.step("text", body.because, body.where)
    note: Note | None = None
    entry: TimeEntry | None = None
    if is_time and indicators is not None:
        entry = new_time_entry(work, what.entity, target.number, indicators, body)
        work.step("defaults", f"role {entry.role}, work type {entry.work_type}", _where_defaults(work, what.entity))
    else:
        note = new_note(work, what.entity, target.number, body)
        work.step("defaults", f"type {note.type}, publish {note.publish}", _where_defaults(work, what.entity))
    ticket = task = project = None
    changed = False
    if isinstance(target, Ticket):
        ticket = changed_ticket(work, target, what)
        if _may_bring(work.attributed, target, work.setup):
            ticket = with_additional_contacts(work, ticket)
        changed = replace(ticket, updated_at=target.updated_at) != (before or target)
        if ticket.status != target.status:
            work.step("status", f"{target.status} becomes {ticket.status}", what.where)
    elif isinstance(target, Task):
        task = replace(target, status=what.status) if what.status else target
    else:
        project = target
    was = (before or target) if isinstance(target, Ticket) else None
    facts = _facts(work, ticket=ticket, before=was, task=task, project=project, note=note, entry=entry)
    event = _EVENTS[what.entity]
    run = _rules(work, event, facts, message_run, changed=changed)
    return Made(
        "appended",
        what.entity,
        event,
        target.number,
        run,
        body,
        reopened=what.reopens,
        message_run=message_run,
    )


def _may_bring(sender: Sender, ticket: Ticket, setup: Setup) -> bool:
    """Whether people whom he writes to come to the ticket, and hear of it from then on: not if he only named its number, nor if he may
    not be the resource that he writes as."""
    if sender.kind == "unknown":
        return ticket.sender == sender.address or is_of(sender, ticket.organization, setup)
    return not is_doubtful(sender, setup.config.settings.sender_authentication)


def _for_body(work: Work) -> Message:
    """The message with the HTML left out where that shows the token, which is never stored in the text."""
    html = work.message.html
    if html and (work.token is not None or work.setup.passwords.hidden(html) != html):
        return replace(work.message, html="")
    return work.message


def _where_defaults(work: Work, entity: Entity) -> str:
    return str(work.mailbox.where("defaults", entity))


def _defaults(ticket: Ticket) -> str:
    names = ("queue", "status", "priority", "source", "assigned")
    return ", ".join(f"{name} {getattr(ticket, name)}" for name in names if getattr(ticket, name)) or "none"


def _facts(
    work: Work,
    *,
    ticket: Ticket | None = None,
    before: Ticket | None = None,
    task: Task | None = None,
    project: Project | None = None,
    note: Note | None = None,
    entry: TimeEntry | None = None,
) -> Facts:
    entity = ticket or task or project
    return Facts(
        config=work.setup.config,
        mailbox=work.envelope.mailbox,
        received_at=work.envelope.received_at,
        now=work.now,
        message=work.message,
        sender=work.sender,
        organization=entity.organization if entity else None,
        ticket=ticket,
        note=note,
        time_entry=entry,
        task=task,
        project=project,
        before=before,
        reply=note is not None or entry is not None,
        extracted=work.extracted,
    )


def _rules(work: Work, event: str, facts: Facts, message_run: Run, *, changed: bool = False) -> Run:
    """The event's pass, then those of `ticket updated`. `changed`: the note itself changed the ticket."""
    before = facts.ticket
    start = Run(facts, names=message_run.names)
    run = run_event(event, start, work.setup, explain=work.explain)
    if facts.ticket is not None:
        changed = changed or run.facts.ticket != before
        run = replace(run_updates(run, work.setup, changed=changed, explain=work.explain), updated=changed)
    for ran in run.ran:
        work.step("rule", f"'{ran.rule}': {'; '.join(ran.did)}", ran.where)
    for name in run.reported:
        work.step("rule", f"'{name}' would run in a sixth pass: the rules of `ticket updated` go round in circles")
    return run
