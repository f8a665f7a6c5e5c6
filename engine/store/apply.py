"""Storing a message and its Decision: all rows of it inside the caller's transaction."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.config.model import Config
from engine.decide.decision import Decision, Notification, iso
from engine.entities import Note, Task, Ticket, TimeEntry
from engine.mail.message import Message
from engine.store.blobs import Blobs
from engine.text import fold, text_key, title_key

_OWNER = {
    "ticket_note": ("ticket_notes", "ticket"),
    "project_note": ("project_notes", "project"),
    "task_note": ("task_notes", "task"),
    "ticket_time_entry": ("ticket_time_entries", "ticket"),
    "task_time_entry": ("task_time_entries", "task"),
}


@dataclass(frozen=True)
class Stored:
    """What is stored of a message beside its Decision: its raw bytes (none where private or too large), and versions."""

    message: Message
    raw: bytes | None
    config_version: str
    processed_at: datetime


def apply(connection: sqlite3.Connection, blobs: Blobs | None, decision: Decision, stored: Stored, config: Config) -> int:
    """The id of the message's row. Raises `sqlite3.Error` or `OSError`: then the caller rolls back."""
    if blobs is not None:
        for attachment in decision.changes.attachments:
            blobs.keep(attachment)
    message = _message(connection, decision, stored)
    changes = decision.changes
    now = iso(stored.processed_at)
    if changes.contact is not None:
        contact = changes.contact
        _insert(
            connection,
            "contacts",
            {
                "id": contact.id,
                "organization": contact.organization,
                "first_name": contact.first_name,
                "last_name": contact.last_name,
                "email": contact.email,
                "origin": "mail",
                "created_at": now,
            },
            "OR IGNORE ",
        )
    if changes.ticket is not None:
        if changes.is_new:
            insert_ticket(connection, changes.ticket, message, config)
        else:
            update_ticket(connection, changes.ticket)
    for ticket in changes.more_tickets:
        insert_ticket(connection, ticket, message, config)
    if changes.reopened and changes.ticket is not None:
        connection.execute(
            "INSERT INTO reopenings VALUES (?, ?, ?)", (changes.ticket.number, iso(changes.ticket.updated_at), message)
        )
    for entity, note in changes.notes:
        store_note(connection, entity, note, message)
    if changes.time_entry is not None:
        _time_entry(connection, *changes.time_entry, message)
    if changes.task is not None:
        _task(connection, changes.task)
    for ticket_number, related, how in changes.related:
        connection.execute("INSERT OR IGNORE INTO related_tickets VALUES (?, ?, ?)", (ticket_number, related, how))
    for attachment in changes.attachments:
        connection.execute(
            "INSERT INTO attachments (message, number, name, content_type, size, sha256) VALUES (?, ?, ?, ?, ?, ?)",
            (message, decision.number, attachment.name, attachment.content_type, attachment.size, attachment.sha256),
        )
    for notification in changes.notifications:
        _notification(connection, notification, decision, message, config, now)
    for waiting in changes.waiting:
        connection.execute(
            "INSERT INTO waiting_rules (rule, ticket, due_at, status, created_at) VALUES (?, ?, ?, 'waiting', ?)",
            (waiting.rule, waiting.ticket, iso(waiting.due_at), now),
        )
    connection.executemany(
        "INSERT OR IGNORE INTO rule_hits VALUES (?, ?, ?, ?)",
        [(message, ran.rule, ran.event, ran.where) for ran in decision.fired],
    )
    if decision.outcome == "quarantined":
        connection.execute(
            "INSERT INTO quarantine (message, mailbox, source_id, raw_sha256, reason, error, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                message,
                decision.mailbox,
                decision.envelope.source_id,
                stored.message.sha256,
                decision.reason,
                decision.detail,
                now,
            ),
        )
    return message


def _insert(connection: sqlite3.Connection, table: str, row: dict[str, Any], how: str = "") -> int:
    """Table and column names are ours; values are bound."""
    names = ", ".join(row)
    marks = ", ".join("?" * len(row))
    return connection.execute(f"INSERT {how}INTO {table} ({names}) VALUES ({marks})", tuple(row.values())).lastrowid or 0


def _message(connection: sqlite3.Connection, decision: Decision, stored: Stored) -> int:
    message = stored.message
    private = decision.reason == "private"
    if stored.raw is not None and not private:
        connection.execute(
            "INSERT OR IGNORE INTO raw_messages VALUES (?, ?, ?)", (message.sha256, message.size, zlib.compress(stored.raw, 1))
        )
    return _insert(
        connection,
        "messages",
        {
            "mailbox": decision.mailbox,
            "message_id": message.message_id,
            "identity": message.identity,
            "source_id": decision.envelope.source_id,
            "received_at": iso(decision.envelope.received_at),
            "sender": message.sender.address,
            "subject": "" if private else message.subject[:1000],
            "size": message.size,
            "raw_sha256": message.sha256,
            "outcome": decision.outcome,
            "reason": decision.reason,
            "number": decision.number,
            "decision": _decision(decision, private),
            "config_version": stored.config_version,
            "processed_at": iso(stored.processed_at),
            "subject_key": "" if private else title_key(message.subject),
            "body_key": "" if private else text_key(message.text),
        },
    )


