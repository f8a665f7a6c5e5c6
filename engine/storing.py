"""A message and its Decision into the database, within the caller's transaction: its rows at once, for the next message sees them, its
bytes with those of others, before the commit."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from msgspec import Struct

from engine.config.version import describe_version
from engine.decide.decision import Decision, Envelope
from engine.decide.setup import Setup
from engine.mail.beginning import Raw, bytes_of
from engine.mail.message import Message
from engine.store.apply import Stored, apply
from engine.store.attachments import blobs_of
from engine.store.raws import RawMessage, keep_raw


class New(Struct, frozen=True):
    """A message that was not processed before: all that deciding and storing it need."""

    message: Message
    raw: Raw
    envelope: Envelope
    wall: datetime


class Storing:
    """`finish` comes before each commit, `forget` with each rollback."""

    def __init__(self, connection: sqlite3.Connection, setup: Setup) -> None:
        self._connection = connection
        self._setup = setup
        self._version = describe_version(setup.config.root, setup.config.digest)
        self._blobs = blobs_of(connection)
        self._raws: list[RawMessage] = []

    def store(self, new: New, decision: Decision) -> Decision:
        """Raises `sqlite3.Error` or `OSError`."""
        raw = self._kept(new, decision)
        if raw is not None and decision.outcome == "quarantined":  # its row there names them
            keep_raw(self._connection, [raw])
            raw = None
        apply(self._connection, self._blobs, decision, Stored(new.message, self._version, new.wall), self._setup.config)
        if raw is not None:
            self._raws.append(raw)
        return decision

    def finish(self) -> None:
        """Raises `sqlite3.Error`."""
        if self._raws:
            keep_raw(self._connection, self._raws)
            self._raws.clear()

    def forget(self) -> None:
        self._raws.clear()

    def _kept(self, new: New, decision: Decision) -> RawMessage | None:
        """The bytes as they are stored; None where they are not."""
        message = new.message
        if decision.reason in ("private", "too_large"):
            return None
        raw = bytes_of(new.raw)
        kept = self._setup.passwords.withhold(raw, message)
        if kept is None and decision.outcome == "quarantined":
            kept = raw  # not to lose the message counts for more
        return RawMessage(message.sha256, message.size, kept) if kept is not None else None
