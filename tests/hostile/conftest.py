"""What each hostile message meets: a database, and an end to whatever hangs."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.decide.setup import Setup, prepare
from engine.processing import Processor
from engine.sources.item import Item
from engine.store.database import open_database
from engine.summary import Summary
from tools.hostile import roomy_config

HEAD = "From: maya@brightwater.example\r\nTo: help@harbourhill.example\r\nMessage-ID: <h@x>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n"


class Hangs(BaseException):
    """No `Exception`: nothing that takes what it cannot read for damaged may take this for it."""


@pytest.fixture
def no_hang() -> Iterator[None]:
    """A case that does not end ends the test, by the processor's time; how fast it is, is a benchmark's matter."""

    def stop(*_: object) -> None:
        raise Hangs

    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, 10)
    yield
    signal.setitimer(signal.ITIMER_PROF, 0)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    found = open_database(tmp_path / "p.db")
    yield found
    found.close()


def run(connection: sqlite3.Connection, setup: Setup, *mails: bytes, mailbox: str = "help") -> Summary:
    return Processor(connection, setup).run([Item(str(number), lambda raw=raw: raw) for number, raw in enumerate(mails)], mailbox)  # type: ignore[misc]


def one(connection: sqlite3.Connection, query: str) -> tuple[object, ...]:
    found: tuple[object, ...] = connection.execute(query).fetchone()
    return found


@pytest.fixture(scope="module")
def roomy() -> Setup:
    return prepare(roomy_config())


def nested(depth: int) -> bytes:
    parts = "".join(f"Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n" for level in range(depth))
    return f"{HEAD}Subject: deep\r\nMIME-Version: 1.0\r\n{parts}Content-Type: text/plain\r\n\r\nbottom\r\n".encode()


OUT_OF_ORDER = "\u0301\u0327"  # Unicode has the second mark first
