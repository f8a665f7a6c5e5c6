"""The past as SQLite keeps it: every question of `view.State` is one indexed query, or one for each of a few days."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from engine.config.model import Config
from engine.decide.decision import iso
from engine.entities import TICKET_COLUMNS, TIMES, NewContact, Project, Target, Task, Ticket
from engine.errors import Damaged
from engine.mail.message import Message
from engine.state.candidates import newest
from engine.state.days import day_of, days_between, is_long
from engine.state.stored import moment
from engine.state.view import Candidate, Seen, Sent

_COLUMNS = ", ".join(f"t.{name}" for name in TICKET_COLUMNS)
_SAME = "message_id = ? AND identity = ?"  # the Message-ID is part of the identity, and this way one index serves for both
# Messages that count when others like them come. The indexes `messages_same_...` have no other, and serve who says it in these very words.
COUNTED = "COALESCE(reason, '') NOT IN ('loop', 'several_mailboxes')"
_WRITTEN_BY_OTHERS = ("due_at", "completed_at")  # too: docs/tables.md


def index_of_messages(columns: tuple[str, ...], *, long: bool) -> tuple[str, str]:
    """The name of the index by which messages with the same in these columns are counted, and its SQL as SQLite keeps it."""
    name = "_".join(("messages_same", *(() if long else ("day",)), *columns))
    held = ("mailbox", *(() if long else (day_of("received_at"),)), *columns, "received_at")
    return name, f"CREATE INDEX {name} ON messages ({', '.join(held)}) WHERE {COUNTED}"


def _told_time(text: str | None) -> datetime | None:
    """One that another program may have written; what is no time tells nothing."""
    try:
        return moment(text) if text else None
    except Damaged:
        return None


def _known_as(message: Message) -> tuple[str, str]:
    """What `_SAME` asks for."""
    return message.message_id, message.identity


class SqliteState:
    """Reads through the connection it is given, so within a batch it sees what the batch has stored."""

    # What else must hold of a message, of a ticket, of what a message brought to one, of a notification, and of a contact, to be there at all
    # (`past`), with its values.
    _seen: tuple[str, tuple[Any, ...]] = ("", ())
    _there: tuple[str, tuple[Any, ...]] = ("", ())
    _brought: tuple[str, tuple[Any, ...]] = ("", ())
    _told: tuple[str, tuple[Any, ...]] = ("", ())
    _known: tuple[str, tuple[Any, ...]] = ("", ())
    # And before which message something must have come.
    _until: float = math.inf

    def __init__(self, connection: sqlite3.Connection, config: Config) -> None:
        self._connection = connection
        self._directory = config.directory

    def _one(self, query: str, *values: Any) -> Any:
        return self._connection.execute(query, values).fetchone()

    def seen(self, mailbox: str, identity: str) -> Seen | None:
        row = self._one(
            f"SELECT mailbox, outcome, number FROM messages WHERE mailbox = ? AND identity = ?{self._seen[0]}",
            mailbox,
            identity,
            *self._seen[1],
        )
        return Seen(*row) if row else None

    def seen_elsewhere(self, mailbox: str, message: Message) -> Seen | None:
        row = self._one(
            f"SELECT mailbox, outcome, number FROM messages WHERE {_SAME} AND mailbox <> ?{self._seen[0]}"
            " AND outcome IN ('created', 'appended', 'duplicate') ORDER BY id LIMIT 1",
            *_known_as(message),
            mailbox,
            *self._seen[1],
        )
        return Seen(*row) if row else None

    def count_alike(
        self,
        mailbox: str,
        since: datetime,
        until: datetime,
        *,
        sender: str | None,
        subject_key: str | None,
        body_key: str | None,
        number: str | None,
    ) -> int:
        query = f"SELECT COUNT(*) FROM messages WHERE mailbox = ? AND received_at > ? AND received_at < ?{self._seen[0]}"
        bounds = iso(since), iso(until)
        values: list[Any] = [mailbox, *bounds, *self._seen[1]]
        if not is_long(until - since):
            days = days_between(*bounds)
            query += f" AND {day_of('received_at')} IN ({', '.join('?' * len(days))})"
            values += days
        for column, value in (("sender", sender), ("subject_key", subject_key), ("body_key", body_key), ("number", number)):
            if value is not None:
                query += f" AND {column} = ?"
                values.append(value)
        row = self._one(f"{query} AND {COUNTED}", *values)
        return int(row[0])

    def target(self, number: str) -> Target | None:
        row = self._one(f"SELECT {_COLUMNS} FROM tickets t WHERE number = ?", number)
        if row is not None:
            return self._ticket(row)
        row = self._one("SELECT number, project, title, organization, status FROM tasks WHERE number = ?", number)
        if row is not None:
            return Task(*row)
        row = self._one("SELECT number, name, organization FROM projects WHERE number = ? AND active", number)
        if row is not None:
            return Project(*row)
        return self._listed(number)

    def _listed(self, number: str) -> Target | None:
        """Tasks and projects of the directory that no run has brought into the database yet."""
        task = self._directory.tasks.get(number)
        if task is not None:
            return Task(task.number, task.project, task.title, task.organization, task.status)
        project = self._directory.projects.get(number)
        return Project(project.number, project.name, project.organization) if project and project.active else None

    def _ticket(self, row: tuple[Any, ...]) -> Ticket:
        fields = dict(zip(TICKET_COLUMNS, row, strict=True))
        for name in TIMES:
            fields[name] = (_told_time if name in _WRITTEN_BY_OTHERS else moment)(fields[name])
        number = fields["number"]
        tags = self._connection.execute("SELECT tag FROM ticket_tags WHERE ticket = ? ORDER BY rowid", (number,))
        more = self._connection.execute("SELECT contact FROM additional_contacts WHERE ticket = ? ORDER BY rowid", (number,))
        extracted = self._connection.execute("SELECT name, value FROM ticket_fields WHERE ticket = ?", (number,))
        return Ticket(
            **fields,
            tags=tuple(tag for (tag,) in tags),
            additional_contacts=tuple(contact for (contact,) in more),
            extracted=dict(extracted.fetchall()),
        )

    def number_of_thread(self, message_id: str) -> str | None:
        row = self._one(
            f"SELECT number FROM messages WHERE message_id = ? AND number IS NOT NULL{self._seen[0]}"
            " AND outcome IN ('created', 'appended', 'duplicate') ORDER BY id LIMIT 1",
            message_id,
            *self._seen[1],
        )
        if row:
            return str(row[0])
        sent = self.notification(message_id)
        return sent.number or None if sent else None

    def notification(self, message_id: str) -> Sent | None:
        row = self._one(
            f"SELECT COALESCE(number, ''), recipient FROM outbox WHERE (message_id = ? OR went_as = ?){self._told[0]}",
            message_id,
            message_id,
            *self._told[1],
        )
        return Sent(*row) if row else None

    def came_back(self, recipient: str) -> bool:
        query = f"SELECT came_back FROM outbox WHERE recipient = ?{self._told[0]} ORDER BY sent_at DESC, id DESC LIMIT 1"
        row = self._one(query, recipient, *self._told[1])
        return row is not None and row[0] is not None and row[0] < self._until

    def tickets_of(
        self,
        organization: str,
        since: datetime | None,
        until: datetime,
        other_than: Message,
        same: Mapping[str, str],
        *,
        described: bool,
    ) -> list[Candidate]:
        find = partial(newest, self._connection, organization, since, until, same, self._there, described=described)
        found = find()
        # Nearly always the message has no copy; which message a ticket is of stands behind its description, in a page of its own.
        known = f"SELECT id FROM messages WHERE {_SAME}{self._seen[0]}"
        copies: list[Any] = found and self._connection.execute(known, (*_known_as(other_than), *self._seen[1])).fetchall()
        return find(without=[one[0] for one in copies]) if copies else found

    def contacts_of(self, address: str) -> list[NewContact]:
        rows = self._connection.execute(
            "SELECT id, organization, first_name, last_name, email FROM contacts WHERE email = ? AND origin = 'mail' AND active"
            + self._known[0],
            (address, *self._known[1]),
        )
        return [NewContact(*row) for row in rows.fetchall()]

    def last_sequence(self, series: str) -> int:
        row = self._one("SELECT value FROM cursors WHERE name = ?", f"sequence {series}")
        return int(row[0]) if row else 0

    def files_of(self, number: str) -> frozenset[str]:
        query = f"SELECT DISTINCT sha256 FROM attachments WHERE number = ?{self._brought[0]}"
        rows = self._connection.execute(query, (number, *self._brought[1]))
        return frozenset(sha256 for (sha256,) in rows)

    def reopenings(self, number: str, since: datetime) -> int:
        query = f"SELECT COUNT(*) FROM reopenings WHERE ticket = ? AND reopened_at > ?{self._brought[0]}"
        row = self._one(query, number, iso(since), *self._brought[1])
        return int(row[0])
