"""One ticket, task or project with all that belongs to it, and the Decisions behind it. Read only."""

from __future__ import annotations

import sqlite3
from itertools import product
from pathlib import Path
from typing import Any

from msgspec import Struct

from engine.errors import StoreError
from engine.text import clean

_KINDS = (
    ("ticket", "tickets", "ticket_notes", "ticket_time_entries"),
    ("task", "tasks", "task_notes", "task_time_entries"),
    ("project", "projects", "project_notes", None),
)
_LISTS = (
    ("tags", "SELECT tag FROM ticket_tags WHERE ticket = ? ORDER BY rowid"),
    ("more contacts", "SELECT contact FROM additional_contacts WHERE ticket = ? ORDER BY rowid"),
    ("related", "SELECT related || ' (' || how || ')' FROM related_tickets WHERE ticket = ?"),
    ("extracted", "SELECT name || '=' || value FROM ticket_fields WHERE ticket = ?"),
)
_MESSAGES = "SELECT id, received_at, sender, outcome FROM messages WHERE number = ? ORDER BY received_at, id"
_WAITING = "SELECT due_at, rule, status, because FROM waiting_rules WHERE ticket = ? ORDER BY due_at, id"
_TOLD = (
    "SELECT COALESCE(sent_at, created_at), template, recipient, status, error, came_back FROM outbox WHERE number = ? ORDER BY id"
)
_ATTACHED = "SELECT name, content_type, size, let_go_at FROM attachments WHERE number = ? ORDER BY id"


class Behind(Struct, frozen=True):
    """A message that opened or changed an entity, or was found to be its duplicate."""

    message: int
    received_at: str
    sender: str
    outcome: str


class Later(Struct, frozen=True):
    """A rule that waits, or waited, for a ticket; `because`: why it did not run."""

    due_at: str
    rule: str
    status: str
    because: str


class Told(Struct, frozen=True):
    """A notification; `at`: when it was sent, else when it was written; `came_back`: the message that returned it."""

    at: str
    template: str
    recipient: str
    status: str
    error: str
    came_back: int | None


class Attached(Struct, frozen=True):
    """`size` in bytes; `let_go_at`: when `prune` removed the file, None while it is there."""

    name: str
    content_type: str
    size: int
    let_go_at: str | None


class Whole(Struct, frozen=True):
    """A ticket, task or project with everything that belongs to it; rows as maps of their columns. Times are UTC ISO 8601."""

    kind: str
    row: dict[str, Any]
    lists: dict[str, list[str]]
    configuration: str | None
    notes: tuple[dict[str, Any], ...]
    times: tuple[dict[str, Any], ...]
    attachments: tuple[Attached, ...]
    messages: tuple[Behind, ...]
    waiting: tuple[Later, ...]
    told: tuple[Told, ...]


class _Found(Struct, frozen=True):
    kind: str
    row: dict[str, Any]
    notes: str
    times: str | None


def _find(connection: sqlite3.Connection, number: str) -> _Found | None:
    for collation, (kind, table, notes, times) in product(("", " COLLATE NOCASE"), _KINDS):
        rows = _maps(connection, f"SELECT * FROM {table} WHERE number = ?{collation}", number)
        if rows:
            return _Found(kind, rows[0], notes, times)
    return None


def whole_entity(connection: sqlite3.Connection, number: str) -> Whole | None:
    """By its number, else by one that differs in case, for which all are looked at; None where there is none."""
    found = _find(connection, clean(number))
    if found is None:
        return None
    kind, row = found.kind, found.row

    def of(query: str) -> list[tuple[Any, ...]]:
        return connection.execute(query, (row["number"],)).fetchall()

    versions = connection.execute("SELECT config_version FROM messages WHERE id = ?", (row.get("message"),)).fetchone()
    return Whole(
        kind,
        row,
        {name: [str(one[0]) for one in of(query)] for name, query in _LISTS if kind == "ticket"},
        versions[0] if versions else None,
        _maps(connection, f"SELECT * FROM {found.notes} WHERE {kind} = ? ORDER BY id", row["number"]),
        _maps(connection, f"SELECT * FROM {found.times} WHERE {kind} = ? ORDER BY id", row["number"]) if found.times else (),
        tuple(Attached(*one) for one in of(_ATTACHED)),
        tuple(Behind(*one) for one in of(_MESSAGES)),
        tuple(Later(*one) for one in of(_WAITING)),
        tuple(Told(*one) for one in of(_TOLD)),
    )


def _maps(connection: sqlite3.Connection, query: str, value: str) -> tuple[dict[str, Any], ...]:
    cursor = connection.execute(query, (value,))
    names = [column[0] for column in cursor.description]
    return tuple(dict(zip(names, row, strict=True)) for row in cursor.fetchall())


class Stored(Struct, frozen=True):
    """The Decision of a message: `decision` as JSON, `version` of the configuration, and when."""

    message: int
    decision: str
    version: str
    processed_at: str


def stored_decision(connection: sqlite3.Connection, name: str) -> Stored | None:
    """Of a message by its row's id or its Message-ID; by the number of a ticket, task or project, of the first message that it has."""
    name = clean(name)
    is_id = name.isascii() and name.isdigit()
    found = _decision(connection, "id", name) if is_id else None
    found = found or _decision(connection, "message_id", name.strip("<>"))
    if found is None and (entity := _find(connection, name)):
        found = _decision(connection, "number", entity.row["number"])
    return found


def stored_message(connection: sqlite3.Connection, name: str, db: Path) -> Stored:
    """The same where there must be one. Raises `StoreError`, which names the database `db`."""
    found = stored_decision(connection, name)
    if found is None:
        raise StoreError.of(f"there is no message '{name}' in {db}", "`postroom find` tells its number")
    return found


def _decision(connection: sqlite3.Connection, column: str, value: str) -> Stored | None:
    row = connection.execute(
        f"SELECT id, decision, config_version, processed_at FROM messages WHERE {column} = ? ORDER BY id LIMIT 1", (value,)
    ).fetchone()
    return Stored(*row) if row else None
