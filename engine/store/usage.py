"""How many rows still use a value of the configuration."""

from __future__ import annotations

import sqlite3

_QUERIES: dict[str, tuple[tuple[str, str], ...]] = {
    "mailbox": (("tickets", "SELECT COUNT(*) FROM tickets WHERE mailbox = ?"),),
    "queue": (("tickets", "SELECT COUNT(*) FROM tickets WHERE queue = ?"),),
    "status": (
        ("tickets", "SELECT COUNT(*) FROM tickets WHERE status = ?"),
        ("tasks", "SELECT COUNT(*) FROM tasks WHERE status = ?"),
    ),
    "tag": (("tickets", "SELECT COUNT(*) FROM ticket_tags WHERE tag = ?"),),
    "organization": (
        ("tickets", "SELECT COUNT(*) FROM tickets WHERE organization = ?"),
        ("contacts from mail", "SELECT COUNT(*) FROM contacts WHERE origin = 'mail' AND organization = ?"),
    ),
    "resource": (
        ("tickets", "SELECT COUNT(*) FROM tickets WHERE assigned = ?"),
        ("time entries", "SELECT COUNT(*) FROM ticket_time_entries WHERE resource = ?"),
        ("time entries of tasks", "SELECT COUNT(*) FROM task_time_entries WHERE resource = ?"),
    ),
    "active resource": (("open tickets", "SELECT COUNT(*) FROM tickets WHERE assigned = ? AND completed_at IS NULL"),),
    "contact": (("tickets", "SELECT COUNT(*) FROM tickets WHERE contact = ?"),),
    # Which tickets are of this form is not asked: when it is gone, nearly all are.
    "form of ticket numbers": (("tickets", "SELECT COUNT(*) FROM tickets WHERE ? <> ''"),),
    "rule": (("waiting for it", "SELECT COUNT(*) FROM waiting_rules WHERE status = 'waiting' AND rule = ?"),),
}


def rows_that_use(connection: sqlite3.Connection, kind: str, name: str) -> list[tuple[str, int]]:
    """(what, how many), only where there are any."""
    found = [(what, int(connection.execute(query, (name,)).fetchone()[0])) for what, query in _QUERIES[kind]]
    return [(what, count) for what, count in found if count]
