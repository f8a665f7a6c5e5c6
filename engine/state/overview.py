"""What people ask a database: how it is doing, one entity with all that belongs to it, one stored Decision. Read only."""

from __future__ import annotations

import sqlite3
from itertools import product
from typing import Any

from msgspec import Struct

_MOST_LISTED = 50
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


class Held(Struct, frozen=True):
    """A message in quarantine."""

    message: int
    mailbox: str
    source_id: str
    reason: str
    error: str
    created_at: str


class Overview(Struct, frozen=True):
    """`outcomes`: (outcome, reason, count). `late`: (why notifications wait, count). `failed`: (id, recipient, subject, error)."""

    outcomes: tuple[tuple[str, str, int], ...]
    last_processed_at: str | None
    outbox: dict[str, int]
    waiting_rules: int
    quarantine: int
    held: tuple[Held, ...]
    failed: tuple[tuple[int, str, str, str], ...]
    late: tuple[tuple[str, int], ...]


def overview(connection: sqlite3.Connection) -> Overview:
    def rows(query: str) -> tuple[Any, ...]:
        return tuple(connection.execute(query).fetchall())

    return Overview(
        outcomes=rows("SELECT outcome, COALESCE(reason, ''), COUNT(*) FROM messages GROUP BY 1, 2 ORDER BY 1, 3 DESC"),
        last_processed_at=rows("SELECT MAX(processed_at) FROM messages")[0][0],
        outbox=outbox_counts(connection),
        waiting_rules=rows("SELECT COUNT(*) FROM waiting_rules WHERE status = 'waiting'")[0][0],
        quarantine=quarantine_count(connection),
        held=tuple(
            Held(*row)
            for row in rows(
                f"SELECT message, mailbox, source_id, reason, error, created_at FROM quarantine ORDER BY id LIMIT {_MOST_LISTED}"
            )
        ),
        failed=rows(f"SELECT id, recipient, subject, error FROM outbox WHERE status = 'failed' ORDER BY id LIMIT {_MOST_LISTED}"),
        late=rows(
            "SELECT error, COUNT(*) FROM outbox WHERE status = 'queued' AND error <> '' GROUP BY 1 ORDER BY 2 DESC LIMIT 5"
        ),
    )


def outbox_counts(connection: sqlite3.Connection) -> dict[str, int]:
    """Notifications by status."""
    return dict(connection.execute("SELECT status, COUNT(*) FROM outbox GROUP BY 1").fetchall())


def quarantine_count(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT COUNT(*) FROM quarantine").fetchone()[0])


class MailboxRow(Struct, frozen=True):
    """A polled mailbox. Times are UTC ISO 8601; `under_way`: items that are listed and not yet filed."""

    mailbox: str
    last_contact: str | None
    unread: int | None
    oldest_unread: str | None
    error: str
    error_since: str | None
    under_way: int


def mailbox_rows(connection: sqlite3.Connection) -> list[MailboxRow]:
    rows = connection.execute(
        "SELECT s.mailbox, last_contact, unread, oldest_unread, s.error, error_since, COUNT(i.item) FROM mailbox_status s"
        " LEFT JOIN poll_items i ON i.mailbox = s.mailbox GROUP BY s.mailbox ORDER BY s.mailbox"
    )
    return [MailboxRow(*row) for row in rows.fetchall()]


class Whole(Struct, frozen=True):
    """A ticket, task or project with everything that belongs to it; rows as maps of their columns."""

    kind: str
    row: dict[str, Any]
    lists: dict[str, list[str]]
    configuration: str | None
    notes: tuple[dict[str, Any], ...]
    times: tuple[dict[str, Any], ...]
    attachments: tuple[tuple[str, str, int], ...]


def whole_entity(connection: sqlite3.Connection, number: str) -> Whole | None:
    """By its number, else by one that differs in case, for which all are looked at; None where there is none."""
    for collation, (kind, table, notes, times) in product(("", " COLLATE NOCASE"), _KINDS):
        found = _maps(connection, f"SELECT * FROM {table} WHERE number = ?{collation}", number)
        if found:
            row = found[0]
            number = row["number"]
            is_ticket = kind == "ticket"
            lists = {name: [str(one[0]) for one in connection.execute(query, (number,))] for name, query in _LISTS if is_ticket}
            versions = connection.execute("SELECT config_version FROM messages WHERE id = ?", (row.get("message"),)).fetchone()
            return Whole(
                kind,
                row,
                lists,
                versions[0] if versions else None,
                _maps(connection, f"SELECT * FROM {notes} WHERE {kind} = ? ORDER BY id", number),
                _maps(connection, f"SELECT * FROM {times} WHERE {kind} = ? ORDER BY id", number) if times else (),
                tuple(
                    connection.execute("SELECT name, content_type, size FROM attachments WHERE number = ?", (number,)).fetchall()
                ),
            )
    return None


def _maps(connection: sqlite3.Connection, query: str, value: str) -> tuple[dict[str, Any], ...]:
    cursor = connection.execute(query, (value,))
    names = [column[0] for column in cursor.description]
    return tuple(dict(zip(names, row, strict=True)) for row in cursor.fetchall())


def stored_decision(connection: sqlite3.Connection, message_id: str) -> tuple[str, str, str] | None:
    """(the Decision as JSON, the configuration's version, when) of a message by its row's id or its Message-ID."""
    column = "id" if message_id.isdigit() else "message_id"
    found: tuple[str, str, str] | None = connection.execute(
        f"SELECT decision, config_version, processed_at FROM messages WHERE {column} = ? ORDER BY id LIMIT 1",
        (message_id.strip("<>"),),
    ).fetchone()
    return found
