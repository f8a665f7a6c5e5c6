"""Waiting rules: which are due, and storing what became of one, in one transaction each."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from msgspec import Struct

from engine.config.model import Config
from engine.decide.decision import iso, ticket_as_kept
from engine.decide.waiting import Due
from engine.store.apply import queue_notification
from engine.store.entities import insert_ticket, store_note, update_ticket


class WaitingRow(Struct, frozen=True):
    id: int
    rule: str
    ticket: str


def due_rules(connection: sqlite3.Connection, now: datetime) -> list[WaitingRow]:
    """The oldest first."""
    rows = connection.execute(
        "SELECT id, rule, ticket FROM waiting_rules WHERE status = 'waiting' AND due_at <= ? ORDER BY due_at, id", (iso(now),)
    )
    return [WaitingRow(*row) for row in rows.fetchall()]


def still_waiting(connection: sqlite3.Connection, row: WaitingRow) -> bool:
    """Whether no other process has run it since it was listed."""
    found = connection.execute("SELECT status FROM waiting_rules WHERE id = ?", (row.id,)).fetchone()
    return found is not None and found[0] == "waiting"


def finish(connection: sqlite3.Connection, row: WaitingRow, due: Due, config: Config, now: datetime) -> None:
    """Within the caller's transaction: a crash leaves the rule waiting, with nothing of it done."""
    moment = iso(now)
    if due.ticket is not None and due.changes_it:
        update_ticket(connection, due.ticket)
    for note in due.notes:
        store_note(connection, "ticket_note", note, None)
    for ticket in due.more_tickets:
        insert_ticket(connection, ticket, None, config, beside=True)
        connection.execute("INSERT OR IGNORE INTO related_tickets VALUES (?, ?, 'created with it')", (row.ticket, ticket.number))
    mailbox = due.ticket.mailbox if due.ticket else ""
    for one in due.notifications:
        queue_notification(connection, one, ("waiting", str(row.id)), now, mailbox, None, config, moment)
    connection.execute(
        "UPDATE waiting_rules SET status = ?, because = ?, finished_at = ?, changed = ?,"
        " after_message = (SELECT COALESCE(MAX(id), 0) FROM messages) WHERE id = ?",
        (due.status, due.because, moment, ticket_as_kept(due.ticket) if due.ticket and due.changes_it else None, row.id),
    )
