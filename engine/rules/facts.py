"""What a rule can look at, and the value of each field: one place that knows both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from engine.addresses import in_letters
from engine.config.languages import wider
from engine.config.people import Contact
from engine.dsl.tree import Operand
from engine.dsl.vocabulary import COLLECTIONS, FIELDS, WEEKDAYS, resolve
from engine.entities import Note, Project, Sender, Task, Ticket, TimeEntry

if TYPE_CHECKING:
    from engine.config.model import Config
    from engine.mail.links import Link
    from engine.mail.message import Address, Message

Values = tuple[Any, ...]


class Facts(Struct, frozen=True):
    """One event as its rules see it. What the event does not have is None. `before`: the ticket before the message, or as it was opened."""

    config: Config
    mailbox: str
    received_at: datetime
    now: datetime
    message: Message | None = None
    sender: Sender | None = None
    organization: str | None = None
    ticket: Ticket | None = None
    note: Note | None = None
    time_entry: TimeEntry | None = None
    task: Task | None = None
    project: Project | None = None
    before: Ticket | None = None
    reply: bool = False
    released: bool = False
    extracted: Mapping[str, str] | None = None

    @property
    def number(self) -> str | None:
        """The number of the ticket, task or project that the event is about."""
        entity = self.ticket or self.task or self.project
        return entity.number if entity is not None else None

    @property
    def subject_organization(self) -> str | None:
        """The organization that `organization.…` means: the ticket's where there is one, else the sender's."""
        if self.ticket is not None:
            return self.ticket.organization
        return self.organization or (self.sender.organization if self.sender else None)


def _local(facts: Facts) -> datetime:
    return facts.received_at.astimezone(facts.config.settings.timezone)


def _organization(attribute: str) -> Callable[[Facts], Any]:
    def read(facts: Facts) -> Any:
        found = facts.config.directory.organizations.get(facts.subject_organization or "")
        return getattr(found, attribute) if found else None

    return read


def contact_of(facts: Facts) -> Contact | None:
    """Who `contact.…` means, in rules and in templates."""
    identity = _contact_id(facts)
    found = facts.config.directory.contacts.get(identity or "")
    if found is not None or identity is None:
        return found
    # One whom mail brought is in no directory: he is known by what he says where he writes, else by his id, which is his address.
    sender = facts.sender
    if sender is not None and sender.kind == "contact" and sender.id == identity:
        first, _, last = sender.name.partition(" ")
        return Contact(identity, "", first, last, (sender.address,), True)
    return Contact(identity, "", "", "", (identity,), True) if "@" in identity else None


def _contact(attribute: Literal["name", "address"]) -> Callable[[Facts], Any]:
    def read(facts: Facts) -> Any:
        found = contact_of(facts)
        if found is None:
            return None
        return found.emails[0] if attribute == "address" else found.name

    return read


def _contact_id(facts: Facts) -> str | None:
    if facts.ticket is not None:
        return facts.ticket.contact
    return facts.sender.id if facts.sender and facts.sender.kind == "contact" else None


def _of(part: str, attribute: str) -> Callable[[Facts], Any]:
    def read(facts: Facts) -> Any:
        whole = getattr(facts, part)
        return getattr(whole, attribute) if whole is not None else None

    return read


def _in_both_forms(read: Callable[[Facts], Any]) -> Callable[[Facts], Any]:
    def in_both(facts: Facts) -> Any:
        value = read(facts)
        return _all_forms((value,)) if value else None

    return in_both


def _all_forms(addresses: Iterable[str]) -> tuple[str, ...]:
    """As DNS has a domain, and as people write it: rules may ask for either."""
    return tuple(dict.fromkeys(form for address in addresses for form in (address, in_letters(address))))


def _reopened(facts: Facts) -> bool:
    was, now = facts.before, facts.ticket
    return bool(was and now and facts.config.is_complete(was.status) and not facts.config.is_complete(now.status))


def _quiet(facts: Facts) -> timedelta | None:
    """Since the ticket's last change, note or time entry; on its events, since the one before."""
    ticket = facts.before or facts.ticket
    return facts.now - ticket.updated_at if ticket is not None else None


def _links(facts: Facts) -> tuple[Link, ...]:
    return facts.message.links if facts.message else ()


def _in_business_hours(facts: Facts) -> bool:
    hours = facts.config.settings.business_hours
    return hours is not None and hours.covers(facts.received_at)


def _recipients(facts: Facts) -> tuple[Address, ...]:
    return facts.message.recipients if facts.message else ()


