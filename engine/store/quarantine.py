"""What is held in quarantine, and taking one message out of it to be processed anew."""

from __future__ import annotations

import sqlite3
import zlib
from datetime import datetime

from msgspec import Struct

from engine.errors import StoreError
from engine.mail.withhold import Passwords
from engine.state.sqlite import moment


class Held(Struct, frozen=True):
    """One message in quarantine, with its whole bytes."""

    message: int
    mailbox: str
    source_id: str
    received_at: datetime
    raw: bytes


def held_messages(connection: sqlite3.Connection, only: tuple[int, ...]) -> list[int]:
    """Ids of messages in quarantine; `only` these where some are named. Raises `StoreError` for one that is not there."""
    every = [row[0] for row in connection.execute("SELECT message FROM quarantine ORDER BY id")]
    for message in only:
        if message not in every:
            raise StoreError.of(
                f"message {message} is not in quarantine",
                "`postroom status` shows which are; each try gives a message a new number",
            )
    return list(dict.fromkeys(only)) or every


def release(connection: sqlite3.Connection, message: int, passwords: Passwords) -> Held | None:
    """Remove the message's rows, within the caller's transaction, and give its bytes back; None where another process was quicker."""
    row = connection.execute(
        "SELECT q.mailbox, q.source_id, m.received_at, r.zlib, r.sha256, m.identity FROM quarantine q JOIN messages m ON m.id = q.message"
        " JOIN raw_messages r ON r.sha256 = q.raw_sha256 WHERE q.message = ?",
        (message,),
    ).fetchone()
    if row is None:
        return None
    connection.execute("DELETE FROM quarantine WHERE message = ?", (message,))
    connection.execute("DELETE FROM rule_hits WHERE message = ?", (message,))
    connection.execute("UPDATE outbox SET message = NULL WHERE message = ?", (message,))
    connection.execute("DELETE FROM messages WHERE id = ?", (message,))
    packed, sha256, identity = row[3:]
    # It is stored anew: perhaps with a password in it that was not known as one before. Its copies have the same identity.
    connection.execute(
        "DELETE FROM raw_messages WHERE sha256 = :sha256 AND NOT EXISTS"
        " (SELECT 1 FROM messages WHERE identity = :identity AND raw_sha256 = :sha256)",
        {"sha256": sha256, "identity": identity},
    )
    return Held(message, row[0], row[1], moment(row[2]), passwords.restore(zlib.decompress(packed), sha256))
