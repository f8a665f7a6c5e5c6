"""`postroom send`: what is due, what could not be sent, and what is let go."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.test_commands import postroom
from tests.smtp import SmtpServer

MAIL = "From: {0}\r\nTo: help@harbourhill.example\r\nSubject: {0}\r\nMessage-ID: <{0}>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n\r\nhello\r\n"
PEOPLE = ("carmen@olivar.example", "maya@brightwater.example", "jan@kessler.example")


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Three notifications: one failed, one waits for its next try, one is due."""
    for person in PEOPLE:
        (tmp_path / f"{person}.eml").write_text(MAIL.format(person))
        postroom("run", "--source", f"{person}.eml", cwd=tmp_path)
    with closing(sqlite3.connect(tmp_path / "postroom.db", isolation_level=None)) as connection:
        connection.execute("UPDATE outbox SET status = 'failed', error = '550 no such user' WHERE recipient = ?", PEOPLE[:1])
        later = "UPDATE outbox SET next_attempt_at = '2999-01-01T00:00:00Z', error = '450 later' WHERE recipient = ?"
        connection.execute(later, PEOPLE[1:2])
        yield connection


def statuses(outbox: sqlite3.Connection) -> list[str]:
    return [status for (status,) in outbox.execute("SELECT status FROM outbox ORDER BY id").fetchall()]


def test_what_is_due_is_sent(outbox: sqlite3.Connection, tmp_path: Path) -> None:
    done = postroom("send", "--folder", "out", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "1 sent, 0 later, 0 wait for their address's limit, 0 failed\n")
    assert statuses(outbox) == ["failed", "queued", "sent"] and len(list((tmp_path / "out").iterdir())) == 1


def test_again_what_failed_and_what_waits(outbox: sqlite3.Connection, tmp_path: Path) -> None:
    done = postroom("send", "--again", "--folder", "out", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout == "2 again in the queue\n3 sent, 0 later, 0 wait for their address's limit, 0 failed\n"
    assert statuses(outbox) == ["sent"] * 3


def test_what_failed_is_let_go_and_nothing_sent(outbox: sqlite3.Connection, tmp_path: Path) -> None:
    done = postroom("send", "--forget", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "1 let go\n")
    assert statuses(outbox) == ["dropped", "queued", "queued"]


def test_where_nothing_says_how_it_is_told(outbox: sqlite3.Connection, tmp_path: Path) -> None:
    done = postroom("send", cwd=tmp_path)
    assert done.returncode == 2 and "settings.yaml" in done.stderr and "name a folder with --folder" in done.stderr
    assert statuses(outbox) == ["failed", "queued", "queued"]


def test_why_one_goes_later_or_never_is_told(outbox: sqlite3.Connection, rules: Path, tmp_path: Path) -> None:
    server = SmtpServer()
    server.on_rcpt = {PEOPLE[1]: "450 4.2.0 greylisted", PEOPLE[2]: "550 5.1.1 no such user"}
    with (rules / "settings.yaml").open("a", encoding="utf-8") as file:
        file.write(f"sending:\n  smtp: {{host: 127.0.0.1, port: {server.start()}, tls: none}}\n")
    try:
        done = postroom("send", "--again", "--rules", rules, cwd=tmp_path)
    finally:
        server.stop()
    assert done.returncode == 1 and done.stdout.endswith("1 sent, 1 later, 0 wait for their address's limit, 1 failed\n")
    assert done.stderr == (
        f"later, to {PEOPLE[1]}: the mail server said 450 4.2.0 greylisted\n"
        f"not sent, to {PEOPLE[2]}: the mail server said 550 5.1.1 no such user\n"
    )
