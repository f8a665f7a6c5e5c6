"""How often rules ran, and when last. Read only."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from msgspec import Struct

from engine.decide.decision import iso

# By the index: each message's row, with its Decision, would be a page to read.
_ON_MAIL = (
    "SELECT h.rule, COUNT(*), MAX(m.received_at) FROM messages m INDEXED BY messages_by_receipt"
    " CROSS JOIN rule_hits h ON h.message = m.id WHERE m.received_at >= ? GROUP BY h.rule"
)
_WAITED = (
    "SELECT rule, SUM(status = 'ran'), MAX(CASE status WHEN 'ran' THEN finished_at END), SUM(status = 'dropped') FROM waiting_rules"
    " WHERE finished_at >= ? GROUP BY rule"
)


class Hits(Struct, frozen=True):
    """`last`: when the last mail came on which it ran, or when it ran after waiting; `dropped`: how often it waited in vain."""

    count: int = 0
    last: str | None = None
    dropped: int = 0


def rule_hits(connection: sqlite3.Connection, since: datetime | None) -> dict[str, Hits]:
    """By rule; those that never ran and never waited are not there."""
    moment = iso(since) if since else ""
    found = {rule: Hits(count, last) for rule, count, last in connection.execute(_ON_MAIL, (moment,)).fetchall()}
    waited = connection.execute(_WAITED, (moment,)).fetchall()
    return found | {rule: Hits(count, last, dropped) for rule, count, last, dropped in waited}
