"""A database, and mail that is run into it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.decide.setup import Setup
from engine.processing import Processor
from engine.sources.item import Item
from engine.store.again import Choice, choose
from engine.store.database import open_database
from engine.summary import Summary


def mail(number: int, subject: str = "", sender: str = "carmen@olivar.example", more: str = "", body: str = "text") -> bytes:
    return (
        f"Received: by mx; Mon, 2 Nov 2026 10:{number % 60:02}:00 +0000\r\nFrom: {sender}\r\nTo: help@harbourhill.example\r\n"
        f"Subject: {subject or f'number {number} {chr(97 + number % 26) * 9}'}\r\nMessage-ID: <{number}@test.example>\r\n{more}\r\n{body}\r\n"
    ).encode()


def items(*messages: bytes) -> list[Item]:
    return [Item(f"item {index}", lambda raw=raw: raw) for index, raw in enumerate(messages)]


def run(path: Path, setup: Setup, *messages: bytes, mailbox: str | None = "help") -> Summary:
    connection = open_database(path)
    try:
        return Processor(connection, setup).run(items(*messages), mailbox)
    finally:
        connection.close()


def again(connection: sqlite3.Connection, setup: Setup, *only: int) -> Summary:
    """As `postroom retry` does."""
    chosen, _ = choose(connection, Choice(only))
    return Processor(connection, setup).retry(one.id for one in chosen)


def rows(path: Path, query: str) -> list[tuple]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


@contextmanager
def listening(connection: sqlite3.Connection) -> Iterator[list[str]]:
    """What is asked of SQLite meanwhile, with its values."""
    asked: list[str] = []
    connection.set_trace_callback(asked.append)
    yield asked
    connection.set_trace_callback(None)


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "p.db"


def dump(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


def failing_store(monkeypatch: pytest.MonkeyPatch, *subjects: str, error: BaseException) -> None:
    """Stores such a message, and then fails: its rows stand already."""
    import engine.storing as storing

    apply = storing.apply

    def failing(connection, blobs, decision, stored, config):  # type: ignore[no-untyped-def]
        message = apply(connection, blobs, decision, stored, config)
        if stored.message.subject in subjects and decision.outcome != "quarantined":
            raise error
        return message

    monkeypatch.setattr(storing, "apply", failing)
