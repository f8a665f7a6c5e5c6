"""The past as it was just before one recorded message, and the recorded messages: what `plan` replays on.

A ticket is as the last message before left it, or a rule that waited and ran after that: its Decision, or the rule's row, says how.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import fields

from engine.config.model import Config
from engine.decide.decision import iso
from engine.entities import TIMES, Target, Ticket
from engine.mail.withhold import Passwords
from engine.state.sqlite import SqliteState
from engine.state.stored import from_json, moment, read_kept, unpacked_whole, unpacks

_TUPLES = ("tags", "additional_contacts")


class Recorded(Struct, frozen=True):
    """A message of the database with its bytes. `number` is what it then ended up at; `opened` whether it opened that; `released`
    whether a person let it pass what held it back.
    """

    id: int
    mailbox: str
    source_id: str
    received_at: datetime
    number: str | None
    opened: bool
    released: bool
    raw: bytes


def recorded(connection: sqlite3.Connection, last: int | None, since: datetime | None) -> tuple[list[int], int]:
    """Ids of the messages to replay, oldest first, and how many more there are whose bytes are not kept, or are damaged."""
    where, values = ("WHERE m.received_at >= ?", [iso(since)]) if since is not None else ("", [])
    rows = connection.execute(
        f"SELECT m.id, r.zlib FROM messages m LEFT JOIN raw_messages r ON r.sha256 = m.raw_sha256 {where} ORDER BY m.id DESC"
        + (f" LIMIT {int(last)}" if last is not None else ""),
        values,
    )
    kept = [(identity, unpacks(packed)) for identity, packed in rows]
    return [identity for identity, there in reversed(kept) if there], sum(not there for _, there in kept)


def read_recorded(connection: sqlite3.Connection, identities: list[int], passwords: Passwords) -> Iterator[Recorded]:
    """One at a time: never all of them in memory."""
    for identity in identities:
        row = connection.execute(
            "SELECT m.id, m.mailbox, m.source_id, m.received_at, m.number, m.outcome = 'created', r.zlib, r.sha256,"
            " EXISTS (SELECT 1 FROM json_each(m.decision, '$.trace') t WHERE json_extract(t.value, '$.step') = 'released') FROM messages m"
            " JOIN raw_messages r ON r.sha256 = m.raw_sha256 WHERE m.id = ?",
            (identity,),
        ).fetchone()
        if row is not None:
            raw = unpacked_whole(row[6], row[0], passwords, row[7])
            yield Recorded(row[0], row[1], row[2], moment(row[3]), row[4], bool(row[5]), bool(row[8]), raw)


class PastState(SqliteState):
    """What `message` saw: only what came before it.

    `+id` keeps SQLite from walking all ids below one, where another index finds a few rows.
    """

    def __init__(self, connection: sqlite3.Connection, config: Config, message: Recorded) -> None:
        super().__init__(connection, config)
        self._id = message.id
        self._message = message
        self._seen = (" AND +id < ?", (message.id,))
        self._there = (" AND (t.message < ? OR t.message IS NULL)", (message.id,))
        self._brought = (" AND message < ?", (message.id,))
        # What a rule that waited sent has no message.
        self._told = (" AND (message < ? OR (message IS NULL AND created_at < ?))", (message.id, iso(message.received_at)))
        # Of whom a token brought before messages were kept, the time says it.
        before = "message < ? OR (message IS NULL AND created_at < (SELECT processed_at FROM messages WHERE id = ?))"
        self._known = (f" AND ({before})", (message.id, message.id))
        self._until = message.id
        self._numbers = config.settings.numbers["ticket"]

    def target(self, number: str) -> Target | None:
        found = super().target(number)
        if not isinstance(found, Ticket):
            return found
        opened, as_made = self._one("SELECT message, as_made FROM tickets WHERE number = ?", number)
        if opened is not None and opened >= self._id:
            return None
        if opened is None and found.created_at > self._message.received_at:
            return None
        snapshot = self._left(number)
        if snapshot is None and as_made is not None:
            snapshot = from_json(as_made, f"the ticket {number} as a rule made it", dict[str, Any])
        return _restored(snapshot, found) if snapshot and snapshot.get("number") == number else found

    def _left(self, number: str) -> dict[str, Any] | None:
        """The ticket as it was kept last; None where nobody wrote to it, as to one that a rule made."""
        message = self._one(
            "SELECT id, decision FROM messages WHERE number = ? AND id < ? AND (outcome IN ('created', 'appended')"
            " OR outcome = 'duplicate' AND json_extract(decision, '$.ticket') IS NOT NULL) ORDER BY id DESC LIMIT 1",
            number,
            self._id,
        )
        rule = self._one(
            "SELECT changed FROM waiting_rules WHERE ticket = ? AND changed IS NOT NULL AND after_message >= ? AND after_message < ?"
            " ORDER BY after_message DESC, finished_at DESC, due_at DESC, id DESC LIMIT 1",
            number,
            message[0] if message else 0,
            self._id,
        )
        if rule:
            return from_json(rule[0], f"what a rule made of {number}", dict[str, Any])
        kept: dict[str, Any] | None = read_kept(message[1], message[0])["ticket"] if message else None
        return kept

    def last_sequence(self, series: str) -> int:
        """So that a ticket gets the very number that it then got."""
        split = self._numbers.split(self._message.number) if self._message.opened and self._message.number else None
        if split is not None and split[0] == series:
            return split[1] - 1
        return super().last_sequence(series)


def _restored(snapshot: dict[str, Any], now: Ticket) -> Ticket:
    """A ticket from a Decision, which keeps all but its HTML."""
    values: dict[str, Any] = {"html": now.html}
    for one in fields(Ticket):
        if one.name in snapshot:
            value = snapshot[one.name]
            if one.name in TIMES and value:
                value = moment(value)
            elif one.name in _TUPLES:
                value = tuple(value)
            values[one.name] = value
    return Ticket(**values)
