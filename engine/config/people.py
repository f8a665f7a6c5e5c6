"""The directory as frozen values: organizations, contacts, resources, projects and tasks, each with its line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct, field

from engine.errors import Position
from engine.phones import Phone

CONTACTS = "directory/contacts.csv"


class Organization(Struct, frozen=True):
    """`resource`: who of our own people looks after it. `language`: what its people read (`fr`, `pt-br`), empty where nothing says so.
    `phones`: of the whole house."""

    id: str
    name: str
    domains: tuple[str, ...]
    classification: str
    parent: str | None
    resource: str | None
    active: bool
    position: Position
    language: str = ""
    phones: tuple[Phone, ...] = ()


class Contact(Struct, frozen=True, array_like=True):
    """`emails` in order: primary, second, third.

    `line` of `contacts.csv`: a place of its own would be as large as all else of one. `elsewhere`: who mail brought stands at his
    organization's.
    """

    id: str
    organization: str
    first_name: str
    last_name: str
    emails: tuple[str, ...]
    active: bool
    line: int = 0
    elsewhere: Position | None = None
    language: str = ""
    phones: tuple[Phone, ...] = ()

    @property
    def position(self) -> Position:
        return self.elsewhere or Position(CONTACTS, self.line)

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


class Resource(Struct, frozen=True):
    id: str
    name: str
    email: str
    aliases: tuple[str, ...]
    role: str
    active: bool
    position: Position
    language: str = ""


class Project(Struct, frozen=True):
    number: str
    name: str
    organization: str
    active: bool
    position: Position


class Task(Struct, frozen=True):
    number: str
    project: str
    title: str
    organization: str
    status: str
    position: Position


class Addresses(Struct, frozen=True):
    """Who has an address: active contacts of active organizations, by their ids.

    `primary`: the first in the file whose primary address it is; hardly any of a hundred thousand share one, or have another. `more`: all
    others who have it, each with the level: 0 primary, 1 second, 2 third.
    """

    primary: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, tuple[tuple[int, str], ...]] = field(default_factory=dict)

    @classmethod
    def among(cls, contacts: Mapping[str, Contact], organizations: Mapping[str, Organization]) -> Addresses:
        """Worked out when the configuration is checked: a start asks no contact."""
        primary: dict[str, str] = {}
        more: dict[str, list[tuple[int, str]]] = {}
        there = {one.id for one in organizations.values() if one.active}
        for contact in contacts.values():
            if contact.active and contact.organization in there:
                for level, address in enumerate(contact.emails):
                    if address and (level or primary.setdefault(address, contact.id) != contact.id):
                        more.setdefault(address, []).append((level, contact.id))
        return cls(primary, {address: tuple(others) for address, others in more.items()})

    def of(self, address: str) -> tuple[tuple[int, str], ...]:
        """(level, id) of all who have it."""
        first = self.primary.get(address)
        return (*(((0, first),) if first is not None else ()), *self.more.get(address, ()))


class Directory(Struct, frozen=True):
    """The CSV files of `directory/`, each by id or number, in the order of the file."""

    organizations: Mapping[str, Organization] = field(default_factory=dict)
    contacts: Mapping[str, Contact] = field(default_factory=dict)
    resources: Mapping[str, Resource] = field(default_factory=dict)
    projects: Mapping[str, Project] = field(default_factory=dict)
    tasks: Mapping[str, Task] = field(default_factory=dict)
    addresses: Addresses = field(default_factory=Addresses)
    digest: str = ""

    @property
    def has_phones(self) -> bool:
        return any(one.phones for one in self.organizations.values()) or any(one.phones for one in self.contacts.values())

    def resource_of(self, organization: str | None) -> str | None:
        """The id of its own resource, or of the nearest organization's above it that has one."""
        return next((one.resource for one in self._upwards(organization) if one.resource), None)

    def language_of(self, organization: str | None) -> str:
        """Its own, or that of the nearest organization above it that has one; empty where none has."""
        return next((one.language for one in self._upwards(organization) if one.language), "")

    def _upwards(self, organization: str | None) -> Iterator[Organization]:
        """It, and those above it. No circle: `check` has seen to it."""
        found = self.organizations.get(organization or "")
        while found is not None:
            yield found
            found = self.organizations.get(found.parent or "")
