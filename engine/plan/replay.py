"""Recorded mail, or mail of any source, decided under two configurations. Nothing is written and nothing sent."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import UTC, datetime

from msgspec import Struct, field
from msgspec.structs import replace

from engine.decide.closing import failed
from engine.decide.decision import Decision, Envelope
from engine.decide.flow import decide
from engine.decide.setup import Setup
from engine.mail.ahead import parsed_ahead
from engine.mail.message import Message
from engine.plan.difference import Change, changes_between
from engine.plan.waiting import Side, due_changes
from engine.processing import Processor
from engine.sources.item import Item, contents
from engine.sources.route import mailbox_of, received_at, route
from engine.state.past import PastState, Recorded, read_recorded
from engine.state.sqlite import SqliteState
from engine.state.view import State
from engine.store.database import open_database
from engine.store.failures import as_held, is_of_database


class Changed(Struct, frozen=True):
    """One message that would become something else. `id` is its row, None where it comes from a source."""

    id: int | None
    source_id: str
    received_at: datetime
    sender: str
    subject: str
    number: str | None
    changes: tuple[Change, ...]


class Plan(Struct):
    """What a replay found. `rules` counts how often each ran: (before, after)."""

    messages: int = 0
    without_bytes: int = 0
    changed: list[Changed] = field(default_factory=list)
    before: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)

    @property
    def rules(self) -> dict[str, tuple[int, int]]:
        """Rules that ran another number of times."""
        names = sorted(set(self.before) | set(self.after))
        return {name: (self.before[name], self.after[name]) for name in names if self.before[name] != self.after[name]}


class _Replay:
    """Takes pairs of Decisions, a message at a time in the order in which they came, and makes the plan of them."""

    def __init__(self, before: Side, after: Side) -> None:
        self._sides = before, after
        self._plan = Plan()
        self._told: dict[int, Changed] = {}  # by place: those that change, and those after which rules wait

    def until(self, now: datetime) -> None:
        """Time goes on: rules that waited run."""
        for side in self._sides:
            side.run(now)

    def add(self, identity: int | None, message: Message, pair: tuple[Decision, Decision]) -> None:
        old, new = pair
        self._plan.messages += 1
        self._plan.before.update(ran.rule for ran in old.fired)
        self._plan.after.update(ran.rule for ran in new.fired)
        changes = changes_between(old, new)
        place = self._plan.messages
        for side, decision in zip(self._sides, pair, strict=True):
            side.add(place, decision)
        if not (changes or old.changes.waiting or new.changes.waiting):
            return
        private = "private" in (old.reason, new.reason)
        self._told[place] = Changed(
            identity,
            old.envelope.source_id,
            old.envelope.received_at,
            message.sender.address,
            "" if private else message.subject,
            old.number or new.number,
            tuple(changes),
        )

    def end(self, now: datetime) -> Plan:
        self.until(now)
        before, after = self._sides
        for counts, side in ((self._plan.before, before), (self._plan.after, after)):
            counts.update(rule for (_, rule), effect in side.ran.items() if effect is not None)
        for place, change in due_changes(before, after):
            told = self._told[place]
            self._told[place] = replace(told, changes=(*told.changes, change))
        self._plan.changed = [told for told in self._told.values() if told.changes]
        return self._plan


def replay_recorded(
    connection: sqlite3.Connection, identities: list[int], base: Setup, work: Setup, on_message: Callable[[], None]
) -> Plan:
    """Each message on the state that it then had, so one change does not hide or cause the next."""
    setups = base, work
    before, after = (Side(setup, SqliteState(connection, setup.config)) for setup in setups)
    replay = _Replay(before, after)
    for one, _, message in parsed_ahead((one, one.raw) for one in read_recorded(connection, identities, base.passwords)):
        replay.until(one.received_at)
        pair = tuple(decide_again(message, one, setup, PastState(connection, setup.config, one)) for setup in setups)
        replay.add(one.id, message, (pair[0], pair[1]))
        on_message()
    return replay.end(datetime.now(UTC))


def decide_again(message: Message, one: Recorded, setup: Setup, state: State) -> Decision:
    """What becomes of a recorded message, whose bytes `message` is made of."""
    return _decide(message, envelope_again(message, one, setup), setup, state)


def envelope_again(message: Message, one: Recorded, setup: Setup) -> Envelope:
    """As it would come in under this configuration."""
    return Envelope(mailbox_of(one.mailbox, message, setup.config), one.source_id, one.received_at, one.released)


def _decide(message: Message, envelope: Envelope, setup: Setup, state: State) -> Decision:
    try:
        return decide(message, envelope, setup, state, envelope.received_at, explain=False)
    except Exception as error:
        if is_of_database(error):
            raise
        # As `run` would: the message goes to quarantine.
        return failed(message, envelope, setup, state, envelope.received_at, as_held(error))


def replay_source(items: Iterable[Item], mailbox: str | None, base: Setup, work: Setup, on_message: Callable[[], None]) -> Plan:
    """Mail from files, on a database in memory that the base fills: both decide on what the base made of those before."""
    with closing(open_database(None)) as connection:
        processor = Processor(connection, base)
        state = SqliteState(connection, work.config)
        replay = _Replay(Side(base, processor.state), Side(work, state))
        for item, raw, message in parsed_ahead((item, contents(item)) for item in items):
            received = received_at(message, datetime.now(UTC))
            replay.until(received)
            envelope = Envelope(mailbox or route(message, work.config), item.source_id, received)
            after = _decide(message, envelope, work, state)
            before = processor.take_parsed(message, raw, item.source_id, mailbox, received)
            if before is not None:  # else it was there before
                replay.add(None, message, (before, after))
            on_message()
        return replay.end(datetime.now(UTC))
