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
