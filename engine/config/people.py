"""The directory as frozen values: organizations, contacts, resources, projects and tasks, each with its line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.errors import Position


@dataclass(frozen=True)
class Organization:
    id: str
    name: str
    domains: tuple[str, ...]
    classification: str
    parent: str | None
    active: bool
    position: Position


@dataclass(frozen=True)
class Contact:
    """`emails` in order: primary, second, third."""

    id: str
    organization: str
    first_name: str
    last_name: str
    emails: tuple[str, ...]
    active: bool
    position: Position

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True)
class Resource:
    id: str
    name: str
    email: str
    aliases: tuple[str, ...]
    role: str
    active: bool
    position: Position


@dataclass(frozen=True)
class Project:
    number: str
    name: str
    organization: str
    active: bool
    position: Position


@dataclass(frozen=True)
class Task:
    number: str
    project: str
    title: str
    organization: str
    status: str
    position: Position


@dataclass(frozen=True)
class Directory:
    """The CSV files of `directory/`, each by id or number, in the order of the file."""

    organizations: Mapping[str, Organization] = field(default_factory=dict)
    contacts: Mapping[str, Contact] = field(default_factory=dict)
    resources: Mapping[str, Resource] = field(default_factory=dict)
    projects: Mapping[str, Project] = field(default_factory=dict)
    tasks: Mapping[str, Task] = field(default_factory=dict)
    digest: str = ""
