"""What people ask a database: how it is doing, how each mailbox is. Read only."""

from __future__ import annotations

import sqlite3
from typing import Any

from msgspec import Struct

_MOST_LISTED = 50


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
