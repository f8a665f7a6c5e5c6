"""Whether a message is taken in at all: privacy, copies, size, automatic mail, loops (`behaviour.md` 1)."""

from __future__ import annotations

from engine.config.model import AutomaticPolicy
from engine.decide.decision import Ending, Envelope, Step
from engine.decide.setup import Setup
from engine.decide.target import named_by_report
from engine.mail.message import Message
from engine.quantity import counted, show_duration, show_size
from engine.state.view import State
from engine.text import text_key, title_key

Verdict = tuple[Ending | None, list[Step]]


def take_in(message: Message, envelope: Envelope, setup: Setup, state: State) -> Verdict:
    """An ending, or None when the message goes on; and what was found, for the trace."""
    steps: list[Step] = []
    for check in (_private, _copy, _size, _readable, _own, _automatic, _loop):
        ending, step = check(message, envelope, setup, state)
        if step:
            steps.append(step)
        if ending:
            return ending, steps
    return None, steps


Found = tuple[Ending | None, Step | None]


def _readable(message: Message, envelope: Envelope, setup: Setup, state: State) -> Found:
    defects = "; ".join(message.defects)
    if len(message.headers):
        return None, Step("damaged", defects) if defects else None
    found = defects or "the bytes are no message: there is not one header field"
    return Ending("quarantined", "unreadable", found), Step("message", found)


def _copy(message: Message, envelope: Envelope, setup: Setup, state: State) -> Found:
    if setup.config.settings.several_mailboxes != "first":
        return None, None
    first = state.seen_elsewhere(envelope.mailbox, message)
    if first is None:
        return None, None
    where = str(setup.config.settings.where("several_mailboxes"))
    found = f"a copy of a message to {first.mailbox}" + (f", which became {first.number}" if first.number else "")
    return Ending("duplicate", "several_mailboxes", found, first.number, where), Step("copies", found, where)


def _size(message: Message, envelope: Envelope, setup: Setup, state: State) -> Found:
    limit = setup.config.settings.limits.message
    if message.size <= limit:
        return None, None
    where = str(setup.config.settings.where("limits.message"))
    found = f"{show_size(message.size)} is more than {show_size(limit)}"
    return Ending("refused", "too_large", found, where=where), Step("size", found, where)


def _private(message: Message, envelope: Envelope, setup: Setup, state: State) -> Found:
    if not message.private:
        return None, None
    where = str(setup.config.settings.where("private_mail"))
    step = Step("private", f"Sensitivity: {message.headers.get('Sensitivity')[:40]}", where)
    if setup.config.settings.private_mail == "process":
        return None, step
    return Ending("ignored", "private", where=where), step


def _own(message: Message, envelope: Envelope, setup: Setup, state: State) -> Found:
    address = message.sender.address
    if address in setup.own_addresses:
        found = f"From {address} is one of our own mailboxes"
    elif message.message_id and state.notification(message.message_id) is not None:
        found = "the Message-ID is that of a notification of ours"
    else:
        return None, None
    return Ending("ignored", "own_mail", found), Step("automatic", found)


def automatic_policy(message: Message, setup: Setup) -> AutomaticPolicy:
    """What becomes of the message because of its kind of automatic mail; `process` for mail from people."""
    if message.automatic is None:
        return "process"
    return setup.config.settings.automatic_mail[message.automatic.kind]


def _automatic(message: Message, envelope: Envelope, setup: Setup, state: State) -> Found:
    if message.automatic is None:
        return None, None
    kind, evidence = message.automatic.kind, message.automatic.evidence
    settings = setup.config.settings
    policy = automatic_policy(message, setup)
    where = str(settings.where(f"automatic_mail.{kind}"))
    step = Step("automatic", f"{kind}: {evidence}; {policy.replace('_', ' ')}", where)
    if policy == "ignore":
        return Ending("ignored", kind, evidence, where=where), step
    if policy == "quarantine" and not envelope.released:
        return Ending("quarantined", kind, evidence, where=where), step
    return None, step


def _loop(message: Message, envelope: Envelope, setup: Setup, state: State) -> Found:
    loop = setup.config.settings.loop_protection
    if loop is None or message.sender.address in loop.exempt:
        return None, None
    # Mail systems word all their bounces alike: those about two tickets are no loop, which would come back to one.
    about = named_by_report(message, state)
    alike = state.count_alike(
        envelope.mailbox,
        envelope.received_at - loop.window,
        envelope.received_at + loop.window,
        sender=message.sender.address if "sender" in loop.alike else None,
        subject_key=title_key(message.subject) if "subject" in loop.alike else None,
        body_key=text_key(message.text) if "body" in loop.alike else None,
        number=about.entity.number if about else None,
    )
    if alike < loop.messages:
        return None, None
    where = str(setup.config.settings.where("loop_protection"))
    found = f"{counted(alike, 'message')} alike ({', '.join(loop.alike)}) within {show_duration(loop.window)} were taken before"
    return Ending("ignored", "loop", found, where=where), Step("loop", found, where)
