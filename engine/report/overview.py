"""How it is doing, in lines: what became of mail, what waits to be sent, each mailbox, and what is in quarantine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from engine.decide.decision import iso
from engine.printable import one_line
from engine.quantity import counted, further
from engine.report.mailboxes import MailboxState
from engine.state.overview import Overdue, Overview

_NOT_SENT = "; they stay, for settings.yaml does not say how they leave (`sending`)"
_MOST_DEAD = 20


def as_text(found: Overview, mailboxes: Iterable[MailboxState], *, sends: bool) -> str:
    """`sends`: whether the configuration says how notifications leave."""
    lines = (
        *_messages(found),
        *_notifications(found, sends),
        f"{counted(found.waiting_rules, 'rule')} waiting{_overdue(found.overdue_rules, 'run-waiting')}",
        *(f"mailbox {state.mailbox}: {state.words}" for state in mailboxes),
        *_late_and_lost(found),
        *_quarantine(found),
    )
    return "\n".join(map(one_line, lines))


def wants_a_person(found: Overview, mailboxes: Iterable[MailboxState], expected: datetime) -> bool:
    """Whether something is held, lost or late. `expected`: what was due by then should have been run, or sent."""
    if found.quarantine or found.outbox.get("failed", 0) or found.unsent or found.overdue_rules:
        return True
    return any(late.since and late.since < expected for late in found.late) or any(state.late for state in mailboxes)


def _messages(found: Overview) -> Iterator[str]:
    total = sum(count for *_, count in found.outcomes)
    yield counted(total, "message") + (f", the last at {found.last_processed_at}" if found.last_processed_at else "")
    for outcome, reason, count in found.outcomes:
        yield f"  {count:>7,}  {outcome}" + (f" ({reason.replace('_', ' ')})" if reason else "")


def _notifications(found: Overview, sends: bool) -> Iterator[str]:
    queued = found.outbox.get("queued", 0)
    yield f"{counted(queued, 'notification')} to send{_overdue(found.unsent, 'send')}{'' if sends else _NOT_SENT}"
    yield f"{counted(found.outbox.get('sent', 0), 'notification')} sent"
    dead = len(found.dead)
    if dead:
        yield f"{counted(dead, 'address', 'addresses')} from which what was sent last came back"
    for one in found.dead[:_MOST_DEAD]:
        yield f"  {one.recipient}: {one.count} came back, the last by message {one.message}"
    yield from (f"  {words}" for words in further(dead, _MOST_DEAD))


def _late_and_lost(found: Overview) -> Iterator[str]:
    """Those that wait for a server, and those that are given up."""
    for late in found.late:
        since = f", since {iso(late.since)}" if late.since else ""
        yield f"  {late.count:,} wait{since}: {late.error}"
    if lost := found.outbox.get("failed", 0):
        yield f"{counted(lost, 'notification')} could not be sent; `postroom send --again` tries them again, `--forget` lets them go"
    for identity, recipient, subject, error in found.failed:
        yield f"  notification {identity} to {recipient}: {subject}: {error}"


def _quarantine(found: Overview) -> Iterator[str]:
    yield f"{found.quarantine:,} in quarantine"
    for held in found.held:
        yield f"  message {held.message} to {held.mailbox}, {held.created_at}: {held.reason}: {held.error} ({held.source_id})"
    yield from (f"  {words}" for words in further(found.quarantine, len(found.held)))
    if found.quarantine:
        yield "  `postroom retry NUMBER` tries one again, `--release` lets it pass, `--forget` lets it go"


def _overdue(found: Overdue | None, command: str) -> str:
    return f", {found.count:,} of them due since {found.since}: run `postroom {command}` every minute, or `poll`" if found else ""
