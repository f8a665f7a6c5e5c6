"""How many rows still use values of the configuration."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable


def _by(column: str, table: str = "tickets", where: str = "TRUE") -> str:
    """(value, how many) of a JSON list of values: one look at the table for all of them."""
    return (
        f"SELECT {column}, COUNT(*) FROM {table} WHERE {where} AND {column} IN (SELECT value FROM json_each(?)) GROUP BY {column}"
    )


_QUERIES: dict[str, tuple[tuple[str, str], ...]] = {
    "mailbox": (("tickets", _by("mailbox")),),
    "queue": (("tickets", _by("queue")),),
    "status": (("tickets", _by("status")), ("tasks", _by("status", "tasks"))),
    "tag": (("tickets", _by("tag", "ticket_tags")),),
    "organization": (
        ("tickets", _by("organization")),
        ("contacts from mail", _by("organization", "contacts", "origin = 'mail'")),
    ),
    "resource": (
        ("tickets", _by("assigned")),
        ("time entries", _by("resource", "ticket_time_entries")),
        ("time entries of tasks", _by("resource", "task_time_entries")),
    ),
    "active resource": (("open tickets", _by("assigned", where="completed_at IS NULL")),),
    "contact": (("tickets", _by("contact")),),
    # Which tickets are of this form is not asked: when it is gone, nearly all are.
    "form of ticket numbers": (("tickets", "SELECT value, (SELECT COUNT(*) FROM tickets) FROM json_each(?)"),),
    "rule": (("waiting for it", _by("rule", "waiting_rules", "status = 'waiting'")),),
}


def rows_that_use(connection: sqlite3.Connection, kind: str, names: Iterable[str]) -> dict[str, list[tuple[str, int]]]:
    """(what, how many) by the name, only where there are any."""
    values = json.dumps(list(names))
    found: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for what, query in _QUERIES[kind]:
        for name, count in connection.execute(query, (values,)):
            if count:
                found[name].append((what, count))
    return found
