"""Who is notified: recipients to addresses, and the rules about whom we never write to (`behaviour.md` 1.4 and 8)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from engine.addresses import comparable, tagged_forms
from engine.config.mailbox import Notice
from engine.config.variables import INTERNAL_WHERE_INTERNAL, OF_WHAT_EXISTS
from engine.decide.decision import Notification, Wording
from engine.decide.language import language_of
from engine.decide.setup import Setup
from engine.decide.target import is_of
from engine.dsl.tree import Recipient
from engine.mail.automatic_words import NOBODYS
from engine.mail.message import Message
from engine.rules.facts import Facts

MOST_REFERENCES = 10
# What may stand in a header of ours, and after RCPT TO: one plain address, one Message-ID.
_ADDRESS = re.compile(r"[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]{1,64}@[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]{1,255}")
_MESSAGE_ID = re.compile(r"[!-;=?-~]{1,250}")


def addresses_of(recipient: Recipient, facts: Facts, setup: Setup) -> list[str]:
    """The addresses that a recipient means; none where there is no such person."""
    directory, ticket = setup.config.directory, facts.ticket
    match recipient.kind:
        case "address":
            return [comparable(recipient.name)]
        case "sender":
            return [facts.sender.address] if facts.sender and facts.sender.address else []
        case "resource":
            return _resource(recipient.name, setup)
        case "assigned resource":
            return _resource(ticket.assigned if ticket else None, setup)
        case "organization resource":
            return _resource(directory.resource_of(facts.subject_organization), setup)
        case "contact":
            identity = (
                ticket.contact if ticket else (facts.sender.id if facts.sender and facts.sender.kind == "contact" else None)
            )
            return _contacts([identity] if identity else [], setup)
        case "additional contacts":
            return _contacts(ticket.additional_contacts if ticket else (), setup)


def _resource(identity: str | None, setup: Setup) -> list[str]:
    resource = setup.config.directory.resources.get(identity or "")
    return [resource.email] if resource and resource.active else []


def _contacts(identities: Iterable[str], setup: Setup) -> list[str]:
    found = []
    for identity in identities:
        contact = setup.config.directory.contacts.get(identity)
        if contact is not None:
            found += [contact.emails[0]] if contact.active and contact.emails[0] else []
        elif "@" in identity:
            found.append(identity)  # a contact that mail brought: his id is his address
    return found


def notify(
    recipients: Iterable[Recipient], event: str, template: str, facts: Facts, setup: Setup, reason: str = ""
) -> list[Notification]:
    """One notification an address. The words of an internal note or time entry go to our own people only, and a stranger who
    writes to a number that he guessed is told nothing of what he found."""
    secret = _tells_internal(template, facts, setup)
    foreign = _uses(template, _not_the_senders(facts, setup), setup)
    ours = {resource.email for resource in setup.config.directory.resources.values()} if secret else set()
    return [
        Notification(event, address, template, facts.number, reason)
        for recipient in recipients
        if not (foreign and recipient.kind == "sender")
        for address in addresses_of(recipient, facts, setup)
        # An address that the configuration names is the administrator's choice.
        if not secret or recipient.kind == "address" or address in ours
    ]


def _tells_internal(template: str, facts: Facts, setup: Setup) -> bool:
    entry = facts.time_entry or facts.note
    return entry is not None and entry.publish == "internal" and _uses(template, INTERNAL_WHERE_INTERNAL, setup)


def _not_the_senders(facts: Facts, setup: Setup) -> frozenset[str]:
    """What an unknown sender is not told of, for it is not his: neither his organization's by his address, nor what his own mail opened."""
    sender, entity = facts.sender, facts.ticket or facts.task or facts.project
    if sender is None or sender.kind != "unknown" or entity is None:
        return frozenset()
    if is_of(sender, entity.organization, setup):
        return frozenset()
    if facts.ticket is None or facts.ticket.sender != sender.address:
        return OF_WHAT_EXISTS
    # His own ticket may stand with the organization of the number that he guessed, where the mailbox makes tickets only.
    whose = sender.via == "number" and entity.organization != setup.config.settings.unattributed
    return frozenset({"organization"}) if whose else frozenset()


