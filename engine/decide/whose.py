"""Who a message is from and what it belongs to: by its sender, or as a rule says (`attribute to ...`)."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from engine.decide.attribute import attribute
from engine.decide.decision import Ending
from engine.decide.target import Resolved, resolve
from engine.decide.token import attribute_by_token
from engine.decide.work import Work
from engine.dsl.tree import Attribute, Operand
from engine.dsl.vocabulary import EVENTS
from engine.entities import NewContact, Sender
from engine.mail.headers import addresses, first_address
from engine.mail.message import Address
from engine.phones import phones_in
from engine.rules.facts import Facts, reader
from engine.text import collapse

_MOST_VALUES = 32
_LONGEST_VALUE = 1_000


class Found(Struct, frozen=True):
    """Who the message is from and what it belongs to."""

    sender: Sender
    contact: NewContact | None
    resolved: Resolved
    remarks: tuple[str, ...] = ()


def find_sender_and_target(work: Work, address: Address, authenticated: bool) -> Found | Ending:
    """Whose message it is by this address, and what it belongs to then; refused where it is nobody's."""
    sender, contact, remarks = _sender(work, address, authenticated)
    work.step("sender", f"{_shown(sender)}: {sender.because}", sender.where)
    if sender.organization is None:
        where = str(work.setup.config.settings.where("organizations.unattributed"))
        work.sender = sender
        return Ending("refused", "unattributed", sender.because, where=where)
    found = Found(sender, contact, resolve(work.named, sender, work.setup), remarks)
    work.step("target", found.resolved.because)
    return found


def _sender(work: Work, address: Address, authenticated: bool) -> tuple[Sender, NewContact | None, tuple[str, ...]]:
    if work.token is not None:
        by_token = attribute_by_token(work.token, address, work.setup, work.state, authenticated)
        return by_token.sender, by_token.contact, by_token.remark
    named = work.named_in_subject
    named_organization = named.entity.organization if named else None
    # Automatic mail makes no contacts: a robot is nobody's colleague.
    may_create = work.message.automatic is None
    sender, contact = attribute(
        address,
        work.mailbox,
        named_organization,
        work.setup,
        work.state,
        authenticated=authenticated,
        may_create=may_create,
    )
    return sender, contact, ()


def _shown(sender: Sender) -> str:
    who = f"the {sender.kind} {sender.id}" if sender.id else "unknown"
    return f"{who}, of {sender.organization}" if sender.organization else who


def reattributed(work: Work, action: Attribute, before: Found, facts: Facts) -> tuple[Found, str]:
    """`attribute to ...`: another sender, and with him the target is found again; in words too.

    Where nobody is found all stays as it was, and the words say why.
    """
    if action.to == "forwarded sender":
        forwarded = work.message.forwarded
        if forwarded is None:
            return before, "attribute to forwarded sender: the message forwards none"
        # Whoever forwards vouches for the original sender, but nobody has authenticated him.
        return _by_address(work, forwarded.sender, before, "forwarded sender", forwarded.evidence)
    if action.place is not None:
        values = _read(action.place, facts, work)
        place = f'header "{action.place.name}"' if action.place.kind == "header" else action.place.shown
        if not values:
            return before, f"attribute to {action.to} in {place}: it is empty"
        if action.to == "sender":
            found = _address(values, action.place, work)
            if found is None:
                return before, f"attribute to sender in {place}: '{values[0][:100]}' is no address"
            return _by_address(work, found, before, f"sender in {place}")
        by = _by_phone if action.to == "caller" else _by_name
        return by(work, values, before, action, place)
    assert action.name is not None
    return _given(work, action.to, action.name.text, before, str(action.position))


def _by_address(work: Work, address: Address, before: Found, whose: str, evidence: str = "") -> tuple[Found, str]:
    """`evidence`: how the address was found, where that does not stand in the rule."""
    if address.address in work.setup.own_addresses:
        return before, f"attribute to {whose}: {address.address} is our own"
    again = find_sender_and_target(work, address, False)
    if isinstance(again, Ending):
        return before, f"attribute to {whose}: {address.address} belongs to nobody"
    work.authenticated = False
    found = f"{whose} {address.address} ({evidence})" if evidence else f"{whose}: {address.address}"
    return again, f"attribute to {found}"


def _by_name(work: Work, values: list[str], before: Found, action: Attribute, place: str) -> tuple[Found, str]:
    """The first value that names an organization that is active: by its id or name, or by a domain of it."""
    book = work.setup.book
    for value in values:
        named = book.named(value)
        if len(named) == 1:
            return _given(work, "organization", named[0], before, str(action.position), f" ('{value[:100]}' in {place})")
        if named:
            return before, f"attribute to organization in {place}: '{value[:100]}' is the name of several: {', '.join(named)}"
    return before, f"attribute to organization in {place}: '{values[0][:100]}' is no organization's id, name or domain"


def _by_phone(work: Work, values: list[str], before: Found, action: Attribute, place: str) -> tuple[Found, str]:
    """The first number that somebody has: one contact's, else one organization's."""
    book = work.setup.book
    for phone in (phone for value in values for phone in phones_in(value)):
        found = book.callers(phone)
        if found is None:
            continue
        where, evidence = str(action.position), f" ({phone} in {place})"
        if len(found.organizations) > 1:
            return before, f"attribute to caller in {place}: {phone} is the number of several: {', '.join(found.organizations)}"
        if len(found.contacts) == 1:
            return _given(work, "contact", found.contacts[0], before, where, evidence)
        return _given(work, "organization", found.organizations[0], before, where, evidence)
    return before, f"attribute to caller in {place}: nobody in the directory has a number that stands there"


def _given(work: Work, to: str, name: str, before: Found, where: str, evidence: str = "") -> tuple[Found, str]:
    if to == "organization":
        sender = replace(before.sender, kind="unknown", id=None, organization=name, via="rule", because="a rule says so")
    else:
        contact = work.setup.config.directory.contacts[name]
        sender = replace(
            before.sender, kind="contact", id=name, organization=contact.organization, via="rule", because="a rule says so"
        )
    work.step("sender", f"{_shown(sender)}: a rule says so", where)
    return Found(sender, None, resolve(work.named, sender, work.setup)), f"attribute to {to} {name}{evidence}"


def _address(values: list[str], place: Operand, work: Work) -> Address | None:
    """The first that is no mailbox of ours, if there is one."""
    if place.kind == "header":  # its display name may hold another address
        found = addresses(values)
    else:
        found = tuple(one for value in values if (one := first_address(value)))
    return next((one for one in found if one.address not in work.setup.own_addresses), found[0] if found else None)


def _read(place: Operand, facts: Facts, work: Work) -> list[str]:
    """What stands there, without what is empty: a few values, each at its beginning, for a message may have a million."""
    found = reader(place, EVENTS["message"].groups, work.setup.config.extracted_fields)(facts)
    return [text for value in found[:_MOST_VALUES] if (text := collapse(str(value)[:_LONGEST_VALUE]))]