_READERS: dict[str, Callable[[Facts], Any]] = {name: _of(*name.split(".", 1)) for name in FIELDS if "." in name} | {
    "message.body": _of("message", "text"),
    "message.id": _of("message", "message_id"),
    "message.automatic": lambda facts: facts.message.automatic.kind if facts.message and facts.message.automatic else None,
    "message.forwarded": lambda facts: bool(facts.message and facts.message.forwarded),
    "message.reply": lambda facts: facts.reply,
    "message.received": lambda facts: facts.received_at,
    "message.time": lambda facts: _local(facts).time(),
    "message.business_hours": _in_business_hours,
    "message.weekday": lambda facts: WEEKDAYS[_local(facts).weekday()],
    "mailbox": lambda facts: facts.mailbox,
    "sender.address": _in_both_forms(_of("sender", "address")),
    "sender.domain": _in_both_forms(_of("sender", "domain")),
    "sender.known": lambda facts: bool(facts.sender and facts.sender.kind != "unknown"),
    "organization.id": lambda facts: facts.subject_organization,
    "organization.name": _organization("name"),
    "organization.classification": _organization("classification"),
    "organization.language": lambda facts: wider(facts.config.directory.language_of(facts.subject_organization)) or None,
    "organization.parent": _organization("parent"),
    "organization.resource": lambda facts: facts.config.directory.resource_of(facts.subject_organization),
    "contact.id": _contact_id,
    "contact.name": _contact("name"),
    "contact.address": _in_both_forms(_contact("address")),
    "ticket.complete": lambda facts: bool(facts.ticket and facts.config.is_complete(facts.ticket.status)),
    "ticket.reopened": _reopened,
    "ticket.age": lambda facts: facts.now - facts.ticket.created_at if facts.ticket else None,
    "ticket.quiet": _quiet,
    "ticket": lambda facts: facts.ticket.tags if facts.ticket else (),
}


def reader(operand: Operand, groups: tuple[str, ...], extracted: frozenset[str]) -> Callable[[Facts], Values]:
    """A function from facts to the operand's values: none where it is empty, several for a header or a collection."""
    if operand.kind == "header":
        return lambda facts: tuple(facts.message.headers.get_all(operand.name)) if facts.message else ()
    if operand.kind == "any":
        return _COLLECTION_READERS[operand.name]
    if operand.kind == "changed":
        return _has_changed(operand, groups)
    field = resolve(operand.name, groups, extracted)
    assert field is not None, operand  # check_rules has seen to it
    read = _READERS.get(field.name)
    if read is None:
        name = field.name
        return lambda facts: _values((facts.extracted or {}).get(name))
    return lambda facts: _values(read(facts))


def _has_changed(operand: Operand, groups: tuple[str, ...]) -> Callable[[Facts], Values]:
    field = resolve(operand.name, groups)
    assert field is not None, operand  # check_rules has seen to it
    name = field.name.partition(".")[2]

    def read(facts: Facts) -> Values:
        before, ticket = facts.before, facts.ticket
        return (before is not None and ticket is not None and getattr(before, name) != getattr(ticket, name),)

    return read


def is_of_message(operand: Operand, groups: tuple[str, ...], extracted: frozenset[str]) -> bool:
    """Whether the operand's value is the same as long as the message is, whatever rules do."""
    if operand.kind != "field":
        return operand.kind != "changed"
    field = resolve(operand.name, groups, extracted)
    return field is not None and field.name.startswith("message.") and field.name != "message.reply"


def _values(value: Any) -> Values:
    if isinstance(value, tuple):
        return value
    return () if value is None or value == "" else (value,)


_COLLECTION_READERS: dict[str, Callable[[Facts], Values]] = {
    "attachment.name": lambda facts: tuple(part.name for part in facts.message.attachments) if facts.message else (),
    "attachment.type": lambda facts: tuple(part.content_type for part in facts.message.attachments) if facts.message else (),
    "attachment.size": lambda facts: tuple(part.size for part in facts.message.attachments) if facts.message else (),
    "link.address": lambda facts: tuple(one.address for one in _links(facts)),
    "link.domain": lambda facts: _all_forms(one.domain for one in _links(facts)),
    "recipient.address": lambda facts: _all_forms(one.address for one in _recipients(facts)),
    "recipient.domain": lambda facts: _all_forms(one.domain for one in _recipients(facts)),
}
assert set(_COLLECTION_READERS) == set(COLLECTIONS)
