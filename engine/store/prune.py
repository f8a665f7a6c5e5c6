"""Retention: rows and files that nobody needs any more, a batch a transaction, so that polling goes on meanwhile."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from msgspec import Struct
from msgspec.structs import asdict

from engine.decide.decision import iso
from engine.store.attachments import blobs_of, remove_files
from engine.store.database import database_path, transaction
from engine.store.failures import explain_error

_BATCH = 500


class Before(Struct, frozen=True):
    """The moments before which something is let go of; None: it is kept. Aware."""

    raw: datetime | None = None
    files: datetime | None = None
    traces: datetime | None = None
    sent: datetime | None = None


# (what, the rows, what is done to each); `:before` is the moment, `:last` the newest message that there was when the rows were looked for.
_STEPS = {
    "raw": (
        "raw messages",
        "SELECT sha256 FROM raw_messages WHERE sha256 NOT IN (SELECT raw_sha256 FROM messages WHERE received_at >= :before)"
        " AND sha256 NOT IN (SELECT raw_sha256 FROM quarantine)",
        # The same bytes may have come to another mailbox since, or into quarantine.
        "DELETE FROM raw_messages WHERE sha256 = :key"
        " AND NOT EXISTS (SELECT 1 FROM messages WHERE id > :last AND raw_sha256 = :key)"
        " AND NOT EXISTS (SELECT 1 FROM quarantine WHERE raw_sha256 = :key)",
    ),
    # The row stays: that the ticket had it is worth knowing, and who sends it again brings nothing new.
    "files": (
        "attachments",
        "SELECT a.id FROM attachments a JOIN tickets t ON t.number = a.number JOIN messages m ON m.id = a.message"
        " WHERE a.let_go_at IS NULL AND t.completed_at < :before AND m.received_at < :before",
        "UPDATE attachments SET let_go_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now')"
        " WHERE id = :key AND EXISTS (SELECT 1 FROM tickets t WHERE t.number = attachments.number AND t.completed_at IS NOT NULL)",
    ),
    "traces": (
        "traces",
        "SELECT id FROM messages WHERE processed_at < :before AND json_array_length(decision, '$.trace') > 0",
        "UPDATE messages SET decision = json_set(decision, '$.trace', json('[]'), '$.not_fired', json('[]')) WHERE id = :key",
    ),
    # The row stays, for replies and bounces are found by its Message-ID; its words go.
    "sent": (
        "notifications",
        "SELECT id FROM outbox WHERE status IN ('sent', 'dropped') AND created_at < :before",
        "UPDATE outbox SET body = '', body_values = '[]', subject = '', status = 'pruned' WHERE id = :key",
    ),
}


def prune_database(connection: sqlite3.Connection, before: Before, *, dry_run: bool = False) -> dict[str, int]:
    """How many of each. Raises `StoreError`."""
    counts = {}
    try:
        for step, moment in asdict(before).items():
            if moment is None:
                continue
            what, select, change = _STEPS[step]
            (last,) = connection.execute("SELECT COALESCE(MAX(id), 0) FROM messages").fetchone()
            keys = [row[0] for row in connection.execute(select, {"before": iso(moment)}).fetchall()]
            counts[what] = len(keys)
            if dry_run:
                continue
            for start in range(0, len(keys), _BATCH):
                with transaction(connection):
                    connection.executemany(change, [{"key": key, "last": last} for key in keys[start : start + _BATCH]])
            if step == "files":
                _remove_what_was_let_go(connection)
    except (sqlite3.Error, OSError) as error:
        raise explain_error(error, database_path(connection)) from error
    return counts


def _remove_what_was_let_go(connection: sqlite3.Connection) -> None:
    """Also what was left by one that was killed between the rows and their files."""
    blobs = blobs_of(connection)
    if blobs is None:
        return
    gone = connection.execute("SELECT DISTINCT sha256 FROM attachments WHERE let_go_at IS NOT NULL").fetchall()
    remove_files(connection, [path for (sha256,) in gone if (path := blobs.path(sha256)).exists()])