def _uses(template: str, names: frozenset[str], setup: Setup) -> bool:
    """Whether one of these variables, or of these groups of them, stands in the template."""
    found = setup.config.templates.get(template) if names else None
    return found is not None and any(not names.isdisjoint((str(one), one.group)) for one in found.all_variables)


def of_notice(notice: Notice | None, event: str, facts: Facts, setup: Setup, reason: str = "") -> list[Notification]:
    """What a mailbox sends by itself."""
    if notice is None:
        return []
    return notify(notice.recipients, event, notice.template, facts, setup, reason)


def permitted(
    notifications: Iterable[Notification], message: Message | None, setup: Setup, answering: Mapping[str, str]
) -> tuple[tuple[Notification, ...], list[str]]:
    """Those that may be sent, one an address and event, and what was left out, in words.

    `answering`: addresses that return what is sent there, or answer it by themselves, and how that is known: whatever is sent to them
    because of automatic mail comes back for ever.

    A rule's notification comes before the mailbox's own about the same event, so the caller puts them in that order.
    `message` is None for a rule that waited: no message is behind it any more.
    """
    sender = message.sender.address if message else None
    silent = _addresses_of(message.sender.address, setup) if message and _is_unanswerable(message) else frozenset()
    kept: dict[tuple[str, str], Notification] = {}
    left_out: list[str] = []
    for one in notifications:
        if one.recipient in setup.own_addresses:
            left_out.append(f"none to {one.recipient}: it is our own")
        elif not _ADDRESS.fullmatch(one.recipient):
            left_out.append("none to an address that is none")
        elif one.recipient in silent:
            left_out.append(f"none to {one.recipient}: automatic mail is never answered")
        elif one.recipient in answering:
            left_out.append(f"none to {one.recipient}: {answering[one.recipient]}")
        elif NOBODYS.match(one.recipient.partition("@")[0]):
            left_out.append(f"none to {one.recipient}: nobody reads what is sent there")
        elif (one.recipient, one.event) in kept:
            if kept[one.recipient, one.event].template != one.template:
                left_out.append(f"{one.template} to {one.recipient}: one message an address and event")
        else:
            kept[one.recipient, one.event] = _threaded(one, message) if message and one.recipient == sender else one
    return tuple(kept.values()), list(dict.fromkeys(left_out))


def _is_unanswerable(message: Message) -> bool:
    return message.automatic is not None or "X-Auto-Response-Suppress" in message.headers


def _addresses_of(address: str, setup: Setup) -> frozenset[str]:
    """All of whoever has this one: who lets one of his mailboxes answer by itself, or pass on what comes, does so with another."""
    forms = tagged_forms(address)
    for form in forms:
        resource = setup.book.resources.get(form)
        if resource is not None:
            return frozenset((*forms, resource.email, *resource.aliases))
        nearest = setup.book.nearest(form)
        if nearest is not None and len(nearest.contacts) == 1:
            return frozenset((*forms, *nearest.contacts[0].emails))
    return frozenset(forms)


def _threaded(one: Notification, message: Message) -> Notification:
    """An answer to the sender stands below the sender's mail in any mail program (RFC 5322 3.6.4)."""
    references = tuple(dict.fromkeys([*message.references[-MOST_REFERENCES:], message.message_id]))
    safe = tuple(reference for reference in references if _MESSAGE_ID.fullmatch(reference))
    in_reply_to = message.message_id if message.message_id in safe else ""
    return replace(one, to_sender=True, in_reply_to=in_reply_to, references=safe if in_reply_to else ())


def worded(notifications: Iterable[Notification], facts: Facts, setup: Setup) -> tuple[Notification, ...]:
    """With their words, as everything stands at the end, each in the language of who gets it."""

    def word(one: Notification) -> Wording:
        return setup.templates.word(one.template, facts, one.reason, lambda: language_of(one.recipient, facts, setup))

    return tuple(replace(one, wording=word(one)) for one in notifications)
