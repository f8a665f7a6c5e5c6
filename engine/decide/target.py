"""Which ticket, task or project a message belongs to: a number in its subject, or its thread (`behaviour.md` 3.1, 3.2)."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from engine.config.numbers import in_any_case
from engine.decide.attribute import brought_by_mail
from engine.decide.setup import Setup
from engine.entities import Sender, Target, Ticket
from engine.mail.message import Message
from engine.state.view import State

MOST_NUMBERS = 20


class Named(Struct, frozen=True):
    """An entity that exists and that the message names. `via`: where it does."""

    entity: Target
    via: Literal["number", "in_reply_to", "references", "bounce", "token"]
    found: str


class Resolved(Struct, frozen=True):
    """`entity` is what the message may be added to; `refused` is what it names and its sender may not write to."""

    entity: Target | None
    refused: Named | None
    because: str


def named_in_subject(subject: str, setup: Setup, state: State) -> Named | None:
    """The first number in the subject that exists. Brackets, `#`, `Re:` and case around it do not matter."""
    for found in list(setup.numbers.finditer(subject[:2_000]))[:MOST_NUMBERS]:
        entity = numbered(found[0], setup, state)
        if entity is not None:
            return Named(entity, "number", f"the subject carries {entity.number}")
    return None


def numbered(number: str, setup: Setup, state: State) -> Target | None:
    """The entity of this number, in whatever case somebody wrote it."""
    found = map(state.target, in_any_case(number, setup.config.settings.all_numbers))
    return next((entity for entity in found if entity is not None), None)


def named_by_thread(message: Message, state: State) -> Named | None:
    """What the mail that this one answers belongs to: In-Reply-To, then References from the last to the first."""
    ways: list[tuple[Literal["in_reply_to", "references"], str]] = [("in_reply_to", one) for one in message.in_reply_to]
    ways += [("references", one) for one in reversed(message.references)]
    for via, message_id in dict.fromkeys(ways):
        number = state.number_of_thread(message_id)
        entity = state.target(number) if number else None
        if entity is not None:
            header = "In-Reply-To" if via == "in_reply_to" else "References"
            return Named(entity, via, f"{header} names a message of {entity.number}")
    return None


def named_by_report(message: Message, state: State) -> Named | None:
    """What the notification was about that a bounce returns: the original Message-ID inside it."""
    if message.automatic is None:
        return None
    for message_id in message.automatic.about:
        sent = state.notification(message_id)
        entity = state.target(sent.number) if sent and sent.number else None
        if entity is not None:
            return Named(entity, "bounce", f"it returns a notification about {entity.number}")
    return None


def resolve(named: Named | None, sender: Sender, setup: Setup) -> Resolved:
    """Whether the sender may write to what the message names (`behaviour.md` 3.1)."""
    if named is None:
        return Resolved(None, None, "no number in the subject that exists, and no thread that is known")
    organization = named.entity.organization
    if sender.kind == "resource":
        return Resolved(named.entity, None, f"{named.found}; a resource may write to it")
    if sender.kind == "unknown":
        return Resolved(named.entity, None, f"{named.found}; kept as an unknown sender's, for resources only")
    if sender.organization == organization:
        return Resolved(named.entity, None, f"{named.found}, of the sender's organization")
    owner = setup.config.directory.organizations.get(organization or "")
    if owner is not None and owner.parent == sender.organization:
        return Resolved(named.entity, None, f"{named.found}, of an organization that belongs to the sender's")
    if isinstance(named.entity, Ticket) and named.entity.sender == sender.address:
        # Somebody became a customer after his first mail, or moved to another one.
        return Resolved(named.entity, None, f"{named.found}, which the sender's own mail opened")
    return Resolved(None, named, f"{named.found}, of another organization: its contacts may not write to it")


def is_of(sender: Sender, organization: str | None, setup: Setup) -> bool:
    """Whether an unknown sender belongs to the organization by more than a number that he named."""
    if sender.via in ("rule", "token"):
        return sender.organization == organization
    return not setup.book.is_public(sender.domain) and organization in setup.book.owners(sender.domain)


def resolve_contact_id(address: str, organization: str | None, setup: Setup, state: State) -> str | None:
    """The id of the contact of this organization who has this address, if there is one."""
    for _, contact in sorted(setup.book.contacts(address), key=lambda pair: pair[0]):
        if contact.organization == organization:
            return contact.id
    return next((one.id for _, one in brought_by_mail(address, setup, state) if one.organization == organization), None)
