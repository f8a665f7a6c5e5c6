"""What is stored nowhere: an alert's password, and of a private message its text."""

from __future__ import annotations

import zlib
from contextlib import closing
from pathlib import Path

import pytest

from engine.config.load import load_config
from engine.decide.setup import Setup, prepare
from engine.store.database import open_database
from tests.edit import edit
from tests.store.conftest import again, dump, failing_store, mail, rows, run


def test_of_a_private_message_neither_subject_nor_body_is_stored(db: Path, setup: Setup) -> None:
    run(db, setup, mail(1, "zebra-subject", more="Sensitivity: Private\r\n", body="zebra-body"))
    assert rows(db, "SELECT outcome, reason, subject FROM messages") == [("ignored", "private", "")]
    assert not any("zebra" in line for line in dump(db))
    assert rows(db, "SELECT COUNT(*) FROM raw_messages") == [(0,)]


ALERT = 'Alert: A-1\n<Autotask><ID name="harbourhill"/><PW name="sample-only"/><Customer name="Olivar Hermanos S.L."/></Autotask>'


def raws(path: Path) -> list[bytes]:
    return [zlib.decompress(packed) for (packed,) in rows(path, "SELECT zlib FROM raw_messages ORDER BY rowid")]


def test_the_tokens_password_is_stored_nowhere(db: Path, setup: Setup) -> None:
    run(db, setup, mail(1, "alert", body=ALERT), mailbox="alerts")
    assert rows(db, "SELECT outcome FROM messages ORDER BY id") == [("created",)]
    assert not any("sample-only" in line for line in dump(db))
    # nor where it was sent to the wrong mailbox
    run(db, setup, mail(2, "gone astray", body=ALERT), mailbox="help")
    html = ALERT.replace("<", "&lt;").replace(">", "&gt;")
    run(
        db,
        setup,
        mail(3, "Re: gone astray", more="In-Reply-To: <2@test.example>\r\nContent-Type: text/html\r\n", body=html),
        mailbox="help",
    )
    assert rows(db, "SELECT outcome FROM messages ORDER BY id") == [("created",), ("created",), ("appended",)]
    assert not any("sample-only" in line for line in dump(db))
    assert [b"Alert: A-1" in raw and b"sample-only" not in raw for raw in raws(db)] == [True, True, True]


def test_an_alert_from_quarantine_is_read_with_its_password(
    db: Path, setup: Setup, monkeypatch: pytest.MonkeyPatch, rules: Path
) -> None:
    failing_store(monkeypatch, "alert", error=ValueError("no step expected this"))
    run(db, setup, mail(1, "alert", body=ALERT), mailbox="alerts")
    monkeypatch.undo()
    assert b"sample-only" not in raws(db)[0] and rows(db, "SELECT reason FROM quarantine") == [("error",)]
    with closing(open_database(db)) as connection:
        assert dict(again(connection, setup).outcomes) == {"created: ticket": 1}
    assert len(raws(db)) == 1 and b"sample-only" not in raws(db)[0]


def test_an_empty_password_opens_no_door(db: Path, monkeypatch: pytest.MonkeyPatch, rules: Path) -> None:
    """A variable that is there and empty is how Compose and systemd pass on one that nobody set."""
    edit(rules / "mailboxes/alerts.yaml", "${env:ALERTS_TOKEN:-sample-only}", "${env:ALERTS_TOKEN}")
    monkeypatch.setenv("ALERTS_TOKEN", "")
    run(db, prepare(load_config(rules)), mail(1, "alert", body=ALERT.replace("sample-only", "")), mailbox="alerts")
    ((reason, error),) = rows(db, "SELECT reason, error FROM quarantine")
    assert reason == "token" and "the environment variable ALERTS_TOKEN is empty" in error


def test_a_copy_that_stays_in_quarantine_keeps_its_bytes(db: Path, setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    failing_store(monkeypatch, "boom", error=ValueError("no step expected this"))
    run(db, setup, mail(1, "boom"), mailbox="help")
    run(db, setup, mail(1, "boom"), mailbox="priority")
    monkeypatch.undo()
    assert len(raws(db)) == 1
    with closing(open_database(db)) as connection:
        again(connection, setup, 1)
        again(connection, setup, 2)
    assert len(raws(db)) == 1
    assert rows(db, "SELECT mailbox, outcome FROM messages ORDER BY id") == [("help", "created"), ("priority", "created")]


def test_what_was_no_password_of_ours_when_it_came_is_withheld_once_it_is(
    db: Path, setup: Setup, monkeypatch: pytest.MonkeyPatch, rules: Path
) -> None:
    run(db, setup, mail(1, "alert", body=ALERT.replace("sample-only", "rotated-early")), mailbox="alerts")
    assert rows(db, "SELECT reason FROM quarantine") == [("token",)] and b"rotated-early" in raws(db)[0]
    monkeypatch.setenv("ALERTS_TOKEN", "rotated-early")
    with closing(open_database(db)) as connection:
        assert dict(again(connection, prepare(load_config(rules))).outcomes) == {"created: ticket": 1}
    assert len(raws(db)) == 1 and b"rotated-early" not in raws(db)[0]
