"""Who has which address, and who owns which domain, as the directory says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache, cached_property
from pathlib import Path

from msgspec import Struct

from engine.addresses import comparable
from engine.config.model import Config
from engine.config.people import Contact, Resource
from engine.phones import Phone
from engine.text import compared


@cache
def _shipped_public_domains() -> frozenset[str]:
    lines = Path(__file__).with_name("public_domains.txt").read_text("utf-8").splitlines()
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))


class Nearest(Struct, frozen=True):
    """Who has an address at the first level at which somebody has it: one is meant, several are ambiguous.

    `own`: they are of an organization that owns the domain. `level`: 0 primary, 1 second, 2 third.
    """

    contacts: tuple[Contact, ...]
    level: int
    own: bool


class Callers(Struct, frozen=True):
    """Who has a telephone number: the ids of contacts, and of the organizations that they or the number itself belong to."""

    contacts: tuple[str, ...]
    organizations: tuple[str, ...]


class AddressBook:
    """Who has which address: active resources, active contacts of active organizations, and who owns a domain."""

    def __init__(self, config: Config) -> None:
        directory = config.directory
        self.resources: dict[str, Resource] = {}
        active = [resource for resource in directory.resources.values() if resource.active]
        for resource in active:
            self.resources.setdefault(resource.email, resource)
        for resource in active:
            for alias in resource.aliases:
                self.resources.setdefault(alias, resource)
        self._contacts, self._addresses = directory.contacts, directory.addresses
        self._organizations = [one for one in directory.organizations.values() if one.active]
        self._owners: dict[str, list[str]] = defaultdict(list)
        for organization in self._organizations:
            for domain in organization.domains:
                self._owners[domain].append(organization.id)
        self._public = _shipped_public_domains() | config.settings.public_domains

    def contacts(self, address: str) -> list[tuple[int, Contact]]:
        """(level, contact) of each contact with this address; level 0 is the primary one."""
        return [(level, self._contacts[identity]) for level, identity in self._addresses.of(address)]

    def has(self, address: str) -> bool:
        """Whether it is a contact's."""
        return bool(self._addresses.of(address))

    def nearest(self, address: str, more: Iterable[tuple[int, Contact]] = ()) -> Nearest | None:
        """`more`: contacts that mail brought. behaviour.md 2.2."""
        every = [*self.contacts(address), *more]
        if not every:
            return None
        owners = self.owners(address.rpartition("@")[2])
        ranked = [((one.organization not in owners, level), one) for level, one in every]
        best = min(rank for rank, _ in ranked)
        return Nearest(tuple(one for rank, one in ranked if rank == best), best[1], not best[0])

    def ambiguous(self) -> Iterator[tuple[str, tuple[Contact, ...]]]:
        """Addresses that several contacts have alike: mail from there is nobody's."""
        for address in self._addresses.more:  # alone there is nobody else
            if address not in self.resources:
                found = self.nearest(address)
                if found is not None and len(found.contacts) > 1:
                    yield address, found.contacts

    def shared(self) -> Iterator[tuple[str, list[str]]]:
        """Domains that several organizations list: an unknown sender from there is of none of them."""
        return ((domain, owners) for domain, owners in self._owners.items() if len(owners) > 1)

    def owned_but_public(self) -> Iterator[tuple[str, list[str]]]:
        """Domains of mail providers that organizations list: it makes nobody theirs."""
        return ((domain, owners) for domain, owners in self._owners.items() if self.is_public(domain))

    def owners(self, domain: str) -> list[str]:
        """Active organizations that list the domain, else those that list its nearest parent domain."""
        while domain:
            if domain in self._owners:
                return self._owners[domain]
            domain = domain.partition(".")[2]
        return []

    def named(self, text: str) -> list[str]:
        """Active organizations of this id or name, without case, else those that own the domain, or that of the address, if it is no public one."""
        found = self._named.get(compared(text))
        if found:
            return found
        domain = comparable(text).rpartition("@")[2]
        return [] if self.is_public(domain) else self.owners(domain)

    @cached_property
    def _named(self) -> dict[str, list[str]]:
        """Made when a rule first asks for a name."""
        found: dict[str, list[str]] = {}
        for organization in self._organizations:
            for name in {compared(organization.id), compared(organization.name)}:
                found.setdefault(name, []).append(organization.id)
        return found

    def callers(self, phone: Phone) -> Callers | None:
        """Active contacts of active organizations who have this number, and such organizations; None where nobody has it."""
        found = [
            (organization, contact) for other, organization, contact in self._phones.get(phone.key, ()) if other.is_that(phone)
        ]
        if not found:
            return None
        contacts = dict.fromkeys(contact for _, contact in found if contact)
        return Callers(tuple(contacts), tuple(dict.fromkeys(organization for organization, _ in found)))

    @cached_property
    def _phones(self) -> dict[str, list[tuple[Phone, str, str]]]:
        """(number, organization, contact or nobody) by the number's key; made when a rule first asks for a caller."""
        there = {one.id: one.phones for one in self._organizations}
        known = [(phone, one, "") for one, phones in there.items() for phone in phones]
        known += [
            (phone, one.organization, one.id)
            for one in self._contacts.values()
            if one.phones and one.active and one.organization in there
            for phone in one.phones
        ]
        found: dict[str, list[tuple[Phone, str, str]]] = {}
        for row in known:
            found.setdefault(row[0].key, []).append(row)
        return found

    def is_public(self, domain: str) -> bool:
        return domain in self._public

    def domains(self) -> list[str]:
        return list(self._owners)
