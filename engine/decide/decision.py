"""What was decided of a message, and why: frozen, complete, and all that store and notify need."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any, Literal

from msgspec import Struct, field, json, to_builtins
from msgspec.structs import fields

from engine.config.mailbox import Entity
from engine.entities import TIMES, NewContact, Note, Project, Sender, Task, Ticket, TimeEntry
from engine.mail.message import Attachment

Outcome = Literal["created", "appended", "duplicate", "ignored", "refused", "quarantined"]
# The closed list of reasons; the words of a rule stand in `detail`.
Reason = Literal[
    "loop",
    "private",
    "own_mail",
    "bounce",
    "auto_reply",
    "feedback_report",
    "mailing_list",
    "auto_generated",
    "too_large",
    "unattributed",
    "not_created_here",
    "unauthenticated",
    "rule",
    "duplicate",
    "several_mailboxes",
    "token",
    "unreadable",
    "error",
]


class Envelope(Struct, frozen=True):
    """What the source says of a message: where it came to, from where, and when it was received (aware, UTC).

    `released`: a person has looked at it in quarantine, and lets it pass.
    """

    mailbox: str
    source_id: str
    received_at: datetime
    released: bool = False


class Step(Struct, frozen=True):
    """One line of the trace: the step, what it found, and the place in the configuration that says so."""

    step: str
    found: str
    where: str = ""


class Ran(Struct, frozen=True):
    """A rule that ran: its event, its place, and what its actions did, in words."""

    rule: str
    event: str
    where: str
    did: tuple[str, ...]


class NotRan(Struct, frozen=True):
    """A rule that did not run, and the condition that failed or what ended the pass before it."""

    rule: str
    event: str
    where: str
    because: str


class Wording(Struct, frozen=True):
    """A notification's words: one line of subject, and Markdown whose `values` (start, end) were put in, not written.

    `error` says why there are none; such a notification is never sent, and shows as failed. `language`: empty where the template is not
    there in that of who gets it.
    """

    subject: str = ""
    body: str = ""
    values: tuple[tuple[int, int], ...] = ()
    error: str = ""
    language: str = ""


class Notification(Struct, frozen=True):
    """One message to be sent: to one address, about one event. `event` is created, noted, failed or a rule's event.

    `in_reply_to` and `references` are Message-IDs, for answers to the sender.
    """

    event: str
    recipient: str
    template: str
    number: str | None
    reason: str = ""
    to_sender: bool = False
    wording: Wording = Wording()
    in_reply_to: str = ""
    references: tuple[str, ...] = ()


class Waiting(Struct, frozen=True):
    """A rule that is to run later on a ticket. `anew`: where it waits already, it does no more, for it counts from the last time."""

    rule: str
    ticket: str
    due_at: datetime
    anew: bool = False


class Ending(Struct, frozen=True):
    """The message becomes nothing, or is held back. `number`: what it is a duplicate of; `ticket`: that, where it counts it all the same."""

    outcome: Outcome
    reason: Reason
    detail: str = ""
    number: str | None = None
    where: str = ""
    ticket: Ticket | None = None


class Changes(Struct, frozen=True):
    """All that is to be stored, beside the message itself. `ticket` is as it stands after everything. `came_back`: the Message-ID of our own
    notification that the message returns.
    """

    ticket: Ticket | None = None
    is_new: bool = False
    reopened: bool = False
    notes: tuple[tuple[Entity, Note], ...] = ()
    time_entry: tuple[Entity, TimeEntry] | None = None
    task: Task | None = None
    more_tickets: tuple[Ticket, ...] = ()
    contact: NewContact | None = None
    related: tuple[tuple[str, str, str], ...] = ()
    attachments: tuple[Attachment, ...] = ()
    notifications: tuple[Notification, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    came_back: str = ""


class Decision(Struct, frozen=True):
    """The whole verdict. `number` is what the message ended up at; `target` is what it was appended to, or is a duplicate of."""

    envelope: Envelope
    message_id: str
    identity: str
    outcome: Outcome
    reason: Reason | None = None
    detail: str = ""
    entity: Entity | None = None
    number: str | None = None
    target: str | None = None
    sender: Sender | None = None
    note: Note | None = None
    time_entry: TimeEntry | None = None
    ticket: Ticket | None = None
    task: Task | None = None
    project: Project | None = None
    fired: tuple[Ran, ...] = ()
    not_fired: tuple[NotRan, ...] = ()
    not_fired_count: int = 0
    trace: tuple[Step, ...] = ()
    changes: Changes = field(default_factory=Changes)

    @property
    def mailbox(self) -> str:
        return self.envelope.mailbox

    @property
    def notified(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.recipient for one in self.changes.notifications))

    @property
    def tags(self) -> tuple[str, ...]:
        return self.ticket.tags if self.ticket else ()

    @property
    def related(self) -> tuple[str, ...]:
        """Numbers of the tickets that were there before, and that the new one is related to."""
        new = {ticket.number for ticket in self.changes.more_tickets}
        return tuple(other for _, other, _ in self.changes.related if other not in new)

    @property
    def fields(self) -> Mapping[str, Any]:
        """The entity's fields, by their names in the tables."""
        entity = self.time_entry or self.note or self.ticket
        return plain(entity) if entity is not None and self.entity else {}

    @property
    def shown_sender(self) -> dict[str, Any] | None:
        """As everything that shows a Decision has it."""
        sender = self.sender
        if sender is None:
            return None
        return {
            "kind": sender.kind,
            "id": sender.id,
            "organization": sender.organization,
            "via": sender.via,
            "address": sender.address,
            "authenticated": sender.authenticated,
        }

    def as_dict(self) -> dict[str, Any]:
        """The Decision as `--json` prints it."""
        found: dict[str, Any] = to_builtins(self._shown(), enc_hook=str)
        return found

    def _shown(self) -> dict[str, Any]:
        ticket = plain(self.ticket) if self.ticket else None
        own = ticket if self.entity == "ticket" and ticket is not None else self.fields
        return {
            "message_id": self.message_id,
            "mailbox": self.mailbox,
            "outcome": self.outcome,
            "reason": self.reason,
            "detail": self.detail,
            "entity": self.entity,
            "number": self.number,
            "target": self.target,
            "sender": self.shown_sender,
            "fields": own,
            "ticket": ticket,
            "tags": self.tags,
            "fired": self.fired,
            "not_fired": self.not_fired,
            "not_fired_count": self.not_fired_count,
            "notified": self.notified,
            "waiting": [one.rule for one in self.changes.waiting],
            "trace": self.trace,
        }

    def as_json(self) -> str:
        return json.encode(self._shown(), enc_hook=str).decode()

    def as_kept(self) -> str:
        """The same as `messages.decision` keeps it; `stored.read_kept` reads it. A new ticket stands in it once, as `fields`.

        A private message's subject stands in no trace either (`behaviour.md` 1.3).
        """
        found = self._shown()
        if self.entity == "ticket":
            found["ticket"] = None
        if self.reason == "private":
            found["trace"] = [step for step in self.trace if step.step != "message"]
        return json.encode(found, enc_hook=str).decode()


