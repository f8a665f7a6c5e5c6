"""Indexes for what a configuration asks of each message: duplicates, and loops.

Each costs every message some time, so only those are there that the configuration in use needs, and that of a day's tickets, by which `plan` and
`explain` find what another configuration asks for: without one SQLite reads all tickets, for each message.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from engine.config.model import Config
from engine.state.candidates import by_field, columns_of, index_of
from engine.state.days import is_long
from engine.state.sqlite import index_of_messages
from engine.state.view import COMPARED
from engine.store.atomic import atomically

_KEYS = {"sender": "sender", "subject": "subject_key", "body": "body_key"}
# Those that most configurations ask for: a new database has them, for while it is empty they take no time.
USUAL = dict(
    [
        *(index_of(columns, long=False) for columns in ((), ("sender",), ("title_key",))),
        index_of_messages(("sender", "subject_key"), long=False),
    ]
)


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
        for name, _ in there.items() - wanted.items():
            connection.execute(f"DROP INDEX {name}")
        for _, sql in sorted(wanted.items() - there.items()):
            connection.execute(sql)


def _there(connection: sqlite3.Connection) -> dict[str, str]:
    names = "name GLOB 'tickets_same_*' OR name GLOB 'messages_same_*'"
    return dict(connection.execute(f"SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND ({names})").fetchall())


def _wanted(config: Config) -> dict[str, str]:
    """By name, as SQLite keeps them."""
    return dict([index_of((), long=False), *_of_tickets(config), *_of_messages(config)])


def _of_tickets(config: Config) -> Iterator[tuple[str, str]]:
    """For what each criterion compares, but for what is found by an extracted field: they have an index that is always there."""
    for criterion in config.duplicates:
        same = {COMPARED.get(name, name) for name in criterion.same}
        if by_field(same) is None:
            long = is_long(criterion.within)
            yield index_of(columns_of(same), long=long)
            # Strangers share an organization, so with them the sender is compared too; a contact they have not.
            if "contact" not in same:
                yield index_of(columns_of({*same, "sender"}), long=long)


def _of_messages(config: Config) -> Iterator[tuple[str, str]]:
    loop = config.settings.loop_protection
    if loop is not None:
        rare = {"sender", "subject"}  # which need no third beside them
        keys = tuple(
            column for key, column in _KEYS.items() if key in loop.alike and (key in rare or not rare <= set(loop.alike))
        )
        yield index_of_messages(keys, long=is_long(2 * loop.window))
