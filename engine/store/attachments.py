"""Which files of attachments are needed, and removing those that are not."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from msgspec import json

from engine.store.blobs import Blobs
from engine.store.database import database_path, transaction

_BATCH = 500


def blobs_of(connection: sqlite3.Connection) -> Blobs | None:
    """The folder beside the database's file, wherever links to that lie. None in memory."""
    path = database_path(connection)
    return Blobs(path.with_name(f"{path.name}.files")) if path is not None else None


def needed_files(connection: sqlite3.Connection) -> set[str]:
    """By their SHA-256: of attachments whose file was not let go."""
    return {str(row[0]) for row in connection.execute("SELECT DISTINCT sha256 FROM attachments WHERE let_go_at IS NULL")}


def remove_files(connection: sqlite3.Connection, paths: Sequence[Path]) -> None:
    """Those of them that no attachment needs. Raises `StoreError`.

    In write transactions, as messages are stored: one that brings the same file again finds it there, or writes it anew.
    """
    for start in range(0, len(paths), _BATCH):
        batch = paths[start : start + _BATCH]
        with transaction(connection):
            rows = connection.execute(
                "SELECT DISTINCT sha256 FROM attachments WHERE let_go_at IS NULL AND sha256 IN (SELECT value FROM json_each(?))",
                (json.encode([path.name for path in batch if path.name.isascii()]).decode(),),
            )
            still = {str(row[0]) for row in rows}
            for path in batch:
                if path.name not in still:
                    path.unlink(missing_ok=True)