def ticket_as_kept(ticket: Ticket) -> str:
    """As it stands in a kept Decision: all but its HTML."""
    return json.encode(plain(ticket), enc_hook=str).decode()


def plain(value: Ticket | Note | TimeEntry | Task | Project) -> dict[str, Any]:
    """An entity as JSON takes it: times as ISO 8601 in UTC, HTML and what was removed left out."""
    names, values = _PLAIN[type(value)]
    return write_times(dict(zip(names, values(value), strict=True)))


def _named(kind: type[Struct]) -> tuple[tuple[str, ...], attrgetter[Any]]:
    names = tuple(one.name for one in fields(kind) if one.name not in ("html", "removed"))
    return names, attrgetter(*names)


_PLAIN = {kind: _named(kind) for kind in (Ticket, Note, TimeEntry, Task, Project)}


def write_times(row: dict[str, Any]) -> dict[str, Any]:
    """An entity's fields, with its times as `iso` writes them."""
    for name in TIMES:
        moment = row.get(name)
        if moment is not None:
            row[name] = iso(moment)
    return row


# One message's rows have the same few moments again and again.
@lru_cache(maxsize=64)
def iso(moment: datetime) -> str:
    """UTC, ISO 8601, to the second, as all tables keep it."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return f"{moment.isoformat(timespec='seconds')[:19]}Z"
