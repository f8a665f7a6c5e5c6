"""Every event, field, collection and settable field of the rule language, with types. docs/rule-language.md shows it.

A name is written with spaces, underscores or dots alike (`issue type`, `issue_type`); here it stands with underscores.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

FieldType = Literal["text", "word", "flag", "number", "size", "day", "clock", "duration", "tags"]


class Field(Struct, frozen=True):
    """`picklist` names where the values of a `word` come from; `words` lists them where they are fixed."""

    name: str
    type: FieldType
    about: str
    picklist: str | None = None
    words: tuple[str, ...] = ()

    @property
    def group(self) -> str:
        return self.name.partition(".")[0]


AUTOMATIC_KINDS = ("bounce", "auto_reply", "feedback_report", "mailing_list", "auto_generated")
# RFC 5546 1.4
CALENDAR_METHODS = ("request", "reply", "cancel", "counter", "declinecounter", "publish", "refresh", "add")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_FIELDS = (
    Field("message.subject", "text", "the subject; also `subject`"),
    Field("message.body", "text", "the text of the message, with quotations; also `body`"),
    Field("message.size", "size", "the size of the whole message"),
    Field("message.received", "day", "when it was received, in the installation's time zone"),
    Field("message.time", "clock", "the time of day of the receipt"),
    Field("message.weekday", "word", "the day of the week of the receipt", words=WEEKDAYS),
    Field("message.business_hours", "flag", "it was received within `business_hours` of settings.yaml, on no holiday"),
    Field("message.automatic", "word", "the kind of automatic mail; empty for mail from people", words=AUTOMATIC_KINDS),
    Field("message.forwarded", "flag", "the message forwards another one"),
    Field("message.reply", "flag", "the message belongs to a ticket, task or project that exists"),
    Field("message.encrypted", "flag", "the message, or a part of it, is encrypted and cannot be read here"),
    Field(
        "message.calendar",
        "word",
        "what a calendar asks or says with it: a meeting's request, the reply to one",
        words=CALENDAR_METHODS,
    ),
    Field("message.importance", "word", "what the sender says of it", words=("high", "normal", "low")),
    Field("message.id", "text", "the Message-ID"),
    Field("mailbox", "word", "the id of the mailbox", picklist="mailboxes"),
    Field("sender.address", "text", "the address in From"),
    Field("sender.domain", "text", "the domain of that address"),
    Field("sender.name", "text", "the display name in From"),
    Field("sender.kind", "word", "who the sender is", words=("resource", "contact", "unknown")),
    Field("sender.id", "text", "the id of the resource or contact"),
    Field("sender.known", "flag", "the sender is a resource or a contact"),
    Field("sender.authenticated", "flag", "a trusted server says that the message really comes from the sender's domain"),
    Field("organization.id", "word", "the organization; also `organization`", picklist="organizations"),
    Field("organization.name", "text", "its name"),
    Field("organization.classification", "text", "its classification in the directory"),
    Field(
        "organization.language",
        "text",
        "what its people read, or those of the nearest one above it that says so; `pt` of `pt-BR` too",
    ),
    Field("organization.parent", "word", "the organization that it belongs to", picklist="organizations"),
    Field("organization.resource", "word", "its own resource, or that of the nearest one above it", picklist="resources"),
    Field("contact.id", "text", "the contact; also `contact`"),
    Field("contact.name", "text", "first and last name"),
    Field("contact.address", "text", "the primary address"),
    Field("ticket.number", "text", "the number"),
    Field("ticket.title", "text", "the title"),
    Field("ticket.description", "text", "the description"),
    Field("ticket.queue", "word", "the queue", picklist="queues"),
    Field("ticket.status", "word", "the status", picklist="statuses"),
    Field("ticket.complete", "flag", "the status is a complete one"),
    Field("ticket.reopened", "flag", "it was complete before this message, and is so no more"),
    Field("ticket.priority", "word", "the priority", picklist="priorities"),
    Field("ticket.source", "word", "where it came from", picklist="sources"),
    Field("ticket.issue_type", "word", "the issue type", picklist="issue_types"),
    Field("ticket.sub_issue_type", "word", "the sub-issue type", picklist="sub_issue_types"),
    Field("ticket.assigned", "word", "the id of the resource that it is assigned to", picklist="resources"),
    Field("ticket.approval", "word", "the approval", picklist="approvals"),
    Field("ticket.occurrences", "number", "how often it was reported"),
    Field("ticket.due_at", "day", "when it is due; also `due`"),
    Field("ticket.created_at", "day", "when it was opened"),
    Field("ticket.age", "duration", "how long ago it was opened"),
    Field("ticket.quiet", "duration", "how long nothing had happened on it, before what happens now"),
    Field("ticket", "tags", 'the ticket\'s tags: `ticket has tag "VPN"`'),
    Field("note.author", "word", "who wrote the note", words=("resource", "contact", "unknown")),
    Field("note.publish", "word", "who sees it", words=("all", "internal")),
    Field("note.type", "word", "the note type", picklist="note_types"),
    Field("note.description", "text", "the note's text, without quotation and signature"),
    Field("time_entry.hours", "number", "the hours booked"),
    Field("time_entry.role", "word", "the role", picklist="roles"),
    Field("time_entry.work_type", "word", "the kind of work", picklist="work_types"),
    Field("time_entry.resource", "word", "the id of the resource that booked", picklist="resources"),
    Field("time_entry.summary", "text", "the text of the time entry"),
    Field("task.number", "text", "the number"),
    Field("task.title", "text", "the title"),
    Field("task.status", "word", "the status", picklist="statuses"),
    Field("task.project", "text", "the number of its project"),
    Field("project.number", "text", "the number"),
    Field("project.name", "text", "the name"),
)
FIELDS = {field.name: field for field in _FIELDS}

# `any attachment.name ...`: the condition holds for at least one member.
COLLECTIONS = {
    field.name: field
    for field in (
        Field("attachment.name", "text", "the file's name"),
        Field("attachment.type", "text", "its content type, such as application/pdf"),
        Field("attachment.size", "size", "its size"),
        Field("link.address", "text", "where a link leads, in HTML or in the text"),
        Field("link.domain", "text", "the domain of such an address; also of one within it, as Exchange's Safe Links have it"),
        Field("recipient.address", "text", "an address in To or Cc"),
        Field("recipient.domain", "text", "the domain of such an address"),
    )
}

_SHORT = {
    "subject": "message.subject",
    "body": "message.body",
    "organization": "organization.id",
    "contact": "contact.id",
    "due": "ticket.due_at",
    "ticket.due": "ticket.due_at",
}

_SPOKEN = {name.replace(".", "_"): name for name in (*FIELDS, *COLLECTIONS)}
# Whose fields need not be named where the event has it: `status` is the task's on a task's event.
_ENTITIES = ("ticket", "task", "project")

_MAIL = ("message", "mailbox", "sender", "organization", "contact")


class EventInfo(Struct, frozen=True):
    """What a rule on this event can look at (`groups`) and change (`settable`)."""

    name: str
    groups: tuple[str, ...]
    settable: tuple[str, ...]
    about: str
    may_end: bool = False
    waits: bool = False


_TICKET = tuple(
    f"ticket.{name}"
    for name in [
        "title",
        "description",
        "organization",
        "contact",
        "queue",
        "status",
        "priority",
        "source",
        "issue_type",
        "sub_issue_type",
        "assigned",
        "approval",
        "due_at",
    ]
)
_NOTE = ("note.type", "note.publish")
_TIME = ("time_entry.role", "time_entry.work_type")

EVENTS = {
    event.name: event
    for event in (
        EventInfo(
            "message",
            (*_MAIL, "ticket"),
            (),
            "a message, once its sender and the entity it belongs to are known; `ticket.…` is the ticket that it replies to",
            may_end=True,
        ),
        EventInfo("ticket created", (*_MAIL, "ticket"), _TICKET, "a new ticket", waits=True),
        EventInfo("ticket note created", (*_MAIL, "ticket", "note"), (*_TICKET, *_NOTE), "a note on a ticket", waits=True),
        EventInfo(
            "ticket time entry created",
            (*_MAIL, "ticket", "time_entry"),
            (*_TICKET, *_TIME),
            "a time entry on a ticket",
            waits=True,
        ),
        EventInfo("project note created", (*_MAIL, "project", "note"), _NOTE, "a note on a project"),
        EventInfo("task note created", (*_MAIL, "task", "note"), (*_NOTE, "task.status"), "a note on a task"),
        EventInfo("task time entry created", (*_MAIL, "task", "time_entry"), (*_TIME, "task.status"), "a time entry on a task"),
        EventInfo("ticket updated", (*_MAIL, "ticket"), _TICKET, "a ticket that this message or a rule changed", waits=True),
    )
}
# A rule that waits sees the ticket as it then is; the message is long gone.
WAITING_GROUPS = ("mailbox", "organization", "contact", "ticket")


def spelt(name: str) -> str:
    """A name with its dot, which may be written as a space or an underscore: `sender.address` for `sender_address`."""
    return _SPOKEN.get(name, name)


def resolve(name: str, groups: tuple[str, ...], extracted: frozenset[str] = frozenset()) -> Field | None:
    """The field that a name means where these groups are on offer, or None."""
    full = _SHORT.get(name, name)
    field = FIELDS.get(full) or FIELDS.get(f"{_entity(groups)}.{name}")
    if field is not None and field.group in groups:
        return field
    if field is None and name in extracted and "message" in groups:
        return Field(name, "text", "a field that a mailbox extracts")
    return None


def _entity(groups: tuple[str, ...]) -> str:
    return next((entity for entity in _ENTITIES if entity in groups), "")


CHANGE_SEEN = ("ticket note created", "ticket time entry created", "ticket updated")


def changeable(field: str) -> bool:
    """Whether a rule can ask of a field, by its full name, whether it `changed`."""
    return field in FIELDS and field in _TICKET


def settable(name: str, event: EventInfo) -> str | None:
    """The full name of a field that rules on this event may set, or None."""
    for full in (_SHORT.get(name, name), f"ticket.{name}", f"note.{name}", f"time_entry.{name}", f"task.{name}"):
        if full.endswith(".id") and f"ticket.{name}" in event.settable:
            return f"ticket.{name}"
        if full in event.settable:
            return full
    return None


def offered(groups: tuple[str, ...], extracted: frozenset[str] = frozenset()) -> list[str]:
    """Every name that can be written, for a `did you mean`."""
    names = [name for name, field in FIELDS.items() if field.group in groups]
    short = [name for name, full in _SHORT.items() if FIELDS[full].group in groups]
    bare = [name.partition(".")[2] for name in names if name.startswith(f"{_entity(groups)}.")]
    return [
        name.replace("_", " ") if "." not in name else name
        for name in [*names, *short, *bare, *(extracted if "message" in groups else ())]
    ]
