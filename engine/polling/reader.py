"""One mailbox, one round: list what is new, decide and store it, file it. Each step is committed before the next begins."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial

from msgspec.structs import replace

from engine.decide.decision import Decision
from engine.mail.message import Message
from engine.mail.parse import parse_message, parse_messages
from engine.polling.observe import Observer
from engine.processing import Processor
from engine.sources.remote import Denied, Fetched, NotTheItem, Place, Remote, RemoteError, RemoteItem, SignInFailed, StateLost
from engine.store import polling as store
from engine.store.database import transaction
from engine.store.in_place import InPlace

BATCH_ITEMS = 25
BATCH_BYTES = 8 * 1024 * 1024
MOST_PAGES = 20  # before what is listed is worked on
MOST_TRIES = 6  # of one item that alone cannot be fetched or filed, though others can
LONE_TRIES = 20  # of one where there are no others: more than an hour, with the waits between them
BACKLOG_SECONDS = 60
_MARGIN = timedelta(minutes=10)  # the server's clock is not ours
_PLACES: tuple[Place, ...] = ("processed", "failed")


class Reader:
    """Everything of one mailbox. `deciding` is held while a batch is decided: one writer at a time, and never while waiting."""

    def __init__(
        self,
        mailbox: str,
        remote: Remote,
        processor: Processor,
        in_place: InPlace,
        deciding: threading.Lock,
        observer: Observer,
        stopping: Callable[[], bool],
    ) -> None:
        self.mailbox = mailbox
        self.remote = remote
        self._processor = processor
        self._connection: sqlite3.Connection = processor.connection
        self._in_place = in_place
        self._deciding = deciding
        self._observer = observer
        self._stopping = stopping
        self._asked_backlog = 0.0
        self._went_well: set[bool] = set()  # in this round: whether it was fetching (True), or filing
        self._searches: Counter[int] = Counter()  # that failed, for what has left quarantine

    def round(self) -> bool:
        """Whether there is more to do at once. Raises `RemoteError`, with all that was done until then stored, and `StoreError`."""
        self._in_place.check()
        self._went_well.clear()
        listed_all = self._list()
        errors = [self._through(None, self._work, self._hold)]
        self._take_up_mended()
        for place in _PLACES:  # also what an earlier round stored and could not file
            errors.append(self._through(place, partial(self._file, place), self._leave))
        if error := next(filter(None, errors), None):
            raise error
        self._note()
        return not listed_all

    def _list(self) -> bool:
        """Whether the server has no more changes."""
        account, folder = self.remote.account, self.remote.folder
        if store.is_another_place(self._connection, self.mailbox, account, folder, _now()):
            self._observer.told(
                self.mailbox, f"it reads {folder} of {account} now: starting with what is unread there, or came since"
            )
        for _ in range(MOST_PAGES):
            state = store.sync_state(self._connection, self.mailbox)
            try:
                page = self.remote.changes(state.removeprefix(_FIRST) if state else None)
            except StateLost:
                self._observer.told(self.mailbox, "the sync state is lost: starting again with what is unread, or came since")
                with transaction(self._connection):
                    store.forget_state(self._connection, self.mailbox)
                continue
            first = state is None or state.startswith(_FIRST)
            until = store.looked_until(self._connection, self.mailbox) if first else None
            items = [item for item in page.items if not first or _is_new(item, until)]
            following = _FIRST + page.state if first and not page.last else page.state
            store.keep_page(self._connection, self.mailbox, following, items, _now(), last=page.last)
            if page.last or self._stopping():
                return True
        return False

    def _through(
        self,
        place: Place | None,
        step: Callable[[list[store.ItemRow]], None],
        give_up: Callable[[store.ItemRow, str], None],
    ) -> RemoteError | None:
        """Every item that is to be fetched, or filed in this place, in batches; where one fails, each of it alone, in later rounds too. What failed, if anything did.

        An item that fails right after another did not is at fault itself, and is given up after some tries. Else it may be the server:
        the rest waits for the next round, and the item is given up after many; but never where all of them are denied, for that is mended
        in the server's rights. Raises what is no item's fault for sure.
        """
        failed: dict[str, RemoteError] = {}
        others = denied = False
        while not self._stopping() and (rows := self._next(place, failed)):
            try:
                step(rows)
                others = True
                self._went_well.add(place is None)
            except RemoteError as error:
                if _is_of_all(error):
                    raise
                store.count_try(self._connection, self.mailbox, [row.item for row in rows], str(error))
                is_denied = isinstance(error, Denied)
                ours = RemoteError(str(error)) if is_denied else error  # we are let in: no long wait
                alone = len(rows) == 1
                may_be_at_fault = not is_denied or (place is None) in self._went_well
                if alone and may_be_at_fault and rows[0].tries + 1 >= (MOST_TRIES if others else LONE_TRIES):
                    give_up(rows[0], str(error))
                elif not (others or (is_denied and not denied)):
                    return ours
                elif alone:
                    failed[rows[0].item] = ours
                others, denied = False, denied or is_denied
        return next(iter(failed.values()), None)

    def _next(self, place: Place | None, without: Collection[str]) -> list[store.ItemRow]:
        """A batch of those that never failed, for they come first; or one that did, alone."""
        batch: list[store.ItemRow] = []
        size = 0
        for row in store.waiting(self._connection, self.mailbox, place, BATCH_ITEMS + len(without)):
            if row.item in without:
                continue
            size += row.size
            if batch and (row.tries or len(batch) == BATCH_ITEMS or size > BATCH_BYTES):
                break
            batch.append(row)
            if row.tries:
                break
        return batch

    def _work(self, batch: list[store.ItemRow]) -> None:
        # Beyond twice the limit, for the server counts more than the bytes, an item is refused anyhow: its head tells to whom.
        largest = self._processor.setup.config.settings.limits.message * 2
        began = time.perf_counter()
        fetched: list[Fetched] = []
        size = 0
        for one in self.remote.fetch([_item(row) for row in batch], largest):
            fetched.append(_apart(one) if one.size is not None else one)
            size += len(one.raw or b"")
            if size > BATCH_BYTES:  # none had its size listed: the others are a batch of their own
                break
        self._observer.stage("fetch", time.perf_counter() - began)

        def take(message: Message, one: Fetched, raw: bytes, received: datetime) -> Decision | None:
            sized = replace(message, size=one.size) if one.size is not None else message
            return self._processor.take_parsed(sized, raw, one.id, self.mailbox, received)

        self._store(fetched, take)

    def _hold(self, row: store.ItemRow, error: str) -> None:
        """An item that can never be fetched: what is known of it is kept in quarantine, and the next one goes on."""
        try:
            head = self.remote.describe(_item(row)).raw
        except RemoteError as other:
            if _is_of_all(other):
                raise
            head = None
        described = _apart(Fetched(row.item, head or b"Subject: (an item that cannot be read)\r\n\r\n", _now()))

        def take(message: Message, one: Fetched, raw: bytes, received: datetime) -> Decision | None:
            return self._processor.hold(message, raw, one.id, self.mailbox, received, f"the server does not give it: {error}")

        self._store([described], take)

    def _store(self, fetched: list[Fetched], take: Callable[[Message, Fetched, bytes, datetime], Decision | None]) -> None:
        decisions: list[Decision] = []
        connection = self._connection
        began = time.perf_counter()
        with self._deciding:
            # Before the transaction, during which no other process can write; and only one mailbox's mail at a time, for it takes memory.
            there = [(one, one.raw) for one in fetched if one.raw is not None]
            messages = parse_messages([raw for _, raw in there])
            with transaction(connection):
                store.drop(connection, self.mailbox, [one.id for one in fetched if one.raw is None])
                for (one, raw), message in zip(there, messages, strict=True):
                    received = min(one.received_at or _now(), _now())  # our clock may be behind the server's
                    decision = take(message, one, raw, received)
                    place = self._place(decision, message.identity)
                    store.mark_stored(connection, self.mailbox, one.id, place, message.identity)
                    if decision is not None:
                        decisions.append(decision)
        self._observer.stage("decide", time.perf_counter() - began)
        for decision in decisions:
            self._observer.decided(decision)

    def _place(self, decision: Decision | None, identity: str) -> Place:
        if decision is None:  # processed before: a crash came between storing and filing
            return store.place_of(self._connection, self.mailbox, identity)
        return "failed" if decision.outcome == "quarantined" else "processed"

    def _file(self, place: Place, rows: list[store.ItemRow]) -> None:
        items = [row.item for row in rows]
        began = time.perf_counter()
        now_at = self._moved(items, place)
        store.mark_filed(self._connection, self.mailbox, place, items, now_at)
        self._observer.stage("file", time.perf_counter() - began)

    def _moved(self, items: list[str], place: Place | None) -> dict[str, str] | None:
        """Mail leaves the inbox here and nowhere else, and only while what was stored of it is where it will be looked for."""
        self._in_place.check()
        return self.remote.file(items, place)

    def _take_up_mended(self) -> None:
        """What left quarantine leaves the folder `failed` too. One that the server does not find lies where it is, and keeps no mail waiting."""
        for one in store.mended(self._connection, self.mailbox):
            try:
                items = [one.item] if one.item is not None else self._look_for(one.message_id)
            except RemoteError as error:
                if _must_wait(error):
                    raise
                self._searches[one.row] += 1
                if self._searches[one.row] < MOST_TRIES:
                    continue
                self._observer.told(self.mailbox, "what has left quarantine is not found on the server", error=str(error))
                items = []
            store.take_up(self._connection, self.mailbox, one, items, _now())

    def _look_for(self, message_id: str) -> list[str]:
        return self.remote.find("failed", message_id) if message_id else []

    def _leave(self, row: store.ItemRow, error: str) -> None:
        with suppress(RemoteError):  # else it would be the oldest that waits, for ever
            self._moved([row.item], None)
        store.drop(self._connection, self.mailbox, [row.item])
        self._observer.told(self.mailbox, "an item cannot be filed: it is marked as read, and stays where it is", error=error)

    def _note(self) -> None:
        backlog = None
        if time.monotonic() - self._asked_backlog > BACKLOG_SECONDS or not self._asked_backlog:
            self._asked_backlog = time.monotonic()
            try:
                backlog = self.remote.backlog()
            except SignInFailed:
                raise
            except RemoteError as error:  # how much waits is worth a line, not a mailbox
                self._observer.told(self.mailbox, "the backlog cannot be asked for", error=str(error))
        store.note_contact(self._connection, self.mailbox, backlog, _now())
        self._observer.contact(self.mailbox, _now())
        if backlog is not None:
            self._observer.backlog(self.mailbox, backlog, _now())


def _must_wait(error: RemoteError) -> bool:
    """Whether we are not let in at all, or asked to wait."""
    return error.wait is not None or (isinstance(error, SignInFailed) and not isinstance(error, Denied))


def _is_of_all(error: RemoteError) -> bool:
    """Whether it is no item's fault for sure."""
    return _must_wait(error) or isinstance(error, NotTheItem)


def _item(row: store.ItemRow) -> RemoteItem:
    return RemoteItem(row.item, row.size, True, row.received_at)


def _apart(described: Fetched) -> Fetched:
    """Without a Message-ID a message is known by its bytes; two of which the server tells the same few things are two all the same."""
    raw = described.raw
    if raw is None or parse_message(raw).message_id:
        return described
    return replace(described, raw=f"X-Postroom-Item: {''.join(described.id.split())[:900]}\r\n".encode() + raw)


def _is_new(item: RemoteItem, until: datetime | None) -> bool:
    """From its start a folder holds what somebody read long ago: what is unread is mail to us, and what came since we last looked."""
    return item.unread or (until is not None and item.received_at is not None and item.received_at > until - _MARGIN)


_FIRST = "first:"  # before a state of the very first listing, which is not done yet


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
