"""What tests of sending share: mail that queues a notification, a way out, and what became of it."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Any

from engine.config.connections import SmtpSending
from engine.config.model import Config
from engine.decide.decision import iso
from engine.decide.setup import Setup
from engine.notify.sender import Sent, send_due
from engine.notify.transport import SmtpTransport, Transport
from engine.processing import Processor
from engine.sources.item import Item

NOW = datetime(2030, 1, 1, 12, 0, tzinfo=UTC)


def smtp(port: int, **changes: Any) -> SmtpTransport:
    values: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": port,
        "tls": "none",
        "ca_file": None,
        "username": None,
        "password": None,
        "timeout": timedelta(seconds=5),
    }
    return SmtpTransport(SmtpSending(**(values | changes)))


def mail(number: int, sender: str = "maya@brightwater.example") -> bytes:
    return (
        f"Date: Mon, 2 Nov 2026 10:{number:02}:00 +0000\r\nFrom: {sender}\r\nSubject: Matter {number} {'abcdefghijklmno'[number] * 8}\r\n"
        f"Message-ID: <{number}@t.example>\r\n\r\nIt is broken {number}.\r\n"
    ).encode()


def receive(
    connection: sqlite3.Connection, setup: Setup, *numbers: int, sender: str = "maya@brightwater.example", now: datetime = NOW
) -> None:
    """Mail that comes at this moment: each of it is a ticket with a notification."""
    items = [Item(f"{iso(now)} {n}", lambda n=n: mail(n, sender)) for n in numbers]  # type: ignore[misc]
    Processor(connection, setup).run(items, "help")
    connection.execute("UPDATE outbox SET created_at = ?, next_attempt_at = ? WHERE created_at < '2030'", (iso(now), iso(now)))


def send(connection: sqlite3.Connection, config: Config, transport: Transport, now: datetime = NOW) -> Sent:
    try:
        return send_due(connection, config, lambda mailbox: transport, clock=lambda: now)
    finally:
        transport.close()


def row(connection: sqlite3.Connection, columns: str = "status, attempts, error") -> tuple[Any, ...]:
    found: tuple[Any, ...] = connection.execute(f"SELECT {columns} FROM outbox ORDER BY id LIMIT 1").fetchone()
    return found
