"""The outbox: what is due, and what became of each attempt. A row is leased while it is being sent."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import fields

from engine.config.connections import NotificationLimit
from engine.decide.decision import iso
from engine.state.stored import moment

# A process that dies while it sends holds the row no longer than this; then it is sent again (at least once).
LEASE = timedelta(minutes=10)


class QueuedRow(Struct, frozen=True):
    """A notification that is due. `values`: where in its body values from outside stand, as JSON, which is read when it is sent, for it
    may be damaged; `attempts` counts those before this one; times are UTC ISO 8601.
    """

    id: int
    mailbox: str
    recipient: str
    message_id: str
    number: str | None
    subject: str
    body: str
    values: str
    to_sender: bool
    in_reply_to: str
    references: tuple[str, ...]
    attempts: int
    created_at: str
    error: str


_COLUMNS = "id, mailbox, recipient, message_id, number, subject, body, body_values, to_sender, in_reply_to, refs, attempts, created_at, error"
_DUE = "status = 'queued' AND next_attempt_at <= ?"


def mailboxes_due(connection: sqlite3.Connection, now: datetime, among: Collection[str] | None = None) -> dict[str, int]:
    """How many notifications are due, by mailbox. `among`: these mailboxes alone; None: all."""
    if among is not None and not among:
        return {}
    found = connection.execute(f"SELECT mailbox, COUNT(*) FROM outbox WHERE {_DUE} GROUP BY 1", (iso(now),)).fetchall()
    return {mailbox: count for mailbox, count in found if among is None or mailbox in among}


def due(connection: sqlite3.Connection, mailboxes: Iterable[str], now: datetime, most: int = 200) -> list[QueuedRow]:
    """Those of these mailboxes, the oldest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM outbox WHERE {_DUE} AND mailbox IN (SELECT value FROM json_each(?)) ORDER BY id LIMIT ?",
        (iso(now), json.dumps(sorted(mailboxes)), most),
    ).fetchall()
    return [_row(row) for row in rows]


