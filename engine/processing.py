"""The loop of `run`: each item parsed, decided and stored; many share a commit; one that fails is kept whole."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Literal

from msgspec import Struct, field

from engine.decide.closing import failed
from engine.decide.decision import Decision, Envelope
from engine.decide.flow import decide
from engine.decide.setup import Setup
from engine.errors import PostroomError
from engine.interrupts import IN_HAND
from engine.mail.ahead import parsed_ahead
from engine.mail.beginning import Raw
from engine.mail.message import Message
from engine.mail.parse import parse_message
from engine.sources.item import UNREADABLE, Item, why_unread
from engine.sources.route import mailbox_of, received_at
from engine.state.sqlite import SqliteState
from engine.store.again import take_out
from engine.store.database import database_path
from engine.store.directory import sync_directory
from engine.store.failures import as_held, explain_error, is_of_database
from engine.store.indexes import fit_indexes
from engine.storing import New, Storing
from engine.summary import Summary

BATCH_MESSAGES = 1_000
BATCH_SECONDS = 0.5
BATCH_BYTES = 10_000_000  # what is in a batch is kept until its commit, to be taken again if need be


class _Batch(Struct):
    """Messages that share a commit, and what became of them. `began` by the monotonic clock; `size` in bytes.

    `careful`: one of them failed, so each has a savepoint.
    """

    began: float
    messages: list[New] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    size: int = 0
    careful: bool = False

    @property
    def is_full(self) -> bool:
        return len(self.messages) >= BATCH_MESSAGES or self.size > BATCH_BYTES or time.monotonic() - self.began > BATCH_SECONDS


def _tell(listener: Callable[..., None] | None, *what: object) -> None:
    """Raises `PostroomError` where it cannot be told: that is no fault of the database's."""
    if listener is None:
        return
    try:
        listener(*what)
    except OSError as error:
        fix = "what was processed is stored, and `postroom find` tells what became of it; the same command goes on"
        raise PostroomError.of(f"the output cannot be written: {error.strerror}", fix) from error


def _read(items: Iterable[Item], summary: Summary) -> Iterator[tuple[Item, Raw]]:
    """Each item with its bytes, but for those that cannot be read."""
    for item in items:
        try:
            raw = item.read()
        except UNREADABLE as error:
            summary.messages += 1
            summary.unread.append((item.source_id, why_unread(error)))
        else:
            yield item, raw


