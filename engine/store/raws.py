"""The bytes of messages, packed. Deciding never asks for them, so those of a whole commit are written in a row: that takes half the time,
and leaves the processor's caches to all else."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from isal import isal_zlib
from msgspec import Struct


class RawMessage(Struct, frozen=True):
    """`sha256` and `size` are the message's as it came; `data` may be without the password of an alerts token."""

    sha256: str
    size: int
    data: bytes


def keep_raw(connection: sqlite3.Connection, raws: Iterable[RawMessage]) -> None:
    """In the transaction in which the messages themselves are stored."""
    connection.executemany(
        "INSERT OR IGNORE INTO raw_messages VALUES (?, ?, ?)",
        ((one.sha256, one.size, isal_zlib.compress(one.data, 1)) for one in raws),
    )