def due_too_late(
    connection: sqlite3.Connection, mailbox: str, created_until: datetime, now: datetime, most: int = 200
) -> list[QueuedRow]:
    """Those that were queued too long ago to be of use."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM outbox WHERE {_DUE} AND mailbox = ? AND created_at <= ? ORDER BY id LIMIT ?",
        (iso(now), mailbox, iso(created_until), most),
    ).fetchall()
    return [_row(row) for row in rows]


def say_why(connection: sqlite3.Connection, mailbox: str, error: str, now: datetime) -> None:
    """Why those that are due are not sent: `status` shows it."""
    connection.execute(
        f"UPDATE outbox SET error = ? WHERE {_DUE} AND mailbox = ? AND error <> ?", (error, iso(now), mailbox, error)
    )


def _row(row: tuple[Any, ...]) -> QueuedRow:
    names = [one.name for one in fields(QueuedRow)]
    found = dict(zip(names, row, strict=True))
    references = tuple(found.pop("references").split())
    return QueuedRow(**found, references=references)


def lease(connection: sqlite3.Connection, row: QueuedRow, now: datetime) -> bool:
    """Whether the row is ours to send: no other process has taken it since it was listed."""
    changed = connection.execute(
        "UPDATE outbox SET attempts = attempts + 1, next_attempt_at = ?, error = ''"
        " WHERE id = ? AND status = 'queued' AND next_attempt_at <= ?",
        (iso(now + LEASE), row.id, iso(now)),
    )
    return changed.rowcount == 1


def free_at(
    connection: sqlite3.Connection, recipient: str, limits: Iterable[NotificationLimit], now: datetime
) -> datetime | None:
    """When one more may go to this address, or None for at once."""
    free: datetime | None = None
    for limit in limits:
        # The oldest of the last N that were sent: when it leaves the window, there is room.
        row = connection.execute(
            "SELECT sent_at FROM outbox WHERE recipient = ? AND sent_at > ? ORDER BY sent_at DESC LIMIT 1 OFFSET ?",
            (recipient, iso(now - limit.within), limit.messages - 1),
        ).fetchone()
        if row is not None:
            room = moment(row[0]) + limit.within
            free = max(free, room) if free else room
    return free


def postpone(connection: sqlite3.Connection, row: QueuedRow, until: datetime, error: str) -> None:
    connection.execute("UPDATE outbox SET next_attempt_at = ?, error = ? WHERE id = ?", (iso(until), error, row.id))


def hold_back(
    connection: sqlite3.Connection, recipient: str, mailboxes: Iterable[str], until: datetime, error: str, now: datetime
) -> int:
    """All that is due to an address from these mailboxes waits; how many. There may be ten thousands to one."""
    held = connection.execute(
        # What was sent to it is passed over by the index.
        f"UPDATE outbox INDEXED BY outbox_by_recipient SET next_attempt_at = ?, error = ? WHERE recipient = ? AND sent_at IS NULL AND {_DUE}"
        " AND mailbox IN (SELECT value FROM json_each(?))",
        (iso(until), error, recipient, iso(now), json.dumps(sorted(mailboxes))),
    )
    return held.rowcount


def give_back(connection: sqlite3.Connection, row: QueuedRow, now: datetime, error: str) -> None:
    """A leased row as it was: it was not its fault."""
    connection.execute(
        "UPDATE outbox SET attempts = ?, next_attempt_at = ?, error = ? WHERE id = ?", (row.attempts, iso(now), error, row.id)
    )


def mark_sent(connection: sqlite3.Connection, row: QueuedRow, went_as: str | None, now: datetime) -> None:
    """`went_as`: the Message-ID that the server told of; kept where it is not ours, for replies name it."""
    connection.execute(
        "UPDATE outbox SET status = 'sent', sent_at = ?, next_attempt_at = NULL, error = '', went_as = ? WHERE id = ?",
        (iso(now), went_as if went_as != row.message_id else None, row.id),
    )


def mark_failed(connection: sqlite3.Connection, row: QueuedRow, now: datetime, error: str) -> None:
    """Given up, visibly: `status` lists it, and its ticket gets a note. Not where another process sent it after our lease.

    No note where nobody ever tried, or waited for a way out: all tickets of a desk that was tried out would get one.
    """
    connection.execute(
        "INSERT INTO ticket_notes (ticket, type, publish, author, author_address, description, removed, html, created_at)"
        " SELECT t.number, NULL, 'internal', 'system', '', ?, '', '', ? FROM outbox o JOIN tickets t USING (number)"
        " WHERE o.id = ? AND o.status = 'queued' AND (o.attempts > 0 OR o.error <> '')",
        (f"The notification '{row.subject}' to {row.recipient} could not be sent: {error}.", iso(now), row.id),
    )
    connection.execute(
        "UPDATE outbox SET status = 'failed', next_attempt_at = NULL, error = ? WHERE id = ? AND status = 'queued'",
        (error, row.id),
    )


def requeue(connection: sqlite3.Connection, now: datetime) -> int:
    """Failed ones that have words, as if they were new, and those that wait for their next try; how many.

    Failed ones without words stay failed. What a process is sending now is left to it.
    """
    failed = connection.execute(
        "UPDATE outbox SET status = 'queued', attempts = 0, created_at = ?, next_attempt_at = ?, error = ''"
        " WHERE status = 'failed' AND body || subject <> ''",
        (iso(now), iso(now)),
    )
    waiting = connection.execute(
        "UPDATE outbox SET next_attempt_at = ? WHERE status = 'queued' AND error <> '' AND next_attempt_at > ?",
        (iso(now), iso(now)),
    )
    return failed.rowcount + waiting.rowcount


def forget_failed(connection: sqlite3.Connection) -> int:
    """Failed ones are let go: `status` lists them no more; how many."""
    return connection.execute("UPDATE outbox SET status = 'dropped' WHERE status = 'failed'").rowcount
