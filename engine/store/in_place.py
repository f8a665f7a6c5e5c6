"""Whether the database is still the file that was opened. SQLite goes on with one that was deleted, moved or replaced, as if nothing was."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from engine.errors import Position, StoreError
from engine.store.database import database_path


class TakenAway(StoreError):
    """Another file lies where the opened database lay, or none."""


class InPlace:
    """Of a connection just opened. What is stored through it after the file went is seen by nobody, so mail must not be filed then."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._path = database_path(connection)
        self._file = _file_at(self._path)

    def check(self) -> None:
        """Raises `TakenAway`."""
        if self._path is not None and _file_at(self._path) != self._file:
            raise taken_away(self._path)


def taken_away(path: Path) -> TakenAway:
    return TakenAway.of(
        "the database is no longer the file that was opened: it was deleted, moved or replaced",
        "put it back, and it is taken up again; an empty one is made only by a new start",
        Position(str(path)),
    )


def _file_at(path: Path | None) -> tuple[int, int] | None:
    try:
        found = path.stat() if path is not None else None
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if found is not None else None
