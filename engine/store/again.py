"""Messages that may be processed anew: what is in quarantine, and what became nothing; and taking one out, to be so."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct, json

from engine.decide.decision import iso
from engine.errors import StoreError
from engine.mail.withhold import Passwords
from engine.state.messages import COLUMNS, MessageLine
from engine.state.stored import moment, unpacked_whole
from engine.store.database import database_path, transaction
from engine.store.failures import explain_error

_NOTHING = ("ignored", "refused", "duplicate", "quarantined")
_ROWS = f"SELECT {COLUMNS}, r.sha256 IS NOT NULL FROM messages m LEFT JOIN raw_messages r ON r.sha256 = m.raw_sha256"
_ENDED_BY = (
    " AND m.id IN (SELECT h.message FROM rule_hits h WHERE h.rule = ?) AND EXISTS (SELECT 1 FROM json_each(m.decision, '$.fired') f,"
    " json_each(f.value, '$.did') d WHERE json_extract(f.value, '$.rule') = ?"
    " AND substr(d.value, 1, instr(d.value, ' ') - 1) IN ('discard', 'refuse', 'quarantine'))"
)


class Choice(Struct, frozen=True):
    """Which messages: `only` these ids; or those that a `rule` ended, or that became nothing for a `reason`, received `since`.

    Where nothing is said, all in quarantine.
    """

    only: tuple[int, ...] = ()
    rule: str | None = None
    reason: str | None = None
    since: datetime | None = None


class Taken(Struct, frozen=True):
    """One that was taken out, with its whole bytes."""

    mailbox: str
    source_id: str
    received_at: datetime
    raw: bytes


def choose(connection: sqlite3.Connection, choice: Choice) -> tuple[list[MessageLine], int]:
    """The oldest first, and how many more there are whose bytes are not kept. Raises `StoreError` for a named one that cannot be."""
    try:
        return _chosen(connection, choice)
    except (sqlite3.Error, OSError) as error:
        raise explain_error(error, database_path(connection)) from error


def _chosen(connection: sqlite3.Connection, choice: Choice) -> tuple[list[MessageLine], int]:
    if choice.only:
        return [_named(connection, message) for message in dict.fromkeys(choice.only)], 0
    if choice.rule is None and choice.reason is None:
        return _rows(connection, " WHERE m.id IN (SELECT message FROM quarantine)")
    where, values = f" WHERE m.outcome IN {_NOTHING}", []
    if choice.since is not None:
        where, values = f"{where} AND m.received_at >= ?", [iso(choice.since)]
    if choice.reason is not None:
        where, values = f"{where} AND m.reason = ?", [*values, choice.reason]
    if choice.rule is not None:
        where, values = f"{where}{_ENDED_BY}", [*values, choice.rule, choice.rule]
    return _rows(connection, where, *values)


def _rows(connection: sqlite3.Connection, where: str, *values: Any) -> tuple[list[MessageLine], int]:
    rows = connection.execute(f"{_ROWS}{where} ORDER BY m.id", values).fetchall()
    kept = [MessageLine(*found) for *found, is_kept in rows if is_kept]
    return kept, len(rows) - len(kept)


def _named(connection: sqlite3.Connection, message: int) -> MessageLine:
    row = connection.execute(f"{_ROWS} WHERE m.id = ?", (message,)).fetchone()
    if row is None:
        raise StoreError.of(
            f"there is no message {message}",
            "`postroom status` and `show` tell their numbers; each try gives a message a new one",
        )
    *found, is_kept = row
    one = MessageLine(*found)
    if one.outcome not in _NOTHING:
        raise StoreError.of(f"message {message} became something: {one.number}", f"`postroom show {one.number}` shows it")
    if not is_kept:
        raise StoreError.of(f"of message {message} the bytes are not kept", "let its sender send it again")
    return one


def take_out(connection: sqlite3.Connection, message: int, passwords: Passwords) -> Taken | None:
    """Remove the message's rows, within the caller's transaction, and give its bytes back; None where another process was quicker."""
    row = connection.execute(
        "SELECT m.mailbox, m.source_id, m.received_at, r.zlib, r.sha256, m.message_id, m.identity, m.outcome, m.number,"
        " json_extract(m.decision, '$.ticket') IS NOT NULL FROM messages m JOIN raw_messages r ON r.sha256 = m.raw_sha256"
        f" WHERE m.id = ? AND m.outcome IN {_NOTHING}",
        (message,),
    ).fetchone()
    if row is None:
        return None
    mailbox, source_id, received, packed, sha256, message_id, identity, outcome, number, counted = row
    if outcome == "duplicate" and counted:  # it will be again, if it is one again
        connection.execute("UPDATE tickets SET occurrences = occurrences - 1 WHERE number = ? AND occurrences > 1", (number,))
    connection.execute("DELETE FROM quarantine WHERE message = ?", (message,))
    connection.execute("DELETE FROM rule_hits WHERE message = ?", (message,))
    connection.execute("UPDATE outbox SET message = NULL WHERE message = ?", (message,))
    connection.execute("UPDATE outbox SET came_back = NULL WHERE came_back = ?", (message,))
    connection.execute("DELETE FROM messages WHERE id = ?", (message,))
    # It is stored anew: perhaps with a password in it that was not known as one before. Its copies have the same identity.
    connection.execute(
        "DELETE FROM raw_messages WHERE sha256 = :sha256 AND NOT EXISTS"
        " (SELECT 1 FROM messages WHERE message_id = :message_id AND identity = :identity AND raw_sha256 = :sha256)",
        {"sha256": sha256, "message_id": message_id, "identity": identity},
    )
    return Taken(mailbox, source_id, moment(received), unpacked_whole(packed, message, passwords, sha256))


def forget(connection: sqlite3.Connection, messages: Sequence[MessageLine], now: datetime) -> int:
    """They leave quarantine as they are, and become nothing; how many did, for another process may have been quicker. Raises `StoreError`."""
    step = json.encode({"step": "forgotten", "found": f"a person let it go at {iso(now)}", "where": ""}).decode()
    forgotten = 0
    with transaction(connection):
        for one in messages:
            if connection.execute("DELETE FROM quarantine WHERE message = ?", (one.id,)).rowcount:
                forgotten += 1
                connection.execute(
                    # `$.trace[#]` is not known to the SQLite of Red Hat 8.
                    "UPDATE messages SET outcome = 'ignored', decision = json_set(decision, '$.outcome', 'ignored',"
                    " '$.trace[' || json_array_length(decision, '$.trace') || ']', json(?)) WHERE id = ?",
                    (step, one.id),
                )
    return forgotten


def rules_that_ran(connection: sqlite3.Connection) -> list[str]:
    return [row[0] for row in connection.execute("SELECT DISTINCT rule FROM rule_hits ORDER BY 1")]
