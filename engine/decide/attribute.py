"""Whose message it is (`behaviour.md` 2): resource, contact, or unknown with the organization that it counts for."""

from __future__ import annotations

from engine.addresses import tagged_forms
from engine.config.mailbox import Mailbox
from engine.config.people import Contact
from engine.decide.setup import Setup
from engine.entities import NewContact, Sender, SenderKind
from engine.mail.message import Address
from engine.state.view import State

_LEVELS = ("primary", "second", "third")


def attribute(
    sender: Address,
    mailbox: Mailbox,
    named_organization: str | None,
    setup: Setup,
    state: State,
    *,
    authenticated: bool,
    may_create: bool,
) -> tuple[Sender, NewContact | None]:
    """The sender, and the contact that he becomes where `create_contact` says so.

    `named_organization`: that of the entity whose number the subject carries (step 3). A sender with organization None
    belongs to nobody, and `organizations.unattributed` is `none`: the message is refused.
    """
    finder = _Finder(sender, setup, state, authenticated)
    ambiguous = ""
    for address in tagged_forms(sender.address):
        found = finder.resource(address) or finder.contact(address)
        if isinstance(found, Sender):
            return found, None
        ambiguous = ambiguous or found
    note = f"; {ambiguous}" if ambiguous else ""
    if named_organization is not None:
        because = f"nobody's address; the subject names an entity of {named_organization}{note}"
        return finder.unknown(named_organization, "number", because), None
    owners = setup.book.owners(sender.domain)
    if len(owners) == 1 and not setup.book.is_public(sender.domain):
        return _of_domain(finder, owners[0], mailbox, setup, note, may_create)
    settings = setup.config.settings
    where = str(settings.where("organizations.unattributed"))
    if not sender.address:
        because = "the message has no sender"
    elif len(owners) > 1:
        because = f"nobody's address; {sender.domain} belongs to several: {', '.join(owners)}{note}"
    else:
        because = f"nobody's address, and no organization owns {sender.domain}{note}"
    return finder.unknown(settings.unattributed, "unattributed", because, where), None


def _of_domain(
    finder: _Finder, organization: str, mailbox: Mailbox, setup: Setup, note: str, may_create: bool
) -> tuple[Sender, NewContact | None]:
    where = str(setup.config.directory.organizations[organization].position)
    domain = finder.sender.domain
    if not (mailbox.ticket.create_contact and may_create and not note):
        return finder.unknown(organization, "domain", f"{domain} is {organization}'s{note}", where), None
    first, last = _names(finder.sender)
    contact = NewContact(finder.sender.address, organization, first, last, finder.sender.address)
    switch = mailbox.where("defaults", "ticket", "create_contact")
    because = f"{domain} is {organization}'s ({where}): a new contact"
    sender = Sender(
        "contact",
        contact.id,
        organization,
        "created",
        finder.sender.address,
        finder.sender.name,
        finder.authenticated,
        because,
        str(switch),
    )
    return sender, contact


def brought_by_mail(address: str, setup: Setup, state: State) -> list[tuple[int, Contact]]:
    """(level, contact) of those whom mail or an alert brought, for the directory did not know them. Where it has the address by now, it alone
    counts; and who stands in it by the same id counts as it says."""
    if setup.book.has(address):
        return []
    directory = setup.config.directory
    result = []
    for one in state.contacts_of(address):
        organization = directory.organizations.get(one.organization)
        if organization and organization.active and one.id not in directory.contacts:
            names = one.first_name, one.last_name
            result.append((0, Contact(one.id, one.organization, *names, (one.email,), True, elsewhere=organization.position)))
    return result


def _names(sender: Address) -> tuple[str, str]:
    """First and last name from a display name; `García, Ana` is turned round."""
    name = " ".join(sender.name.split())[:100]
    if "@" in name or not name:
        name = sender.address.partition("@")[0].replace(".", " ").replace("_", " ").title()
    if "," in name:
        last, first, *_ = (part.strip() for part in name.split(","))  # behind them, a title or a department
        return first, last
    first, _, last = name.partition(" ")
    return first, last


class _Finder:
    """One sender against the address book and the contacts that mail brought before."""

    def __init__(self, sender: Address, setup: Setup, state: State, authenticated: bool) -> None:
        self.sender = sender
        self.setup = setup
        self.state = state
        self.authenticated = authenticated

    def resource(self, address: str) -> Sender | None:
        found = self.setup.book.resources.get(address)
        if found is None:
            return None
        how = "address" if found.email == address else "alias"
        local = self.setup.config.settings.local_organization
        because = f"the {how} of the resource {found.id}"
        return self._sender("resource", found.id, local, how, because, str(found.position))

    def contact(self, address: str) -> Sender | str:
        """The contact, or why none is meant: empty where nobody has the address."""
        found = self.setup.book.nearest(address, brought_by_mail(address, self.setup, self.state))
        if found is None:
            return ""
        if len(found.contacts) > 1:
            names = ", ".join(f"{one.id} of {one.organization} ({one.position})" for one in found.contacts)
            return f"{address} is ambiguous: {names}"
        return self._contact(found.contacts[0], _LEVELS[found.level], found.own)

    def _contact(self, contact: Contact, level: str, own: bool) -> Sender:
        domain = "" if own else ", at a domain that is not the organization's"
        because = f"the {level} address of the contact {contact.id} of {contact.organization}{domain}"
        return self._sender("contact", contact.id, contact.organization, level, because, str(contact.position))

    def unknown(self, organization: str | None, via: str, because: str, where: str = "") -> Sender:
        return self._sender("unknown", None, organization, via, because, where)

    def _sender(
        self, kind: SenderKind, identity: str | None, organization: str | None, via: str, because: str, where: str
    ) -> Sender:
        name = self.sender.name
        return Sender(
            kind,
            identity,
            organization,
            via,
            self.sender.address,
            name,
            self.authenticated,
            because,
            where,
        )
