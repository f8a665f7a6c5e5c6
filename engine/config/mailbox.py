"""A mailbox's file as a frozen value: what it reads, makes, fills in and tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Literal, cast, get_args

from msgspec import Struct

from engine.config.connections import ExchangeSource, GraphSource
from engine.dsl.tree import Recipient, Related
from engine.errors import Position

Entity = Literal["ticket", "ticket_note", "ticket_time_entry", "project_note", "task_note", "task_time_entry"]
ENTITIES: tuple[Entity, ...] = (
    "ticket",
    "ticket_note",
    "ticket_time_entry",
    "project_note",
    "task_note",
    "task_time_entry",
)


class TicketDefaults(Struct, frozen=True):
    queue: str | None = None
    status: str | None = None
    priority: str | None = None
    source: str | None = None
    issue_type: str | None = None
    sub_issue_type: str | None = None
    assigned: str | None = None
    due: timedelta | None = None
    tags: tuple[str, ...] = ()
    create_contact: bool = False


class ReplyPolicy(Struct, frozen=True):
    """What a note does to its ticket, by who wrote it."""

    status: str | None = None
    reopen: bool | Literal["new_linked"] = False
    reopen_within: timedelta | None = None
    publish: Literal["all", "internal"] | None = None


class NoteDefaults(Struct, frozen=True):
    type: str | None = None
    publish: Literal["all", "internal"] = "all"
    from_customer: ReplyPolicy = ReplyPolicy()
    from_resource: ReplyPolicy = ReplyPolicy()


class TimeDefaults(Struct, frozen=True):
    work_type: str | None = None
    role: str | None = None
    publish: Literal["all", "internal"] = "internal"


class Notice(Struct, frozen=True):
    """A notification that a mailbox sends by itself."""

    to: tuple[str, ...]
    template: str
    position: Position

    @property
    def recipients(self) -> tuple[Recipient, ...]:
        return tuple(_recipient(text, self.position) for text in self.to)


def _recipient(text: str, position: Position) -> Recipient:
    """As a mailbox file writes it."""
    if text in get_args(Related):
        return Recipient(cast(Related, text), "", position)
    if text.startswith("resource "):
        return Recipient("resource", text.removeprefix("resource ").strip(), position)
    return Recipient("address", text, position)


class Token(Struct, frozen=True):
    """What the alerts token must say. `password` is still the reference `${env:NAME}`."""

    id: str
    password: str


class Mailbox(Struct, frozen=True):
    """One file of `mailboxes/`, with what it extends merged in."""

    id: str
    name: str
    address: str
    aliases: tuple[str, ...]
    active: bool
    kind: Literal["custom", "alerts"]
    source: ExchangeSource | GraphSource | None
    creates: frozenset[Entity]
    token: Token | None
    extract: Mapping[str, str]
    ticket: TicketDefaults
    notes: Mapping[Entity, NoteDefaults]
    times: Mapping[Entity, TimeDefaults]
    created: Notice | None
    noted: Notice | None
    failed: Notice | None
    notify_from: str
    notify_via: Literal["sending", "mailbox"]
    extends: str | None
    positions: Mapping[tuple[str | int, ...], Position]

    @property
    def addresses(self) -> tuple[str, ...]:
        return (self.address, *self.aliases)

    @property
    def sends_itself(self) -> bool:
        """Whether its notifications leave through its own server."""
        return self.notify_via == "mailbox" and self.source is not None

    @property
    def file(self) -> str:
        """Its own; what it takes over (`extends`) stands in another."""
        return f"mailboxes/{self.id}.yaml"

    @property
    def owner(self) -> str:
        """The address of the mailbox on its server: its own, where `source` names no other."""
        return (self.source.mailbox if self.source is not None else None) or self.address

    @property
    def reads(self) -> tuple[str, ...] | None:
        """The place of the folder that it reads: no two mailboxes share one."""
        return self.source.place(self.owner) if self.source is not None else None

    def files_into(self) -> Iterator[tuple[str, tuple[str, ...], Position]]:
        """Folders that mail is moved to once it is read, each with its place and where that is said."""
        source = self.source
        if source is None:
            return
        kind = "exchange" if isinstance(source, ExchangeSource) else "graph"
        for key, folder in (("processed", source.processed), ("failed", source.failed)):
            if folder:
                yield folder, source.place(self.owner, folder), self.where("source", kind, key)

    def where(self, *path: str | int) -> Position:
        """Where a key stands (through `extends`), or the nearest key around it."""
        while path:
            if path in self.positions:
                return self.positions[path]
            path = path[:-1]
        return self.positions.get((), Position(self.file))
