"""Storing a message and its Decision: all rows of it inside the caller's transaction."""

from __future__ import annotations

import hashlib
import sqlite3
from datetime import datetime

from msgspec import Struct, json

from engine.config.model import Config
from engine.decide.decision import Decision, Notification, iso
from engine.entities import NewContact
from engine.mail.headers import NOTIFICATION
from engine.mail.message import Message
from engine.store.blobs import Blobs
from engine.store.entities import insert_row, insert_ticket, store_note, store_task, store_time_entry, update_ticket
from engine.text import text_key, title_key


class Stored(Struct, frozen=True):
    """What is stored of a message beside its Decision and its bytes (`raws`): under which configuration it was decided, and when."""

    message: Message
    config_version: str
    processed_at: datetime


def apply(connection: sqlite3.Connection, blobs: Blobs | None, decision: Decision, stored: Stored, config: Config) -> int:
    """The id of the message's row. Raises `sqlite3.Error` or `OSError`: then the caller rolls back."""
    if blobs is not None:
        blobs.keep(decision.changes.attachments)
    message = _message(connection, decision, stored)
    changes = decision.changes
    now = iso(stored.processed_at)
    if changes.contact is not None:
        _contact(connection, changes.contact, message, config, now)
    if changes.ticket is not None:
        if changes.is_new:
            insert_ticket(connection, changes.ticket, message, config)
        else:
            update_ticket(connection, changes.ticket)
    for ticket in changes.more_tickets:
        insert_ticket(connection, ticket, message, config, beside=True)
    if changes.reopened and changes.ticket is not None:
        connection.execute(
            "INSERT INTO reopenings VALUES (?, ?, ?)", (changes.ticket.number, iso(changes.ticket.updated_at), message)
        )
    for entity, note in changes.notes:
        store_note(connection, entity, note, message)
    if changes.time_entry is not None:
        store_time_entry(connection, *changes.time_entry, message)
    if changes.task is not None:
        store_task(connection, changes.task)
    for ticket_number, related, how in changes.related:
        connection.execute("INSERT OR IGNORE INTO related_tickets VALUES (?, ?, ?)", (ticket_number, related, how))
    for attachment in changes.attachments:
        connection.execute(
            "INSERT INTO attachments (message, number, name, content_type, size, sha256) VALUES (?, ?, ?, ?, ?, ?)",
            (message, decision.number, attachment.name, attachment.content_type, attachment.size, attachment.sha256),
        )
    if changes.came_back:
        connection.execute(
            "UPDATE outbox SET came_back = ? WHERE (message_id = ? OR went_as = ?) AND came_back IS NULL",
            (message, changes.came_back, changes.came_back),
        )
    for notification in changes.notifications:
        _notification(connection, notification, decision, message, config, now)
    for waiting in changes.waiting:
        if waiting.anew:
            connection.execute(
                "UPDATE waiting_rules SET status = 'dropped', because = 'the ticket was updated again', finished_at = ?"
                " WHERE ticket = ? AND rule = ? AND status = 'waiting'",
                (now, waiting.ticket, waiting.rule),
            )
        connection.execute(
            "INSERT INTO waiting_rules (rule, ticket, due_at, status, created_at) VALUES (?, ?, ?, 'waiting', ?)",
            (waiting.rule, waiting.ticket, iso(waiting.due_at), now),
        )
    if decision.fired:
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


def _contact(connection: sqlite3.Connection, contact: NewContact, message: int, config: Config, now: str) -> None:
    """One whom mail brought to a customer who is no longer there moves to the one whom he writes for now."""
    row = connection.execute("SELECT organization FROM contacts WHERE id = ?", (contact.id,)).fetchone()
    values = {"organization": contact.organization, "first_name": contact.first_name, "last_name": contact.last_name}
    if row is None:
        more = {"id": contact.id, "email": contact.email, "origin": "mail", "created_at": now, "message": message}
        insert_row(connection, "contacts", values | more)
        return
    owner = config.directory.organizations.get(row[0])
    if owner is None or not owner.active:
        connection.execute(
            "UPDATE contacts SET organization = :organization, first_name = :first_name, last_name = :last_name"
            " WHERE id = :id AND origin = 'mail'",
            values | {"id": contact.id},
        )


def _message(connection: sqlite3.Connection, decision: Decision, stored: Stored) -> int:
    message = stored.message
    private = decision.reason == "private"
    return insert_row(
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
            "decision": decision.as_kept(),
            "config_version": stored.config_version,
            "processed_at": iso(stored.processed_at),
            "subject_key": "" if private else title_key(message.subject),
            "body_key": "" if private else text_key(message.text),
        },
    )


def _notification(
    connection: sqlite3.Connection, one: Notification, decision: Decision, message: int, config: Config, now: str
) -> None:
    cause = (decision.mailbox, decision.identity)
    queue_notification(connection, one, cause, decision.envelope.received_at, decision.mailbox, message, config, now)


def notification_id(about: tuple[str, ...], caused_at: datetime, domain: str) -> str:
    """Our own Message-ID is made of what the notification is about, so that the same one cannot be queued twice. The day comes first: in the
    index of a large database those of one day stand together.
    """
    digest = hashlib.sha256("\0".join(about).encode()).hexdigest()
    return f"{NOTIFICATION}{iso(caused_at)[:10].replace('-', '')}.{digest[:23]}@{domain}"


def queue_notification(
    connection: sqlite3.Connection,
    one: Notification,
    cause: tuple[str, ...],
    caused_at: datetime,
    mailbox: str,
    message: int | None,
    config: Config,
    now: str,
) -> None:
    """`cause`, with when it was: what made it be sent. One that is there already stays as it is."""
    domain = config.mailboxes[mailbox].address.rpartition("@")[2] if mailbox in config.mailboxes else "postroom.invalid"
    words = one.wording
    row = {
        "message": message,
        "mailbox": mailbox,
        "event": one.event,
        "recipient": one.recipient,
        "template": one.template,
        "number": one.number,
        "reason": one.reason,
        "to_sender": int(one.to_sender),
        "message_id": notification_id((*cause, one.event, one.recipient), caused_at, domain),
        "status": "failed" if words.error else "queued",
        "created_at": now,
        "subject": words.subject,
        "body": words.body,
        "body_values": json.encode(words.values).decode(),
        "in_reply_to": one.in_reply_to,
        "refs": " ".join(one.references),
        "next_attempt_at": now,
        "error": words.error,
    }
    insert_row(connection, "outbox", row, "OR IGNORE ")
