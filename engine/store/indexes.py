"""Indexes for what a configuration asks of each message: duplicates by other fields than the title, loops by other keys than sender and subject.

Each costs every message some time, so only those are there that the configuration in use needs. Without them SQLite reads all tickets, or
messages, of the time that is asked about: in a flood thousands, for each message.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from engine.config.model import Config, Criterion
from engine.state.sqlite import COUNTED
from engine.state.view import COMPARED
from engine.store.atomic import atomically

_KEYS = {"sender": "sender", "subject": "subject_key", "body": "body_key"}


def fit_indexes(connection: sqlite3.Connection, config: Config) -> None:
    """Makes those that the configuration needs, and takes away those that another one needed."""
    wanted = _wanted(config)
    if _there(connection) == wanted:
        return
    try:
        with _sorting_in_a_file(connection):
            _make(connection, wanted)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            raise
        _make(connection, wanted)  # there is no room for a file, or no folder


@contextmanager
def _sorting_in_a_file(connection: sqlite3.Connection) -> Iterator[None]:
    """For an index of a million tickets SQLite sorts 130 MB: not in memory."""
    (before,) = connection.execute("PRAGMA temp_store").fetchone()
    connection.execute("PRAGMA temp_store = FILE")
    try:
        yield
    finally:
        connection.execute(f"PRAGMA temp_store = {before}")


def _make(connection: sqlite3.Connection, wanted: dict[str, str]) -> None:
    with atomically(connection):
        there = _there(connection)  # another process may have been quicker
        for name in there.keys() - wanted.keys():
            connection.execute(f"DROP INDEX {name}")
        for name in wanted.keys() - there.keys():
            connection.execute(wanted[name])


def _there(connection: sqlite3.Connection) -> dict[str, str]:
    names = "name GLOB 'tickets_same_*' OR name GLOB 'messages_same_*'"
    return dict(connection.execute(f"SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND ({names})").fetchall())


def _wanted(config: Config) -> dict[str, str]:
    """By name, as SQLite keeps them."""
    found = {}
    for columns in sorted({columns for criterion in config.duplicates for columns in _asked(criterion)}):
        name = "_".join(("tickets_same", *columns))
        found[name] = f"CREATE INDEX {name} ON tickets (organization, {', '.join(columns)}, created_at, number, title)"
    loop = config.settings.loop_protection
    if loop is not None and not {"sender", "subject"} <= set(loop.alike):  # these two always have theirs
        keys = [column for key, column in _KEYS.items() if key in loop.alike]
        name = "_".join(("messages_same", *keys))
        found[name] = f"CREATE INDEX {name} ON messages (mailbox, {', '.join(keys)}, received_at) WHERE {COUNTED}"
    return found


def _asked(criterion: Criterion) -> Iterator[tuple[str, ...]]:
    """The columns of tickets that it compares, of which no index is always there: titles have one, and so has what `extract` finds."""
    if set(criterion.same) - COMPARED.keys():
        return
    columns = tuple(column for name, column in COMPARED.items() if name in criterion.same)
    if columns and "title" not in criterion.same:
        yield columns
    # Strangers share an organization, so with them the sender is compared too; a contact they have not.
    if "contact" not in criterion.same:
        yield tuple(dict.fromkeys((*columns, "sender")))
