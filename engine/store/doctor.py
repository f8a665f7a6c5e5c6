"""What can be wrong with a database and its attachments, and what of it is safe to repair."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from msgspec import Struct, json

from engine.errors import Damaged
from engine.mail.parse import parse_message
from engine.state.stored import unpacked
from engine.store.attachments import blobs_of, needed_files, remove_files
from engine.store.blobs import Blobs
from engine.store.damage import damaged_values
from engine.store.database import transaction

MOST_SHOWN = 20
YOUNG_SECONDS = 3600


class Ailment(Struct, frozen=True):
    """`repair` is what `--fix` does about it; empty: a person must."""

    what: str
    count: int
    examples: tuple[str, ...] = ()
    repair: str = ""


# (what, the rows, what --fix does, in words, and the statement that does it)
_ORPHANS = (
    (
        "notes of tickets that are not there",
        "SELECT id FROM ticket_notes WHERE ticket NOT IN (SELECT number FROM tickets)",
        "",
        "",
    ),
    (
        "time entries of tickets that are not there",
        "SELECT id FROM ticket_time_entries WHERE ticket NOT IN (SELECT number FROM tickets)",
        "",
        "",
    ),
    (
        "tags of tickets that are not there",
        "SELECT ticket || ' ' || tag FROM ticket_tags WHERE ticket NOT IN (SELECT number FROM tickets)",
        "they are removed",
        "DELETE FROM ticket_tags WHERE ticket NOT IN (SELECT number FROM tickets)",
    ),
    (
        "rules that wait for tickets that are not there",
        "SELECT rule || ' ' || ticket FROM waiting_rules WHERE status = 'waiting' AND ticket NOT IN (SELECT number FROM tickets)",
        "they are dropped",
        "UPDATE waiting_rules SET status = 'dropped', because = 'the ticket is not there' WHERE status = 'waiting' AND ticket NOT IN (SELECT number FROM tickets)",
    ),
    *(
        (
            f"tickets whose {name} is not written as postroom writes times",
            f"SELECT number FROM tickets WHERE {name} IS NOT strftime('%Y-%m-%dT%H:%M:%SZ', {name})",
            "those that can be read as UTC are written anew",
            f"UPDATE tickets SET {name} = strftime('%Y-%m-%dT%H:%M:%SZ', {name})"
            f" WHERE {name} IS NOT strftime('%Y-%m-%dT%H:%M:%SZ', {name}) AND strftime('%s', {name}) IS NOT NULL",
        )
        for name in ("due_at", "completed_at")
    ),
    (
        "notifications that are not due for a month, for the clock was wrong when they were put off",
        "SELECT id FROM outbox WHERE status = 'queued' AND NOT COALESCE(next_attempt_at <= strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '+31 days'), 0)",
        "they are due now",
        "UPDATE outbox SET next_attempt_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now') WHERE status = 'queued'"
        " AND NOT COALESCE(next_attempt_at <= strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '+31 days'), 0)",
    ),
    ("messages without an outcome", "SELECT id FROM messages WHERE outcome = '' OR NOT json_valid(decision)", "", ""),
    (
        "messages that became a ticket which is not there",
        "SELECT id FROM messages WHERE outcome = 'created' AND number NOT IN (SELECT number FROM tickets)",
        "",
        "",
    ),
    (
        "quarantined messages without a row in quarantine",
        "SELECT id FROM messages WHERE outcome = 'quarantined' AND id NOT IN (SELECT message FROM quarantine) AND raw_sha256 IN (SELECT sha256 FROM raw_messages)",
        "they are put back into quarantine",
        "INSERT INTO quarantine (message, mailbox, source_id, raw_sha256, reason, error, created_at) SELECT id, mailbox, source_id, raw_sha256,"
        " COALESCE(reason, 'error'), 'found by doctor', processed_at FROM messages WHERE outcome = 'quarantined'"
        " AND id NOT IN (SELECT message FROM quarantine) AND raw_sha256 IN (SELECT sha256 FROM raw_messages)",
    ),
    (
        "raw messages that belong to none",
        "SELECT sha256 FROM raw_messages WHERE sha256 NOT IN (SELECT raw_sha256 FROM messages)",
        "they are removed",
        "DELETE FROM raw_messages WHERE sha256 NOT IN (SELECT raw_sha256 FROM messages)",
    ),
)


def examine(connection: sqlite3.Connection) -> Iterator[Ailment]:
    """Everything that is wrong, the worst first. A database that SQLite itself calls broken is not looked at further."""
    broken = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(20)") if row[0] != "ok"]
    if broken:
        yield Ailment(
            "faults that SQLite finds in the database, which is to be restored from a backup", len(broken), tuple(broken)
        )
        return
    yield from _damage(connection)
    keys = [f"{table} row {row}" for table, row, *_ in connection.execute("PRAGMA foreign_key_check")]
    if keys:
        yield Ailment("rows that name rows which are not there", len(keys), tuple(keys[:MOST_SHOWN]))
    for what, query, repair, _ in _ORPHANS:
        found = [str(row[0]) for row in connection.execute(query)]
        if found:
            yield Ailment(what, len(found), tuple(found[:MOST_SHOWN]), repair)
    blobs = blobs_of(connection)
    if blobs is not None:
        yield from _files(connection, blobs)


def _damage(connection: sqlite3.Connection) -> Iterator[Ailment]:
    connection.text_factory = bytes
    found = list(damaged_values(connection))
    # What is no text is told by now, and is to be in nobody's way below.
    connection.text_factory = partial(str, encoding="utf-8", errors="replace")
    if found:
        yield Ailment(
            "values that are damaged: the database is to be restored from a backup", len(found), tuple(found[:MOST_SHOWN])
        )


def _files(connection: sqlite3.Connection, blobs: Blobs) -> Iterator[Ailment]:
    known = needed_files(connection)
    there = {path.name: path for path in blobs.files()}
    missing = sorted(known - there.keys())
    if missing:
        yield Ailment(
            "attachments without their file",
            len(missing),
            tuple(missing[:MOST_SHOWN]),
            "those whose message is still kept are taken from it",
        )
    other = sorted(name for name, path in there.items() if name in known and _digest(path) != name)
    if other:
        yield Ailment("files of attachments that are not what they were", len(other), tuple(other[:MOST_SHOWN]))
    spare = sorted(name for name in there.keys() - known if _is_old(there[name]))
    if spare:
        yield Ailment("files that belong to no attachment", len(spare), tuple(spare[:MOST_SHOWN]), "they are removed")


def _is_old(path: Path) -> bool:
    """A young file may belong to a message that another process is just storing."""
    return time.time() - path.stat().st_mtime > YOUNG_SECONDS


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def repair(connection: sqlite3.Connection) -> None:
    """What is safe, in one transaction: nothing is removed that a person may want."""
    with transaction(connection):
        for *_, statement in _ORPHANS:
            if statement:
                connection.execute(statement)
    blobs = blobs_of(connection)
    if blobs is not None:
        _repair_files(connection, blobs)


def _repair_files(connection: sqlite3.Connection, blobs: Blobs) -> None:
    known = needed_files(connection)
    there = {path.name: path for path in blobs.files()}
    wanted = known - there.keys()
    if wanted:
        rows = connection.execute(
            "SELECT a.message, r.zlib FROM attachments a JOIN messages m ON m.id = a.message JOIN raw_messages r ON r.sha256 = m.raw_sha256"
            " WHERE a.let_go_at IS NULL AND a.sha256 IN (SELECT value FROM json_each(?)) GROUP BY r.sha256",  # a folder that is gone may have held more than SQLite binds
            (json.encode(sorted(wanted)).decode(),),
        )
        for message, packed in rows:
            with suppress(Damaged):
                found = parse_message(unpacked(packed, message)).attachments
                blobs.keep(one for one in found if one.sha256 in wanted)
    remove_files(connection, [there[name] for name in there.keys() - known if _is_old(there[name])])