def _decision(decision: Decision, private: bool) -> str:
    """A private message's subject stands in no trace either (`behaviour.md` 1.3)."""
    if not private:
        return decision.as_json()
    found = decision.as_dict()
    found["trace"] = [step for step in found["trace"] if step["step"] != "message"]
    return json.dumps(found, ensure_ascii=False, default=str)


def insert_ticket(connection: sqlite3.Connection, ticket: Ticket, message: int | None, config: Config) -> None:
    """A new ticket; `message` opened it, None where a rule did that waited."""
    row = _ticket_row(ticket)
    row |= {"message": message, "title_key": title_key(ticket.title), "description_key": text_key(ticket.description)}
    _insert(connection, "tickets", row)
    count_number(connection, "ticket", ticket.number, config, iso(ticket.created_at))
    connection.executemany(
        "INSERT INTO ticket_fields VALUES (?, ?, ?, ?)",
        [(ticket.number, name, value, fold(value).strip()) for name, value in ticket.extracted.items()],
    )
    _tags_and_contacts(connection, ticket)


def update_ticket(connection: sqlite3.Connection, ticket: Ticket) -> None:
    """A ticket that exists, as it now is."""
    row = _ticket_row(ticket)
    changes = ", ".join(f"{name} = ?" for name in row)
    connection.execute(f"UPDATE tickets SET {changes} WHERE number = ?", (*row.values(), ticket.number))
    connection.execute("DELETE FROM ticket_tags WHERE ticket = ?", (ticket.number,))
    connection.execute("DELETE FROM additional_contacts WHERE ticket = ?", (ticket.number,))
    _tags_and_contacts(connection, ticket)


def _tags_and_contacts(connection: sqlite3.Connection, ticket: Ticket) -> None:
    connection.executemany("INSERT OR IGNORE INTO ticket_tags VALUES (?, ?)", [(ticket.number, tag) for tag in ticket.tags])
    connection.executemany(
        "INSERT OR IGNORE INTO additional_contacts VALUES (?, ?)",
        [(ticket.number, contact) for contact in ticket.additional_contacts],
    )


def _ticket_row(ticket: Ticket) -> dict[str, Any]:
    return {
        "number": ticket.number,
        "title": ticket.title,
        "description": ticket.description,
        "organization": ticket.organization,
        "contact": ticket.contact,
        "mailbox": ticket.mailbox,
        "queue": ticket.queue,
        "status": ticket.status,
        "priority": ticket.priority,
        "source": ticket.source,
        "issue_type": ticket.issue_type,
        "sub_issue_type": ticket.sub_issue_type,
        "assigned": ticket.assigned,
        "approval": ticket.approval,
        "due_at": iso(ticket.due_at) if ticket.due_at else None,
        "occurrences": ticket.occurrences,
        "sender": ticket.sender,
        "html": ticket.html,
        "created_at": iso(ticket.created_at),
        "updated_at": iso(ticket.updated_at),
        "completed_at": iso(ticket.completed_at) if ticket.completed_at else None,
    }


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
    table, owner = _OWNER[entity]
    _insert(
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


def _time_entry(connection: sqlite3.Connection, entity: str, entry: TimeEntry, message: int) -> None:
    table, owner = _OWNER[entity]
    _insert(
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


def _task(connection: sqlite3.Connection, task: Task) -> None:
    connection.execute(
        "INSERT INTO tasks VALUES (?, ?, ?, ?, ?) ON CONFLICT (number) DO UPDATE SET status = excluded.status",
        (task.number, task.project, task.title, task.organization, task.status),
    )


def _notification(
    connection: sqlite3.Connection, one: Notification, decision: Decision, message: int, config: Config, now: str
) -> None:
    queue_notification(connection, one, (decision.mailbox, decision.identity), decision.mailbox, message, config, now)


def queue_notification(
    connection: sqlite3.Connection,
    one: Notification,
    cause: tuple[str, ...],
    mailbox: str,
    message: int | None,
    config: Config,
    now: str,
) -> None:
    """Our own Message-ID is made of what the notification is about, so that the same one cannot be queued twice."""
    digest = hashlib.sha256("\0".join((*cause, one.event, one.recipient)).encode()).hexdigest()
    domain = config.mailboxes[mailbox].address.rpartition("@")[2] if mailbox in config.mailboxes else "postroom.invalid"
    connection.execute(
        "INSERT OR IGNORE INTO outbox (message, mailbox, event, recipient, template, number, reason, to_sender, message_id,"
        " status, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued', ?)",
        (
            message,
            mailbox,
            one.event,
            one.recipient,
            one.template,
            one.number,
            one.reason,
            int(one.to_sender),
            f"postroom.{digest[:32]}@{domain}",
            now,
        ),
    )
