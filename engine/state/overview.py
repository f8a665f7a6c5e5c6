"""What people ask a database: how it is doing, how each mailbox is. Read only."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from msgspec import Struct

from engine.decide.decision import iso
from engine.store.rests import rests

_MOST_LISTED = 50


class Held(Struct, frozen=True):
    """A message in quarantine."""

    message: int
    mailbox: str
    source_id: str
    reason: str
    error: str
    created_at: str


class Overdue(Struct, frozen=True):
    """What nobody has run though it is due: how many, and since when for the oldest."""

    count: int
    since: str


class Late(Struct, frozen=True):
    """Notifications that wait for the same reason; `since`: where it is a server's, when that began."""

    error: str
    count: int
    since: datetime | None


class Dead(Struct, frozen=True):
    """An address from which what was sent there last came back: how many did, and the message that returned the last."""

    recipient: str
    count: int
    message: int


class Overview(Struct, frozen=True):
    """`outcomes`: (outcome, reason, count). `late`: (why notifications wait, count). `failed`: (id, recipient, subject, error)."""

    outcomes: tuple[tuple[str, str, int], ...]
    last_processed_at: str | None
    outbox: dict[str, int]
    waiting_rules: int
    quarantine: int
    held: tuple[Held, ...]
    failed: tuple[tuple[int, str, str, str], ...]
    late: tuple[Late, ...]
    overdue_rules: Overdue | None
    unsent: Overdue | None
    dead: tuple[Dead, ...]


def overview(connection: sqlite3.Connection, expected: datetime, sending: Collection[str] | None) -> Overview:
    """`expected`: what was due by then should have been run, or sent. `sending`: the mailboxes whose notifications leave; None: all."""

    def rows(query: str, *values: str) -> tuple[Any, ...]:
        return tuple(connection.execute(query, values).fetchall())

    def overdue(query: str, *values: str) -> Overdue | None:
        ((count, since),) = rows(query, *values)
        return Overdue(count, since) if count else None

    return Overview(
        outcomes=tuple(_outcomes(connection)),
        last_processed_at=next(
            (moment for (moment,) in rows("SELECT processed_at FROM messages ORDER BY id DESC LIMIT 1")), None
        ),
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
        late=tuple(_late(connection)),
        # Mail that is old when it comes queues rules that are due at once: they count from then.
        overdue_rules=overdue(
            "SELECT COUNT(*), MIN(due_at) FROM waiting_rules WHERE status = 'waiting' AND due_at < ? AND created_at < ?",
            iso(expected),
            iso(expected),
        ),
        unsent=overdue(
            "SELECT COUNT(*), MIN(created_at) FROM outbox WHERE status = 'queued' AND error = '' AND next_attempt_at < ?"
            + ("" if sending is None else f" AND mailbox IN ({', '.join('?' * len(sending))})"),
            iso(expected),
            *(sending or ()),
        ),
        dead=tuple(_dead(connection)),
    )


def _outcomes(connection: sqlite3.Connection) -> list[tuple[str, str, int]]:
    """By outcome, the reason that is most often first. The index alone answers this, so nothing is reckoned in it."""
    found = connection.execute("SELECT outcome, reason, COUNT(*) FROM messages GROUP BY outcome, reason").fetchall()
    return sorted(((outcome, reason or "", count) for outcome, reason, count in found), key=lambda row: (row[0], -row[2]))


def _late(connection: sqlite3.Connection) -> Iterator[Late]:
    began = {rest.why: rest.since for rest in rests(connection)}
    query = "SELECT error, COUNT(*) FROM outbox WHERE status = 'queued' AND error <> '' GROUP BY 1 ORDER BY 2 DESC LIMIT 5"
    for error, count in connection.execute(query).fetchall():
        yield Late(error, count, began.get(error))


def _dead(connection: sqlite3.Connection) -> Iterator[Dead]:
    """The latest first."""
    rows = connection.execute(
        "SELECT recipient, COUNT(*), MAX(came_back) FROM outbox o WHERE came_back IS NOT NULL GROUP BY recipient HAVING"
        " (SELECT came_back IS NOT NULL FROM outbox l WHERE l.recipient = o.recipient ORDER BY l.sent_at DESC, l.id DESC LIMIT 1)"
        " ORDER BY 3 DESC"
    )
    return (Dead(*row) for row in rows.fetchall())


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
