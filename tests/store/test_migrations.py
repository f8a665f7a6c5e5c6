"""Databases of earlier versions: brought up in one go, or left as they were."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from engine.decide.setup import Setup
from engine.processing import Processor
from engine.sources.item import Item
from engine.store import migrations
from engine.store.database import open_database
from engine.store.migrations import MIGRATIONS, migrate, version_of

NOW = "2026-11-02T10:00:00Z"
OPENED = b"From: carmen@olivar.example\r\nTo: help@harbourhill.example\r\nSubject: Scanner\r\nMessage-ID: <1@t>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n\r\nslow\r\n"
ANSWER = OPENED.replace(b"Scanner", b"Re: Scanner\r\nIn-Reply-To: <1@t>").replace(b"<1@t>\r\nDate", b"<2@t>\r\nDate")
TICKET = {
    "number": "T20261102.0001", "title": "Scanner", "description": "slow", "organization": "olivar", "contact": "carmen", "mailbox": "help",
    "status": "New", "occurrences": 1, "sender": "carmen@olivar.example", "html": "", "created_at": NOW, "updated_at": NOW, "message": 1,
    "title_key": "scanner", "description_key": "",
}  # fmt: skip
MESSAGE = {
    "id": 1, "mailbox": "help", "message_id": "1@t", "identity": "i", "source_id": "s", "received_at": NOW, "sender": "carmen@olivar.example",
    "subject": "Scanner", "size": 1, "raw_sha256": "", "outcome": "created", "number": "T20261102.0001", "decision": "{}", "config_version": "",
    "processed_at": NOW, "subject_key": "scanner", "body_key": "",
}  # fmt: skip
NOTIFICATION = {
    "message": 1, "mailbox": "help", "event": "created", "recipient": "carmen@olivar.example", "template": "received", "number": "T20261102.0001",
    "reason": "", "to_sender": 1, "message_id": "n@postroom", "status": "queued", "created_at": NOW,
}  # fmt: skip


def old_database(path: Path, version: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """As that version left it, with a ticket, its message and a notification that waits."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        with monkeypatch.context() as then:
            then.setattr(migrations, "MIGRATIONS", MIGRATIONS[:version])
            then.setattr(migrations, "USUAL", {})
            migrate(connection, NOW)
        for table, row in (("messages", MESSAGE), ("tickets", TICKET), ("outbox", NOTIFICATION)):
            _insert(connection, table, row)


def _insert(connection: sqlite3.Connection, table: str, row: Mapping[str, object]) -> None:
    connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", tuple(row.values()))


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS) + 1))
def test_an_earlier_database_is_brought_up_and_goes_on(
    version: int, tmp_path: Path, setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    old_database(tmp_path / "p.db", version, monkeypatch)
    with closing(open_database(tmp_path / "p.db")) as connection:
        assert version_of(connection) == len(MIGRATIONS)
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        Processor(connection, setup).run([Item("answer", lambda: ANSWER)], "help")
        assert connection.execute("SELECT ticket, description FROM ticket_notes").fetchall() == [("T20261102.0001", "slow")]
        status, error = connection.execute("SELECT status, error FROM outbox WHERE message_id = 'n@postroom'").fetchone()
        # The first version kept no words with them.
        assert (status, bool(error)) == (("failed", True) if version == 1 else ("queued", False))


def test_what_was_extracted_gets_the_time_of_its_ticket(tmp_path: Path, setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    before = MIGRATIONS.index(migrations._FIELDS_BY_TIME)
    old_database(tmp_path / "p.db", before, monkeypatch)
    with closing(sqlite3.connect(tmp_path / "p.db")) as connection, connection:
        connection.execute("INSERT INTO ticket_fields VALUES ('T20261102.0001', 'device', 'SRV', 'srv')")
        # And one whose ticket somebody took away by hand.
        connection.execute("INSERT INTO ticket_fields VALUES ('T1', 'device', 'SRV', 'srv')")
    with closing(open_database(tmp_path / "p.db")) as connection:
        found = connection.execute("SELECT ticket, created_at FROM ticket_fields ORDER BY ticket").fetchall()
    assert found == [("T1", ""), ("T20261102.0001", NOW)]


def test_whom_mail_brought_gets_its_first_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old_database(tmp_path / "p.db", MIGRATIONS.index(migrations._BROUGHT_BY), monkeypatch)
    decisions = ('{"sender": {"via": "number"}}', "no JSON", '{"sender": {"via": "created"}}', '{"sender": {"via": "created"}}')
    with closing(sqlite3.connect(tmp_path / "p.db")) as connection, connection:
        for number, decision in enumerate(decisions, 2):
            row = MESSAGE | {"id": number, "identity": str(number), "sender": "new@olivar.example", "decision": decision}
            _insert(connection, "messages", row)
        for address in ("new@olivar.example", "by.token@olivar.example"):
            values = (address, address)
            connection.execute("INSERT INTO contacts VALUES (?, 'olivar', '', '', ?, '', '', 1, 'mail', '')", values)
    with closing(open_database(tmp_path / "p.db")) as connection:
        found = connection.execute("SELECT id, message FROM contacts ORDER BY id").fetchall()
    assert found == [("by.token@olivar.example", None), ("new@olivar.example", 4)]


@pytest.mark.parametrize("version", [0, 1])
def test_a_disk_that_fills_up_meanwhile_is_said_and_leaves_the_database_as_it_was(
    version: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "p.db"
    if version:
        old_database(path, version, monkeypatch)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("VACUUM")
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")  # SQLite then says what it says of a full disk
        with pytest.raises(sqlite3.OperationalError, match="database or disk is full"):
            migrate(connection, NOW)
        assert version_of(connection) == version
        connection.execute("PRAGMA max_page_count = 100000")
        migrate(connection, NOW)
        assert version_of(connection) == len(MIGRATIONS)
