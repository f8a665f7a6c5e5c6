"""Microseconds a message in each stage, by itself: parse, decide, store. `make bench` runs it with pytest-benchmark."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bench.generate import configure
from bench.mail import KINDS
from engine.config.load import load_config
from engine.decide.decision import Decision, Envelope
from engine.decide.flow import decide
from engine.decide.setup import Setup, prepare
from engine.mail.message import Message
from engine.mail.parse import parse_message
from engine.sources.route import received_at
from engine.state.sqlite import SqliteState
from engine.store.apply import Stored, apply
from engine.store.database import open_database
from engine.store.directory import sync_directory
from engine.store.raws import RawMessage, keep_raw

MESSAGES = 200
NOW = datetime(2026, 11, 25, tzinfo=UTC)
kinds = pytest.mark.parametrize("kind", sorted(KINDS))
Parsed = list[tuple[bytes, Message, Envelope]]


@pytest.fixture(scope="module", params=[100, 10_000], ids=lambda count: f"{count}-rules")
def setup(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Setup:
    return prepare(load_config(configure(tmp_path_factory.mktemp("rules") / "rules", rules=request.param)))


@pytest.fixture
def connection(tmp_path: Path, setup: Setup) -> Iterator[sqlite3.Connection]:
    found = open_database(tmp_path / "bench.db")
    sync_directory(found, setup.config, NOW)
    found.execute("BEGIN IMMEDIATE")
    yield found
    found.execute("ROLLBACK")
    found.close()


def mail(kind: str) -> list[bytes]:
    return [KINDS[kind](number) for number in range(MESSAGES)]


def parsed(kind: str) -> Parsed:
    found = [(raw, parse_message(raw)) for raw in mail(kind)]
    return [(raw, message, Envelope("help", str(n), received_at(message, NOW))) for n, (raw, message) in enumerate(found)]


def decided(messages: Parsed, setup: Setup, connection: sqlite3.Connection) -> list[Decision]:
    """Each sees what the earlier ones became."""
    state, decisions = SqliteState(connection, setup.config), []
    for _, message, envelope in messages:
        decisions.append(decide(message, envelope, setup, state, envelope.received_at))
        apply(connection, None, decisions[-1], Stored(message, "bench", NOW), setup.config)
    return decisions


@kinds
def test_parse(benchmark: Any, kind: str) -> None:
    raw = mail(kind)
    benchmark(lambda: [parse_message(one) for one in raw])


@kinds
def test_decide(benchmark: Any, kind: str, setup: Setup, connection: sqlite3.Connection) -> None:
    messages = parsed(kind)
    state = SqliteState(connection, setup.config)
    benchmark(lambda: [decide(message, envelope, setup, state, envelope.received_at) for _, message, envelope in messages])


@kinds
def test_store(benchmark: Any, kind: str, setup: Setup, connection: sqlite3.Connection) -> None:
    """Without the commit, which hundreds of messages share."""
    messages = parsed(kind)
    connection.execute("SAVEPOINT before")
    decisions = decided(messages, setup, connection)
    connection.execute("ROLLBACK TO before")

    def store() -> None:
        connection.execute("SAVEPOINT once")
        for decision, (_, message, _) in zip(decisions, messages, strict=True):
            apply(connection, None, decision, Stored(message, "bench", NOW), setup.config)
        keep_raw(connection, [RawMessage(message.sha256, message.size, raw) for raw, message, _ in messages])
        connection.execute("ROLLBACK TO once")

    benchmark(store)
