"""What must hold of a database whatever happened to the processes that wrote it."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

from engine.store.entities import ADDED_TO


def outcomes(db: Path) -> list[tuple[str, ...]]:
    """What became of each message, in the order in which they were taken: the same, however often the process was killed."""
    with closing(sqlite3.connect(db)) as connection:
        return connection.execute("SELECT mailbox, identity, outcome, reason, number FROM messages ORDER BY id").fetchall()


def inconsistent(db: Path, messages: int | None = None, once: str = "message_id") -> list[str]:
    """What is wrong. `messages`: so many must have been processed; None while some are still to come.

    `once`: the column that no two rows share. In mail that is not made up here it is `source_id`: two may have one Message-ID.
    """
    found = []
    with closing(sqlite3.connect(db)) as connection:

        def one(query: str) -> int:
            return int(connection.execute(query).fetchone()[0])

        rows = one("SELECT COUNT(*) FROM messages")
        if messages is not None and rows != messages:
            found.append(f"{rows} rows of {messages} messages")
        if one(f"SELECT COUNT(DISTINCT {once}) FROM messages") != rows:
            found.append("a message has two rows")
        if one("SELECT COUNT(*) FROM tickets") != one("SELECT COUNT(*) FROM messages WHERE outcome = 'created'"):
            found.append("tickets and messages that opened one are not as many")
        if one("SELECT COUNT(*) - COUNT(DISTINCT message) FROM tickets") != 0:
            found.append("a message opened two tickets")
        if sum(one(f"SELECT COUNT(*) FROM {table} WHERE message IS NOT NULL") for table, _ in ADDED_TO.values()) != one(
            "SELECT COUNT(*) FROM messages WHERE outcome = 'appended'"
        ):
            found.append("notes and time entries, and messages that became one, are not as many")
        if one("SELECT COUNT(*) FROM messages WHERE outcome = 'quarantined'") != one("SELECT COUNT(*) FROM quarantine"):
            found.append("messages that are held and rows of quarantine are not as many")
        without = "COALESCE(reason, '') NOT IN ('private', 'too_large') AND raw_sha256 NOT IN (SELECT sha256 FROM raw_messages)"
        if one(f"SELECT COUNT(*) FROM messages WHERE {without}") != 0:
            found.append("a message has no bytes")
        if one("SELECT COUNT(*) - COUNT(DISTINCT message_id) FROM outbox") != 0:
            found.append("a notification is queued twice")
        for name, sha256 in connection.execute("SELECT name, sha256 FROM attachments"):
            path = db.with_name(f"{db.name}.files") / sha256[:2] / sha256
            if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
                found.append(f"the attachment {name} has no file, or half of it")
        if connection.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
            found.append("the database is broken")
        if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
            found.append("a row refers to one that is not there")
    return found
