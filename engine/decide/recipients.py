"""Who is notified: recipients to addresses, and the rules about whom we never write to (`behaviour.md` 1.4 and 8)."""

from __future__ import annotations

from collections.abc import Iterable

from engine.config.model import Notice
from engine.decide.decision import Notification
from engine.decide.setup import Setup
from engine.dsl.tree import Recipient
from engine.errors import Position
from engine.mail.message import Message
from engine.rules.facts import Facts


def parse_recipient(text: str, position: Position) -> Recipient:
    """A recipient as a mailbox file writes it."""
    if text in ("sender", "contact", "additional contacts", "assigned resource"):
        return Recipient(text, "", position)  # type: ignore[arg-type]
    if text.startswith("resource "):
        return Recipient("resource", text.removeprefix("resource ").strip(), position)
    return Recipient("address", text, position)


def addresses_of(recipient: Recipient, facts: Facts, setup: Setup) -> list[str]:
    """The addresses that a recipient means; none where there is no such person."""
    directory, ticket = setup.config.directory, facts.ticket
    match recipient.kind:
        case "address":
            return [recipient.name.lower()]
        case "sender":
            return [facts.sender.address] if facts.sender and facts.sender.address else []
        case "resource" | "assigned resource":
            identity = recipient.name if recipient.kind == "resource" else (ticket.assigned if ticket else None)
            resource = directory.resources.get(identity or "")
            return [resource.email] if resource and resource.active else []
        case "contact":
            identity = (
                ticket.contact if ticket else (facts.sender.id if facts.sender and facts.sender.kind == "contact" else None)
            )
            return _contacts([identity] if identity else [], setup)
        case "additional contacts":
            return _contacts(ticket.additional_contacts if ticket else (), setup)


def _contacts(identities: Iterable[str], setup: Setup) -> list[str]:
    found = []
    for identity in identities:
        contact = setup.config.directory.contacts.get(identity)
        if contact is not None:
            found += [contact.emails[0]] if contact.active and contact.emails[0] else []
        elif "@" in identity:
            found.append(identity)  # a contact that mail brought: his id is his address
    return found


def of_notice(notice: Notice | None, event: str, facts: Facts, setup: Setup, reason: str = "") -> list[Notification]:
    """What a mailbox sends by itself."""
    if notice is None:
        return []
    return [
        Notification(event, address, notice.template, facts.number, reason)
        for text in notice.to
        for address in addresses_of(parse_recipient(text, notice.position), facts, setup)
    ]


def permitted(
    notifications: Iterable[Notification], message: Message | None, setup: Setup
) -> tuple[tuple[Notification, ...], list[str]]:
    """Those that may be sent, one an address and event, and what was left out, in words.

    A rule's notification comes before the mailbox's own about the same event, so the caller puts them in that order.
    `message` is None for a rule that waited: no message is behind it any more.
    """
    sender = message.sender.address if message else None
    answerable = message is None or (message.automatic is None and "X-Auto-Response-Suppress" not in message.headers)
    kept: dict[tuple[str, str], Notification] = {}
    left_out: list[str] = []
    for one in notifications:
        if one.recipient in setup.own_addresses:
            left_out.append(f"none to {one.recipient}: it is our own")
        elif one.recipient == sender and not answerable:
            left_out.append(f"none to {one.recipient}: automatic mail is never answered")
        elif (one.recipient, one.event) in kept:
            if kept[one.recipient, one.event].template != one.template:
                left_out.append(f"{one.template} to {one.recipient}: one message an address and event")
        else:
            to_sender = one.recipient == sender
            kept[one.recipient, one.event] = Notification(
                one.event, one.recipient, one.template, one.number, one.reason, to_sender
            )
    return tuple(kept.values()), list(dict.fromkeys(left_out))
