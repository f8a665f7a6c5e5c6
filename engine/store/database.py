"""Opening the database: WAL, `synchronous=FULL`, foreign keys, migrated; errors as a person can act on them."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from engine.decide.decision import iso
from engine.errors import Position, StoreError
from engine.store.atomic import atomically
from engine.store.failures import explain_error
from engine.store.migrations import MIGRATIONS, migrate, version_of

BUSY_SECONDS = 60
CACHE_KIB = 16_384
CHECKPOINT_PAGES = 4_096  # of 4 KiB: so large the log may grow before it is written into the database


def open_database(path: Path | None) -> sqlite3.Connection:
    """For writing; created when it is not there. None: in memory, for tests. Raises `StoreError`."""
    with _errors(path):
        # An absolute path is always a file's. SQLite takes some relative ones, `:memory:` and `file:...`, for something else.
        place = ":memory:" if path is None else path.absolute()
        connection = sqlite3.connect(place, timeout=BUSY_SECONDS, isolation_level=None, cached_statements=256)
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            if path is not None:
                write_ahead(connection)
                connection.execute("PRAGMA synchronous = FULL")
                # Hundreds of messages share a commit: their pages wait for it here, not in the log.
                connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
                # What SQLite keeps to undo a savepoint went through a file, at 50 writes a message that has one.
                connection.execute("PRAGMA temp_store = MEMORY")
                connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
            else:
                _new_one().backup(connection)
            if version_of(connection) != len(MIGRATIONS):
                migrate(connection, iso(datetime.now(UTC)))
        except BaseException:
            connection.close()
            raise
    return connection


@cache
def _new_one() -> sqlite3.Connection:
    """What is opened in memory, by any thread, is a copy of this. Rule tests take one each: making it anew was two thirds of their time."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    migrate(connection, iso(datetime.now(UTC)))
    return connection


def write_ahead(connection: sqlite3.Connection) -> None:
    """Switch to WAL. SQLite does not wait by itself where two processes open a new database at once."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
        time.sleep(0.01)


def open_existing(path: Path) -> sqlite3.Connection:
    """For writing. Raises `StoreError`, also when there is no database yet: a name that is misspelt makes no new one."""
    _look_for(path)
    return open_database(path)


def open_for_reading(path: Path) -> sqlite3.Connection:
    """Nothing can be written through it, and the rights to read are enough. Raises `StoreError`, also when there is no database yet."""
    _look_for(path)
    with _errors(path):
        connection, version = _reader(path)
        if version != len(MIGRATIONS):
            connection.close()
            raise StoreError.of(
                f"the database has version {version}, this postroom understands {len(MIGRATIONS)}",
                "run `postroom run` once to upgrade it" if version < len(MIGRATIONS) else "upgrade postroom",
                Position(str(path)),
            )
    return connection


def _reader(path: Path) -> tuple[sqlite3.Connection, int]:
    """With the database's version."""
    try:
        return _connected(path, "mode=ro")
    except sqlite3.OperationalError:
        # To read beside writers SQLite makes files beside the database. Where it may not, and there is no log, nobody writes: it
        # can be read as it stands, such as a backup on a disk that is mounted to be read only.
        log = path.with_name(f"{path.name}-wal")
        if os.access(path.parent, os.W_OK) or (log.exists() and log.stat().st_size):
            raise
        return _connected(path, "mode=ro&immutable=1")


def _connected(path: Path, words: str) -> tuple[sqlite3.Connection, int]:
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?{words}", uri=True, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        return connection, version_of(connection)
    except BaseException:
        connection.close()
        raise


def _look_for(path: Path) -> None:
    if not path.exists():
        raise StoreError.of("there is no such database", "run `postroom run` first, or name one with --db", Position(str(path)))
    if path.is_dir():
        raise StoreError.of("this is a folder and no database", "name a file with --db", Position(str(path)))


def database_path(connection: sqlite3.Connection) -> Path | None:
    """The file behind a connection, None in memory."""
    text_factory, connection.text_factory = connection.text_factory, os.fsdecode  # a path need be no UTF-8
    try:
        name = connection.execute("PRAGMA database_list").fetchone()[2]
    finally:
        connection.text_factory = text_factory
    return Path(name) if name else None


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """One write transaction: all of it, or nothing. Raises `StoreError` when the database or the disk fails."""
    try:
        with atomically(connection):
            yield
    except (sqlite3.Error, OSError) as error:
        raise explain_error(error, database_path(connection)) from error


@contextmanager
def _errors(path: Path | None) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise explain_error(error, path) from error
    except UnicodeDecodeError as error:  # of what SQLite says of its tables, whose text it shows
        raise explain_error(sqlite3.DatabaseError("its tables are malformed"), path) from error
