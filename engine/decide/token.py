"""The alerts token at the end of a body: who it says the message is from (`behaviour.md` 5).

The password is compared in constant time; the token is XML that a stranger may have written, so entities and DTDs are refused.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct, field

from engine.addresses import comparable
from engine.decide.attribute import brought_by_mail
from engine.decide.decision import Ending
from engine.decide.setup import Setup, TokenSecret
from engine.entities import NewContact, Sender, SenderKind
from engine.mail.message import Address
from engine.state.view import State

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_START = re.compile(r"<Autotask\b", re.IGNORECASE)
_WITH_DOCTYPE = re.compile(r"(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!DOCTYPE.{0,4000}>\s*)?\Z", re.IGNORECASE | re.DOTALL)
_LONGEST = 8_192


class Token(Struct, frozen=True):
    """What a good token says. `text` is the body without it."""

    text: str
    customer: str = ""
    email: str = ""
    contact: str = ""
    sub_issue: str = ""
    ticket_number: str = ""

    @property
    def fields(self) -> Mapping[str, str]:
        return {"ticket_number": self.ticket_number} if self.ticket_number else {}


class TokenSender(Struct, frozen=True):
    """Who the token names. `remark` is a line for the text where it is not clear whom."""

    sender: Sender
    contact: NewContact | None = None
    remark: tuple[str, ...] = field(default=())


def read_token(text: str, secret: TokenSecret) -> Token | Ending:
    """An ending where there is no token, or one that is not ours."""
    starts = [found.start() for found in _START.finditer(text)]
    if not starts:
        return _quarantine("there is no token at the end of the body")
    start = starts[-1]
    source = text[start:].strip()
    before = text[:start]
    declared = _WITH_DOCTYPE.search(before[-4500:])
    if declared is not None and declared[0].strip():
        return _quarantine("the token declares a document type or an XML version: only the element is taken")
    if len(source) > _LONGEST:
        return _quarantine("the token is too long")
    from xml.etree.ElementTree import ParseError  # most mailboxes never read XML, and start sooner without

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root = fromstring(source, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    except DefusedXmlException:
        return _quarantine("the token has entities or a document type")
    except (ParseError, ValueError):
        return _quarantine("the token is no well-formed XML, or does not stand at the end of the body")
    values = _values(root)
    if secret.password is None:
        return _quarantine(secret.problem)
    good_id = hmac.compare_digest(values.get("id", "").encode(), secret.id.encode())
    good_password = hmac.compare_digest(values.get("pw", "").encode(), secret.password.encode())
    if not (good_id and good_password):
        return _quarantine("the token's id or password is wrong")
    return Token(
        before.rstrip(),
        values.get("customer", ""),
        comparable(values.get("email", "")),
        values.get("contact", ""),
        values.get("subissue", ""),
        values.get("ticketnumber", ""),
    )


def _quarantine(detail: str) -> Ending:
    return Ending("quarantined", "token", detail)


def _values(root: Element) -> dict[str, str]:
    """Each element's `name` attribute, or its text; names without case."""
    values: dict[str, str] = {}
    for element in list(root)[:50]:
        if isinstance(element.tag, str):
            values[element.tag.lower()] = (element.get("name") or element.text or "").strip()[:500]
    return values


def attribute_by_token(token: Token, address: Address, setup: Setup, state: State, authenticated: bool) -> TokenSender:
    """Customer by exact name, else contact by address; what is not clear goes to the local organization with a line."""
    directory = setup.config.directory
    local = setup.config.settings.local_organization
    named = [one for one in directory.organizations.values() if one.active and token.customer and one.name == token.customer]
    known = [*setup.book.contacts(token.email), *brought_by_mail(token.email, setup, state)] if token.email else []
    contacts = sorted(known, key=lambda pair: pair[0])

    def sender(kind: SenderKind, identity: str | None, organization: str, because: str, where: str = "") -> Sender:
        return Sender(
            kind,
            identity,
            organization,
            "token",
            address.address,
            address.name,
            authenticated,
            because,
            where,
        )

    if len(named) == 1:
        organization = named[0]
        mine = [contact for _, contact in contacts if contact.organization == organization.id]
        because = f"the token's customer '{token.customer}' is {organization.id}"
        if mine:
            found = sender("contact", mine[0].id, organization.id, f"{because}, its email {mine[0].id}", str(mine[0].position))
            return TokenSender(found)
        if token.contact and "@" in token.email:
            first, _, last = token.contact.partition(" ")
            contact = NewContact(token.email, organization.id, first, last, token.email)
            found = sender("contact", contact.id, organization.id, f"{because}; a new contact", str(organization.position))
            return TokenSender(found, contact)
        return TokenSender(sender("unknown", None, organization.id, because, str(organization.position)))
    if len(named) > 1:
        names = ", ".join(one.id for one in named)
        remark = f"[The token's customer '{token.customer}' is the name of several organizations: {names}.]"
        return TokenSender(sender("unknown", None, local, f"several organizations are named '{token.customer}'"), None, (remark,))
    at_level = [contact for level, contact in contacts if level == contacts[0][0]]
    if len(at_level) == 1:
        contact_found = at_level[0]
        because = f"the token's email is that of {contact_found.id} of {contact_found.organization}"
        return TokenSender(sender("contact", contact_found.id, contact_found.organization, because, str(contact_found.position)))
    if at_level:
        names = ", ".join(f"{one.id} of {one.organization}" for one in at_level)
        remark = f"[The token's email {token.email} belongs to several contacts: {names}.]"
        return TokenSender(sender("unknown", None, local, f"{token.email} belongs to several contacts"), None, (remark,))
    remark = f"[The token names no customer that is known: '{token.customer or token.email}'.]"
    return TokenSender(sender("unknown", None, local, "the token names no customer that is known"), None, (remark,))
