"""What a message can become, and who it is from: the values that deciding, rules, state and store share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from msgspec import Struct, field
from msgspec.structs import fields

SenderKind = Literal["resource", "contact", "unknown"]
Publish = Literal["all", "internal"]


class Sender(Struct, frozen=True):
    """Whose message it is (`behaviour.md` 2). `via` is how that was found; `where` the line that says so."""

    kind: SenderKind
    id: str | None
    organization: str | None
    via: str
    address: str
    name: str
    authenticated: bool = False
    because: str = ""
    where: str = ""

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


class Ticket(Struct, frozen=True):
    """A ticket as it stands, or as it is about to be stored. Times are aware and in UTC."""

    number: str
    title: str
    organization: str | None
    created_at: datetime
    updated_at: datetime
    description: str = ""
    contact: str | None = None
    mailbox: str = ""
    queue: str | None = None
    status: str | None = None
    priority: str | None = None
    source: str | None = None
    issue_type: str | None = None
    sub_issue_type: str | None = None
    assigned: str | None = None
    approval: str | None = None
    due_at: datetime | None = None
    occurrences: int = 1
    completed_at: datetime | None = None
    sender: str = ""
    html: str = ""
    tags: tuple[str, ...] = ()
    additional_contacts: tuple[str, ...] = ()
    extracted: Mapping[str, str] = field(default_factory=dict)


# The fields of a ticket that are columns of its row, by the same names; the others have tables of their own.
TICKET_COLUMNS = tuple(one.name for one in fields(Ticket) if one.name not in ("tags", "additional_contacts", "extracted"))


# All that an entity has; a ticket has each of them.
TIMES = ("due_at", "created_at", "updated_at", "completed_at")


class Note(Struct, frozen=True):
    """A note on a ticket, project or task. `removed` is the quotation and signature that were taken out."""

    target: str
    description: str
    publish: Publish
    author: SenderKind | Literal["system"]
    author_id: str | None
    author_address: str
    created_at: datetime
    type: str | None = None
    removed: str = ""
    html: str = ""


class TimeEntry(Struct, frozen=True):
    """Time booked on a ticket or task. `hours` is decimal."""

    target: str
    resource: str
    hours: float
    summary: str
    created_at: datetime
    role: str | None = None
    work_type: str | None = None
    publish: Publish = "internal"
    removed: str = ""


class Project(Struct, frozen=True):
    number: str
    name: str
    organization: str


class Task(Struct, frozen=True):
    number: str
    project: str
    title: str
    organization: str
    status: str


class NewContact(Struct, frozen=True):
    """A contact that a message brought (`create_contact`). Its id is its address."""

    id: str
    organization: str
    first_name: str
    last_name: str
    email: str


Target = Ticket | Project | Task
