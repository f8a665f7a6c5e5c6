"""`postroom doctor`: each ailment is found, what is safe is repaired, and a healthy database is left as it is."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from engine.decide.setup import Setup
from engine.processing import Processor
from engine.sources.files import open_source
from engine.store.database import open_database
from tests.command import postroom

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def db(tmp_path: Path, setup: Setup) -> Path:
    path = tmp_path / "p.db"
    connection = open_database(path)
    Processor(connection, setup).run(open_source(str(ROOT / "sample"), 30_000_000), None)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path


def doctor(db: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return postroom("doctor", "--db", db, *words, cwd=ROOT)


def change(db: Path, *statements: str) -> None:
    connection = sqlite3.connect(db)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE tickets SET title = CAST(x'61ff' AS TEXT) WHERE rowid = 2", "tickets.title of row 2 is no text"),
        ("UPDATE messages SET decision = substr(decision, 2) WHERE id = 3", "messages.decision of row 3 is no JSON"),
        ("UPDATE outbox SET body_values = '[[' WHERE id = 1", "outbox.body_values of row 1 is no JSON"),
        ("UPDATE waiting_rules SET changed = '' WHERE id = 1", "waiting_rules.changed of row 1 is no JSON"),
        ("UPDATE messages SET received_at = '2026-11-O2T16:07:00Z' WHERE id = 3", "messages.received_at of row 3 is no time"),
        (
            "UPDATE raw_messages SET zlib = substr(zlib, 1, 40) WHERE sha256 = (SELECT raw_sha256 FROM messages WHERE id = 4)",
            "cannot be unpacked, message 4",
        ),
    ],
)
def test_a_value_that_is_not_what_it_was_is_found(statement: str, says: str, db: Path) -> None:
    change(db, statement)
    done = doctor(db, "--fix")
    first, second, *_ = done.stdout.splitlines()
    assert (done.returncode, first) == (1, "values that are damaged: the database is to be restored from a backup: 1")
    assert second.strip().endswith(says), done.stdout


@pytest.mark.parametrize(
    ("statement", "words", "says"),
    [
        ("UPDATE messages SET subject = CAST(x'61ff' AS TEXT)", ("find", "a"), "Could not decode to UTF-8"),
        (
            "UPDATE quarantine SET error = CAST(x'61ff' AS TEXT)",
            ("status",),
            "Could not decode to UTF-8 column 'error'; mend it by hand, or restore",
        ),
        ("UPDATE messages SET decision = substr(decision, 2)", ("retry", "--dry-run"), "malformed JSON"),
        ("UPDATE messages SET decision = substr(decision, 2)", ("explain", "3"), "the Decision of message 3 cannot be read"),
        ("UPDATE raw_messages SET zlib = substr(zlib, 1, 40)", ("raw", "3"), "the bytes of message 3 cannot be unpacked"),
        ("UPDATE raw_messages SET zlib = substr(zlib, 1, 40)", ("retry",), "--forget` lets it go"),
        ("UPDATE mailbox_status SET error_since = 'soon'", ("status",), "'soon' stands where a time should"),
    ],
)
def test_a_command_that_meets_one_says_so(statement: str, words: tuple[str, ...], says: str, db: Path, rules: Path) -> None:
    change(
        db,
        "INSERT INTO mailbox_status (mailbox, error, error_since, updated_at) VALUES ('help', 'x', '2026-11-02T16:07:00Z', '2026-11-02T16:07:00Z')",
        statement,
    )
    done = postroom(*words, "--db", db, "--rules", rules, cwd=ROOT)
    assert done.returncode == 2
    assert says in done.stderr and "restore it from a backup; `postroom doctor` shows what is damaged" in done.stderr
    assert "fault of postroom" not in done.stderr


def test_tables_that_are_malformed_are_said(db: Path) -> None:
    """What SQLite says of them shows their text, which is none any more."""
    data = db.read_bytes()
    name, sql = data.index(b"tableraw_messagesraw_messages"), data.index(b"CREATE TABLE raw_messages")
    db.write_bytes(data[:name] + b"table\xff" + data[name + 6 : sql] + b"CREATE TABLE ," + data[sql + 14 :])
    done = doctor(db)
    assert done.returncode == 2
    assert "p.db: the database cannot be used: its tables are malformed; restore it from a backup" in done.stderr


def test_a_healthy_database_is_well(db: Path) -> None:
    done = doctor(db)
    assert (done.returncode, done.stdout) == (0, "all is well\n"), done.stdout


@pytest.mark.parametrize(
    ("statement", "says", "mended"),
    [
        (
            "DELETE FROM quarantine",
            "quarantined messages without a row in quarantine: 3; --fix: they are put back into quarantine",
            True,
        ),
        (
            "INSERT INTO raw_messages VALUES ('ab', 1, x'00')",
            "raw messages that belong to none: 1; --fix: they are removed",
            True,
        ),
        ("INSERT INTO ticket_tags VALUES ('T1', 'VPN')", "tags of tickets that are not there: 1; --fix: they are removed", True),
        (
            "INSERT INTO waiting_rules (rule, ticket, due_at, status, created_at) VALUES ('r', 'T1', '', 'waiting', '')",
            "rules that wait for tickets that are not there: 1; --fix: they are dropped",
            False,
        ),
        (
            "UPDATE tickets SET due_at = datetime('now') WHERE number = 'T20261102.0001'",
            "tickets whose due_at is not written as postroom writes times: 1; --fix: those that can be read",
            True,
        ),
        (
            "UPDATE tickets SET completed_at = 'soon' WHERE number = 'T20261102.0001'",
            "tickets whose completed_at is not written as postroom writes times: 1; --fix: those that can be read",
            False,
        ),
        *(
            (
                f"UPDATE outbox SET status = 'queued', next_attempt_at = {moment} WHERE id = 1",
                "notifications that are not due for a month, for the clock was wrong when they were put off: 1; --fix: they are due now",
                True,
            )
            for moment in ("'2099-01-01T00:00:00Z'", "NULL")
        ),
        ("UPDATE messages SET decision = 'half' WHERE id = 1", "messages without an outcome: 1\n", False),
        ("UPDATE messages SET number = 'T9' WHERE id = 1", "messages that became a ticket which is not there: 1\n", False),
    ],
)
def test_an_ailment_is_found_and_mended_where_that_is_safe(db: Path, statement: str, says: str, mended: bool) -> None:
    change(db, statement)
    done = doctor(db)
    assert done.returncode == 1 and says in done.stdout, done.stdout
    assert (doctor(db, "--fix").returncode == 0) == mended


def test_a_missing_file_is_taken_from_the_message_and_a_spare_one_removed(db: Path) -> None:
    folder = Path(f"{db}.files")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    kept = files[0].read_bytes()
    files[0].unlink()
    spare = folder / "ff" / ("f" * 64)
    spare.parent.mkdir(exist_ok=True)
    spare.write_bytes(b"x")
    young = folder / "ff" / ("e" * 64)
    young.write_bytes(b"being stored just now")
    os.utime(spare, (0, 0))
    done = doctor(db)
    assert "attachments without their file: 1" in done.stdout and "files that belong to no attachment: 1" in done.stdout
    assert doctor(db, "--fix").returncode == 0
    assert files[0].read_bytes() == kept and not spare.exists() and young.exists()


def test_a_file_that_changed_is_told(db: Path) -> None:
    file = next(path for path in Path(f"{db}.files").rglob("*") if path.is_file())
    file.write_bytes(b"something else")
    done = doctor(db, "--fix")
    assert done.returncode == 1 and "files of attachments that are not what they were: 1" in done.stdout


def test_a_broken_database_is_told(db: Path) -> None:
    data = bytearray(db.read_bytes())
    data[20_000:40_000] = os.urandom(20_000)
    db.write_bytes(data)
    done = doctor(db)
    assert done.returncode in (1, 2) and "restore it from a backup" in done.stdout + done.stderr


def test_the_folder_of_attachments_may_vanish_and_comes_again(db: Path, setup: Setup) -> None:
    import shutil

    shutil.rmtree(f"{db}.files")
    assert "attachments without their file" in doctor(db).stdout
    done = doctor(db, "--fix")
    assert done.returncode == 0, done.stdout


def test_more_files_may_be_missing_than_sqlite_takes_values(db: Path) -> None:
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 260000) INSERT INTO attachments"
            " (message, number, name, content_type, size, sha256) SELECT 1, 'T20261102.0001', 'a', 'a/b', 1, printf('%064x', i) FROM n"
        )
    done = doctor(db, "--fix")
    assert done.returncode == 1 and "attachments without their file: 260,000" in done.stdout, done.stderr
