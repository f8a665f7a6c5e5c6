"""Retention: rows that nobody needs any more, a batch a transaction, so that polling goes on meanwhile."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from engine.decide.decision import iso
from engine.store.database import database_path, explain_error, transaction

_BATCH = 500
# (what, the rows, what is done to them); `?` is the moment before which they are let go of.
_RAW = (
    "raw messages",
    "SELECT sha256 FROM raw_messages WHERE sha256 NOT IN (SELECT raw_sha256 FROM messages WHERE received_at >= ?)"
    " AND sha256 NOT IN (SELECT raw_sha256 FROM quarantine)",
    "DELETE FROM raw_messages WHERE sha256 = ?",
)
_TRACES = (
    "traces",
    "SELECT id FROM messages WHERE processed_at < ? AND json_array_length(decision, '$.trace') > 0",
    "UPDATE messages SET decision = json_set(decision, '$.trace', json('[]'), '$.not_fired', json('[]')) WHERE id = ?",
)
_SENT = (
    "notifications",
    "SELECT id FROM outbox WHERE status IN ('sent', 'dropped') AND created_at < ?",
    # The row stays, for replies and bounces are found by its Message-ID; its words go.
    "UPDATE outbox SET body = '', body_values = '[]', subject = '', status = 'pruned' WHERE id = ?",
)


def prune_database(
    connection: sqlite3.Connection, raw: datetime | None, traces: datetime | None, sent: datetime | None, *, dry_run: bool = False
) -> dict[str, int]:
    """How many of each. Raises `StoreError`."""
    counts = {}
    try:
        for (what, select, change), before in ((_RAW, raw), (_TRACES, traces), (_SENT, sent)):
            if before is None:
                continue
            keys = [row[0] for row in connection.execute(select, (iso(before),)).fetchall()]
            counts[what] = len(keys)
            if not dry_run:
                for start in range(0, len(keys), _BATCH):
                    with transaction(connection):
                        connection.executemany(change, [(key,) for key in keys[start : start + _BATCH]])
    except (sqlite3.Error, OSError) as error:
        raise explain_error(error, database_path(connection)) from error
    return counts
