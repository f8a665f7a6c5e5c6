"""Values that are no longer as they were written. SQLite looks at how its file hangs together, not at what stands in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator

from msgspec import DecodeError, json

from engine.errors import Damaged
from engine.state.stored import moment, unpacks

_TIMES = ("last_contact", "oldest_unread", "error_since")  # and all whose name ends in `_at`
_JSON = {("messages", "decision"), ("waiting_rules", "changed"), ("outbox", "body_values"), ("tickets", "as_made")}
_TOLD_ELSEWHERE = {("tickets", "due_at"), ("tickets", "completed_at")}  # which other programs write, and `--fix` mends


def damaged_values(connection: sqlite3.Connection) -> Iterator[str]:
    """Where each is, and what it no longer is. `connection` gives texts as bytes."""
    tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
    for (table,) in tables.fetchall():
        yield from _texts(connection, table.decode())
    for row, sha256, packed in connection.execute("SELECT rowid, sha256, zlib FROM raw_messages"):
        if not unpacks(packed):
            yield f"raw_messages.zlib of row {row} cannot be unpacked{_whose(connection, sha256)}"


def _texts(connection: sqlite3.Connection, table: str) -> Iterator[str]:
    described = connection.execute(f"PRAGMA table_info({table})").fetchall()
    columns = [name.decode() for _, name, kind, *_ in described if kind == b"TEXT"]
    if not columns:
        return
    forms = [_form_of(table, name) for name in columns]
    for row, *values in connection.execute(f"SELECT rowid, {', '.join(columns)} FROM {table}"):
        for name, value, form in zip(columns, values, forms, strict=True):
            if not isinstance(value, bytes):
                continue  # none at all, or a number that another program wrote
            if not _is_text(value):
                yield f"{table}.{name} of row {row} is no text"
            elif form is not None and not form[1](value):
                yield f"{table}.{name} of row {row} is no {form[0]}"


def _form_of(table: str, name: str) -> tuple[str, Callable[[bytes], bool]] | None:
    """What a text of this column is more than a text, and whether one is."""
    if (table, name) in _JSON:
        return "JSON", _is_json
    if (name.endswith("_at") or name in _TIMES) and (table, name) not in _TOLD_ELSEWHERE:
        return "time", _is_time
    return None


def _whose(connection: sqlite3.Connection, sha256: bytes) -> str:
    """The messages that have these bytes."""
    ids = connection.execute("SELECT id FROM messages WHERE raw_sha256 = CAST(? AS TEXT) ORDER BY id", (sha256,))
    return "".join(f", message {row[0]}" for row in ids)


def _is_text(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_json(value: bytes) -> bool:
    try:
        json.decode(value)
    except DecodeError:
        return False
    return True


def _is_time(value: bytes) -> bool:
    try:
        moment(value.decode())
    except Damaged:
        return False
    return True
