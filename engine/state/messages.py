"""Messages as people look for them, each in a line. Read only."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from itertools import islice

from msgspec import Struct

from engine.decide.decision import iso
from engine.state.stored import unpacked
from engine.text import words_of

COLUMNS = (
    "m.id, m.mailbox, m.received_at, m.sender, m.subject, m.outcome,"
    " COALESCE(NULLIF(json_extract(m.decision, '$.detail'), ''), m.reason, ''), m.number"
)


class MessageLine(Struct, frozen=True):
    """A message and what became of it. `why`: where it became nothing; `number`: of what it became, or was about."""

    id: int
    mailbox: str
    received_at: str
    sender: str
    subject: str
    outcome: str
    why: str
    number: str | None


class Search(Struct, frozen=True):
    """What is looked for: all `words`, in sender, subject, Message-ID or number, without case and accents; and where."""

    words: Sequence[str]
    mailbox: str | None = None
    outcome: str | None = None
    since: datetime | None = None
    most: int = 50


def find_messages(connection: sqlite3.Connection, search: Search) -> tuple[list[MessageLine], bool]:
    """The newest that are found, the oldest of them first; and whether there are more."""
    words = [words_of(word) for word in search.words]

    def has_all(text: bytes) -> bool:
        folded = words_of(text.decode(errors="replace"))  # a text that is damaged keeps no other from being found
        return all(word in folded for word in words)

    # With a plus SQLite goes by the ids, from the newest on, and ends early; by another index it would have to look at all and sort.
    asked = {
        "+m.mailbox = ?": search.mailbox,
        "+m.outcome = ?": search.outcome,
        "+m.received_at >= ?": iso(search.since) if search.since else None,
    }
    given = {condition: value for condition, value in asked.items() if value is not None}
    texts = connection.execute(
        "SELECT m.id, CAST(m.sender || ' ' || m.subject || ' ' || m.message_id || ' ' || COALESCE(m.number, '') AS BLOB)"
        f" FROM messages m WHERE {' AND '.join((*given, 'TRUE'))} ORDER BY m.id DESC",
        tuple(given.values()),
    )
    found = list(islice((identity for identity, text in texts if has_all(text)), search.most + 1))
    lines = (
        connection.execute(f"SELECT {COLUMNS} FROM messages m WHERE m.id = ?", (identity,)).fetchone()
        for identity in reversed(found[: search.most])
    )
    return [MessageLine(*line) for line in lines if line], len(found) > search.most


def mailboxes_of(connection: sqlite3.Connection) -> list[str]:
    """Those that mail came to, also of an earlier configuration."""
    return [row[0] for row in connection.execute("SELECT DISTINCT mailbox FROM messages ORDER BY 1")]


def raw_of(connection: sqlite3.Connection, message: int) -> bytes | None:
    """The bytes of a message; None where they are not kept. Raises `StoreError`."""
    row = connection.execute(
        "SELECT r.zlib FROM raw_messages r JOIN messages m ON m.raw_sha256 = r.sha256 WHERE m.id = ?", (message,)
    ).fetchone()
    return unpacked(row[0], message) if row else None
