"""Ways out that do not work: how long each is left alone, and why. Kept, so that `send` in a crontab leaves it alone too."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from engine.store.cursors import cursor, forget_cursor, keep_cursor

LONGEST = timedelta(hours=1)
_ALL = "name >= 'rest ' AND name < 'rest!'"


class Rest(Struct, frozen=True):
    """`failures` in a row, the first at `since`; nothing is tried before `until`, at the most `LONGEST` away."""

    failures: int
    since: datetime
    until: datetime
    why: str

    def holds(self, now: datetime) -> bool:
        """One that is longer than any was made by a clock that was wrong."""
        return now < self.until <= now + LONGEST


def rest_of(connection: sqlite3.Connection, way: str) -> Rest | None:
    found = cursor(connection, f"rest {way}")
    return _rest(found) if found else None


def rests(connection: sqlite3.Connection) -> list[Rest]:
    """Of all ways, also of such that no configuration names any more."""
    rows = connection.execute(f"SELECT value FROM cursors WHERE {_ALL}").fetchall()
    return [rest for (value,) in rows if (rest := _rest(value))]


def _rest(value: str) -> Rest | None:
    try:
        return msgspec.json.decode(value, type=Rest)
    except msgspec.DecodeError:  # damaged: nothing is left alone for it
        return None


def keep_rest(connection: sqlite3.Connection, way: str, rest: Rest, now: datetime) -> None:
    keep_cursor(connection, f"rest {way}", msgspec.json.encode(rest).decode(), now)


def end_rest(connection: sqlite3.Connection, way: str) -> None:
    forget_cursor(connection, f"rest {way}")


def end_rests(connection: sqlite3.Connection) -> None:
    """Somebody mended something, it seems: all are tried at once."""
    connection.execute(f"DELETE FROM cursors WHERE {_ALL}")
