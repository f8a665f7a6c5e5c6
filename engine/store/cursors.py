"""Small things that are kept from one run to the next, by name."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from engine.decide.decision import iso


def cursor(connection: sqlite3.Connection, name: str) -> str | None:
    row = connection.execute("SELECT value FROM cursors WHERE name = ?", (name,)).fetchone()
    return row[0] if row else None


def keep_cursor(connection: sqlite3.Connection, name: str, value: str, now: datetime) -> None:
    connection.execute(
        "INSERT INTO cursors VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at",
        (name, value, iso(now)),
    )


def forget_cursor(connection: sqlite3.Connection, name: str) -> None:
    connection.execute("DELETE FROM cursors WHERE name = ?", (name,))