class Processor:
    """One configuration on one database. Decides inside the write transaction, so that two processes never number alike."""

    def __init__(self, connection: sqlite3.Connection, setup: Setup) -> None:
        self.connection = connection
        self.setup = setup
        self.state = SqliteState(connection, setup.config)
        self._storing = Storing(connection, setup)
        try:
            sync_directory(connection, setup.config, datetime.now(UTC))
            fit_indexes(connection, setup.config)
        except (sqlite3.Error, OSError) as error:
            raise explain_error(error, database_path(connection)) from error

    def run(
        self,
        items: Iterable[Item],
        mailbox: str | None,
        *,
        on_decision: Callable[[Decision], None] | None = None,
        on_item: Callable[[], None] | None = None,
        explain: bool = False,
    ) -> Summary:
        """Raises `StoreError` when the database fails: what was committed stands, the rest is as if never read."""
        summary = Summary()
        news = (
            partial(self._new, message, raw, item.source_id, mailbox)
            for item, raw, message in parsed_ahead(_read(items, summary))
        )
        self._in_batches(news, summary, on_decision, on_item, explain=explain)
        return summary

    def retry(self, messages: Iterable[int], *, release: bool = False, on_item: Callable[[], None] | None = None) -> Summary:
        """Messages again that became nothing: the old outcome of each goes as it gets its new one. Raises as `run`.

        `release`: what would hold them back lets them pass.
        """
        summary = Summary()
        self._in_batches((partial(self._taken_out, one, release) for one in messages), summary, on_item=on_item, careful=True)
        return summary

    def _taken_out(self, message: int, release: bool) -> New | None:
        out = take_out(self.connection, message, self.setup.passwords)
        if out is None:
            return None
        return self._new(parse_message(out.raw), out.raw, out.source_id, out.mailbox, out.received_at, released=release)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Whatever fails inside leaves no transaction open; a failing database is told in words."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            self._end("ROLLBACK")
            raise explain_error(error, database_path(self.connection)) from error
        except BaseException:
            self._end("ROLLBACK")
            raise

    def _in_batches(
        self,
        news: Iterable[Callable[[], New | None]],
        summary: Summary,
        on_decision: Callable[[Decision], None] | None = None,
        on_item: Callable[[], None] | None = None,
        *,
        explain: bool = False,
        careful: bool = False,
    ) -> None:
        """Each of `news` is asked for its message within the transaction that stores it; None: it was processed before.

        `careful`: it changes the database, so that a batch cannot be taken again.
        """
        batch: _Batch | None = None
        with self._guarded():
            try:
                for new_one in news:
                    summary.messages += 1
                    if batch is None:
                        self.connection.execute("BEGIN IMMEDIATE")
                        batch = _Batch(time.monotonic(), careful=careful)
                    with IN_HAND:
                        new = new_one()
                        if new is None:
                            summary.known += 1
                        else:
                            self._add(batch, new, summary, explain)
                    _tell(on_item)
                    if batch.is_full:
                        self._commit(batch, summary, on_decision)
                        batch = None
                if batch is not None:
                    self._commit(batch, summary, on_decision)
            except KeyboardInterrupt:  # perhaps in the middle of a message: its batch is as if never read
                self._end("ROLLBACK")
                summary.interrupted = True

    def _commit(self, batch: _Batch, summary: Summary, on_decision: Callable[[Decision], None] | None) -> None:
        self._end("COMMIT")
        for decision in batch.decisions:
            summary.count(decision)
            _tell(on_decision, decision)

    def _add(self, batch: _Batch, new: New, summary: Summary, explain: bool) -> None:
        batch.messages.append(new)
        batch.size += new.message.size
        verdict = partial(self._decide, new, explain)
        try:
            batch.decisions.append(self._alone(new, verdict) if batch.careful else self._storing.store(new, verdict()))
        except Exception as error:
            if is_of_database(error):
                raise
            # A savepoint for each message would cost a thirtieth of all time. Where one fails, its whole batch is taken again
            # with one each, and so is the rest of it: a mailbox full of such mail takes twice as long, no more.
            self._end("ROLLBACK")
            self.connection.execute("BEGIN IMMEDIATE")
            there = len(batch.messages)
            batch.messages = [one for one in batch.messages if not self._is_known(one)]  # another process may have been quicker
            summary.known += there - len(batch.messages)
            batch.decisions = [self._alone(one, partial(self._decide, one, explain)) for one in batch.messages]
            batch.careful = True

    def take(self, raw: bytes, source_id: str, mailbox: str | None, received: datetime | None = None) -> Decision | None:
        """One message, within the caller's transaction; None when it was processed before."""
        return self.take_parsed(parse_message(raw), raw, source_id, mailbox, received)

    def take_parsed(
        self, message: Message, raw: Raw, source_id: str, mailbox: str | None, received: datetime | None = None
    ) -> Decision | None:
        """The same for one that is parsed already."""
        new = self._new(message, raw, source_id, mailbox, received)
        return None if new is None else self._alone_and_whole(new, lambda: self._decide(new, False))

    def hold(self, message: Message, raw: bytes, source_id: str, mailbox: str, received: datetime, error: str) -> Decision | None:
        """Keep it in quarantine with what went wrong before it could be decided."""
        new = self._new(message, raw, source_id, mailbox, received)
        return None if new is None else self._alone_and_whole(new, lambda: self._failed(new, error))

    def _new(
        self,
        message: Message,
        raw: Raw,
        source_id: str,
        mailbox: str | None,
        received: datetime | None = None,
        *,
        released: bool = False,
    ) -> New | None:
        wall = datetime.now(UTC).replace(microsecond=0)
        name = mailbox_of(mailbox, message, self.setup.config)
        if self.state.seen(name, message.identity) is not None:
            return None
        return New(message, raw, Envelope(name, source_id, received or received_at(message, wall), released), wall)

    def _is_known(self, one: New) -> bool:
        return self.state.seen(one.envelope.mailbox, one.message.identity) is not None

    def _decide(self, new: New, explain: bool) -> Decision:
        return decide(new.message, new.envelope, self.setup, self.state, new.envelope.received_at, explain=explain)

    def _failed(self, new: New, error: str) -> Decision:
        return failed(new.message, new.envelope, self.setup, self.state, new.envelope.received_at, error)

    def _alone(self, new: New, verdict: Callable[[], Decision]) -> Decision:
        """In its own savepoint: a message that fails leaves nothing of itself but its place in quarantine."""
        self.connection.execute("SAVEPOINT message")
        try:
            try:
                decision = self._storing.store(new, verdict())
            except Exception as error:
                if is_of_database(error):
                    raise
                self.connection.execute("ROLLBACK TO message")
                decision = self._storing.store(new, self._failed(new, as_held(error)))
        except BaseException:
            if self.connection.in_transaction:  # a full disk ends it by itself
                self.connection.execute("ROLLBACK TO message")
                self.connection.execute("RELEASE message")
            raise
        self.connection.execute("RELEASE message")
        return decision

    def _alone_and_whole(self, new: New, verdict: Callable[[], Decision]) -> Decision:
        """With its bytes: the transaction is the caller's."""
        decision = self._alone(new, verdict)
        self._storing.finish()
        return decision

    def _end(self, word: Literal["COMMIT", "ROLLBACK"]) -> None:
        if not self.connection.in_transaction:
            return
        if word == "COMMIT":
            self._storing.finish()
        else:
            self._storing.forget()
        self.connection.execute(word)
