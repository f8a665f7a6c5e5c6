"""Whether the database is still the file that was opened. SQLite goes on with one that was deleted, moved or replaced, as if nothing was."""

from __future__ import annotations

from pathlib import Path

from engine.errors import Position, StoreError


class TakenAway(StoreError):
    """Another file lies where the opened database lay, or none."""


class InPlace:
    """Of a database just opened. What is stored after its file went is seen by nobody, so mail must not be filed then.

    The path is the one that we were given: SQLite follows a symbolic link once, and never sees that it points elsewhere now.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = _file_at(path)

    def check(self) -> None:
        """Raises `TakenAway`."""
        if _file_at(self._path) != self._file:
            raise taken_away(self._path)


def taken_away(path: Path) -> TakenAway:
    return TakenAway.of(
        "the database is no longer the file that was opened: it was deleted, moved or replaced",
        "put it back, and it is taken up again; an empty one is made only by a new start",
        Position(str(path)),
    )


def _file_at(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
