"""A mail server on loopback, and a notification for it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.decide.setup import Setup
from engine.store.database import open_database
from tests.notify.sending import receive
from tests.smtp import SmtpServer


@pytest.fixture
def server() -> SmtpServer:
    return SmtpServer()


@pytest.fixture
def start(server: SmtpServer) -> Iterator[Callable[..., int]]:
    """Starts the server with options of aiosmtpd, and gives its port."""
    yield server.start
    server.stop()


@pytest.fixture
def connection(tmp_path: Path, setup: Setup) -> Iterator[sqlite3.Connection]:
    """A database with one notification to be sent: to Maya, that her ticket is open."""
    opened = open_database(tmp_path / "p.db")
    receive(opened, setup, 1)
    yield opened
    opened.close()
