"""What goes into the plain model of `behaviour.md` and comes out of it: mail, what there is, and what became of a mail."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

BECAME = ("created", "appended", "duplicate")
Who = tuple[str, str | None, str]  # kind of sender, id, organization


@dataclass
class Mail:
    """`numbers` stand in the subject, `first` is a line of indicators, `kind` a kind of automatic mail."""

    message_id: str
    sender: str
    title: str
    body: str
    date: datetime
    at: datetime
    mailbox: str = "help"
    numbers: list[str] = field(default_factory=list)
    in_reply_to: list[str] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    cc: list[str] = field(default_factory=list)
    first: dict[str, str] = field(default_factory=dict)
    kind: str = ""
    private: bool = False
    verified: bool = False
    forwarded: str = ""  # whose mail it passes on

    @property
    def identity(self) -> tuple[Any, ...]:
        return self.message_id, self.sender, self.date, self.title, tuple(self.numbers)


@dataclass
class Entity:
    """A ticket, task or project, and what is kept to tell its duplicates."""

    kind: str
    number: str
    organization: str
    status: str = "New"
    opened: datetime | None = None
    completed: datetime | None = None
    reopened: list[datetime] = field(default_factory=list)
    occurrences: int = 1
    approval: str | None = None
    related: set[str] = field(default_factory=set)
    people: set[str] = field(default_factory=set)
    keys: dict[str, Any] = field(default_factory=dict)
    identity: tuple[Any, ...] = ()


@dataclass
class Became:
    """What became of a mail. `entity` is what it opened or went to; a new ticket's number is put in by who compares."""

    outcome: str
    reason: str | None = None
    who: Who | None = None
    what: str | None = None
    entity: Entity | None = None
    publish: str | None = None
