"""Rows of what messages become: tickets, notes, time entries, tasks. Every value is bound."""

from __future__ import annotations

import sqlite3
from functools import lru_cache
from operator import attrgetter
from typing import Any

from engine.config.model import Config
from engine.decide.decision import iso, ticket_as_kept, write_times
from engine.entities import TICKET_COLUMNS, Note, Task, Ticket, TimeEntry
from engine.text import fold, text_key, title_key

# What is added to something: its table, and the column that names the owner.
ADDED_TO = {
    "ticket_note": ("ticket_notes", "ticket"),
    "project_note": ("project_notes", "project"),
    "task_note": ("task_notes", "task"),
    "ticket_time_entry": ("ticket_time_entries", "ticket"),
    "task_time_entry": ("task_time_entries", "task"),
}


def insert_row(connection: sqlite3.Connection, table: str, row: dict[str, Any], how: str = "") -> int:
    """Table and column names are ours; values are bound."""
    return connection.execute(_insertion(table, tuple(row), how), tuple(row.values())).lastrowid or 0


@lru_cache(maxsize=64)
def _insertion(table: str, names: tuple[str, ...], how: str) -> str:
    return f"INSERT {how}INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"


def insert_ticket(
    connection: sqlite3.Connection, ticket: Ticket, message: int | None, config: Config, *, beside: bool = False
) -> None:
    """A new ticket; `message` opened it, None where a rule did that waited. `beside`: a rule made it beside another, so no Decision has it."""
    row = _ticket_row(ticket)
    if beside:
        row["as_made"] = ticket_as_kept(ticket)
    row |= {"message": message, "title_key": title_key(ticket.title), "description_key": text_key(ticket.description)}
    insert_row(connection, "tickets", row)
    created_at = iso(ticket.created_at)
    count_number(connection, "ticket", ticket.number, config, created_at)
    if ticket.extracted:
        connection.executemany(
            "INSERT INTO ticket_fields VALUES (?, ?, ?, ?, ?)",
            [(ticket.number, name, value, fold(value).strip(), created_at) for name, value in ticket.extracted.items()],
        )
    _tags_and_contacts(connection, ticket)


def update_ticket(connection: sqlite3.Connection, ticket: Ticket) -> None:
    """A ticket that exists, as it now is."""
    # Were its number among them, SQLite would look for all that refers to it.
    row = {name: value for name, value in _ticket_row(ticket).items() if name != "number"}
    changes = ", ".join(f"{name} = ?" for name in row)
    connection.execute(f"UPDATE tickets SET {changes} WHERE number = ?", (*row.values(), ticket.number))
    connection.execute("DELETE FROM ticket_tags WHERE ticket = ?", (ticket.number,))
    connection.execute("DELETE FROM additional_contacts WHERE ticket = ?", (ticket.number,))
    _tags_and_contacts(connection, ticket)


def _tags_and_contacts(connection: sqlite3.Connection, ticket: Ticket) -> None:
    if ticket.tags:
        connection.executemany("INSERT OR IGNORE INTO ticket_tags VALUES (?, ?)", [(ticket.number, tag) for tag in ticket.tags])
    if ticket.additional_contacts:
        connection.executemany(
            "INSERT OR IGNORE INTO additional_contacts VALUES (?, ?)",
            [(ticket.number, contact) for contact in ticket.additional_contacts],
        )


def _ticket_row(ticket: Ticket) -> dict[str, Any]:
    return write_times(dict(zip(TICKET_COLUMNS, _COLUMNS_OF(ticket), strict=True)))


_COLUMNS_OF = attrgetter(*TICKET_COLUMNS)


def count_number(connection: sqlite3.Connection, kind: str, number: str, config: Config, now: str) -> None:
    """The series goes on after this number."""
    split = config.settings.numbers[kind].split(number)  # type: ignore[index]
    if split is None:
        return
    series, sequence = split
    connection.execute(
        "INSERT INTO cursors VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at ="
        " excluded.updated_at WHERE CAST(excluded.value AS INTEGER) > CAST(value AS INTEGER)",
        (f"sequence {series}", str(sequence), now),
    )


def store_note(connection: sqlite3.Connection, entity: str, note: Note, message: int | None) -> None:
    table, owner = ADDED_TO[entity]
    insert_row(
        connection,
        table,
        {
            owner: note.target,
            "type": note.type,
            "publish": note.publish,
            "author": note.author,
            "author_id": note.author_id,
            "author_address": note.author_address,
            "description": note.description,
            "removed": note.removed,
            "html": note.html,
            "created_at": iso(note.created_at),
            "message": message,
        },
    )


def store_time_entry(connection: sqlite3.Connection, entity: str, entry: TimeEntry, message: int) -> None:
    table, owner = ADDED_TO[entity]
    insert_row(
        connection,
        table,
        {
            owner: entry.target,
            "resource": entry.resource,
            "hours": entry.hours,
            "role": entry.role,
            "work_type": entry.work_type,
            "summary": entry.summary,
            "publish": entry.publish,
            "removed": entry.removed,
            "created_at": iso(entry.created_at),
            "message": message,
        },
    )


def store_task(connection: sqlite3.Connection, task: Task) -> None:
    connection.execute(
        "INSERT INTO tasks VALUES (?, ?, ?, ?, ?) ON CONFLICT (number) DO UPDATE SET status = excluded.status",
        (task.number, task.project, task.title, task.organization, task.status),
    )
