"""Letting go of attachments: only of what is complete, never of a file that something else needs, and whoever is killed in between leaves nothing."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

import engine.store.prune as pruning
from engine.decide.setup import Setup
from engine.errors import StoreError
from engine.processing import Processor
from engine.store.attachments import blobs_of
from engine.store.database import open_database
from engine.store.doctor import examine
from engine.store.prune import Before, prune_database
from tests.command import ROOT, postroom

THEN = datetime(2026, 6, 1, tzinfo=UTC)


def mail(number: int, file: str, subject: str = "") -> bytes:
    return (
        f"From: carmen@olivar.example\r\nSubject: {subject or 'abcdefgh'[number] * 9}\r\nMessage-ID: <{number}@x>\r\n"
        "Date: Mon, 5 Jan 2026 10:00:00 +0000\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        f"--b\r\n\r\nHere.\r\n--b\r\nContent-Type: a/b; name={file}.bin\r\n\r\n{file}\r\n--b--\r\n"
    ).encode()


class Desk:
    def __init__(self, path: Path, setup: Setup) -> None:
        self.connection = open_database(path)
        self._processor = Processor(self.connection, setup)

    def take(self, *mails: bytes, mailbox: str = "help", at: datetime = datetime(2026, 1, 5, 10, tzinfo=UTC)) -> None:
        for raw in mails:
            self._processor.take(raw, raw[:60].decode(), mailbox, at)

    def complete(self, number: str, at: str = "2026-02-01T00:00:00Z") -> None:
        self.connection.execute("UPDATE tickets SET status = 'Done', completed_at = ? WHERE number = ?", (at, number))

    def prune(self) -> int:
        return prune_database(self.connection, Before(files=THEN))["attachments"]

    def files(self) -> list[str]:
        blobs = blobs_of(self.connection)
        assert blobs is not None
        return sorted(path.read_text().strip() for path in blobs.files())

    def is_well(self) -> bool:
        return not list(examine(self.connection))


@pytest.fixture
def desk(tmp_path: Path, setup: Setup) -> Iterator[Desk]:
    found = Desk(tmp_path / "p.db", setup)
    with closing(found.connection):
        yield found


ONE, TWO = "T20260105.0001", "T20260105.0002"


def test_a_file_goes_when_the_last_that_needs_it_is_complete(desk: Desk) -> None:
    desk.take(mail(1, "plan"), mail(2, "plan"), mail(3, "open"))
    assert desk.prune() == 0
    desk.complete(ONE)
    assert desk.prune() == 1 and desk.files() == ["open", "plan"] and desk.is_well()
    desk.complete(TWO)
    assert desk.prune() == 1 and desk.files() == ["open"] and desk.is_well()
    assert desk.prune() == 0
    desk.take(mail(4, "plan"))
    assert desk.files() == ["open", "plan"] and desk.is_well()
    assert desk.connection.execute("SELECT let_go_at IS NULL FROM attachments ORDER BY id").fetchall() == [(0,), (0,), (1,), (1,)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE tickets SET completed_at = '2026-07-01T00:00:00Z'",
        "UPDATE messages SET received_at = '2026-07-01T00:00:00Z'",
        "UPDATE tickets SET completed_at = NULL",
        "UPDATE attachments SET number = 'P20260901.0001'",
    ],
)
def test_what_is_young_or_open_or_of_no_ticket_stays(statement: str, desk: Desk) -> None:
    desk.take(mail(1, "plan"))
    desk.complete(ONE)
    desk.connection.execute(statement)
    assert desk.prune() == 0 and desk.files() == ["plan"]


def test_a_ticket_that_is_reopened_meanwhile_keeps_its_files(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.take(mail(1, "plan"))
    desk.complete(ONE)
    real = pruning.transaction

    def late(connection: sqlite3.Connection) -> object:
        connection.execute("UPDATE tickets SET completed_at = NULL")
        return real(connection)

    monkeypatch.setattr(pruning, "transaction", late)
    desk.prune()
    assert desk.files() == ["plan"] and desk.is_well()


def test_all_of_it_goes_also_in_several_batches(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.take(*(mail(number, "plan") for number in range(5)))
    monkeypatch.setattr(pruning, "_BATCH", 2)
    late = datetime(2100, 1, 1, tzinfo=UTC)
    assert prune_database(desk.connection, Before(raw=THEN, traces=late)) == {"raw messages": 5, "traces": 5}
    assert desk.connection.execute("SELECT COUNT(*) FROM raw_messages").fetchone() == (0,)
    kept = "SELECT DISTINCT json_extract(decision, '$.trace'), json_extract(decision, '$.not_fired'), outcome FROM messages"
    assert desk.connection.execute(kept).fetchall() == [("[]", "[]", "created")]


@pytest.mark.parametrize("mailbox", ["priority", "help"])
def test_bytes_that_come_again_meanwhile_stay(mailbox: str, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """To another mailbox, or into quarantine."""
    desk.take(mail(1, "plan"), mail(2, "other"))
    real = pruning.transaction

    def late(connection: sqlite3.Connection) -> object:
        if mailbox == "help":
            connection.execute(
                "INSERT INTO quarantine (message, mailbox, source_id, raw_sha256, reason, error, created_at)"
                " SELECT id, mailbox, source_id, raw_sha256, 'error', '', processed_at FROM messages WHERE id = 1"
            )
        else:
            desk.take(mail(1, "plan"), mailbox=mailbox, at=datetime(2026, 7, 1, tzinfo=UTC))
        return real(connection)

    monkeypatch.setattr(pruning, "transaction", late)
    prune_database(desk.connection, Before(raw=THEN))
    assert desk.connection.execute(
        "SELECT m.id, r.sha256 IS NOT NULL FROM messages m LEFT JOIN raw_messages r ON r.sha256 = m.raw_sha256 WHERE m.id < 3"
    ).fetchall() == [(1, 1), (2, 0)]


def test_what_a_killed_one_left_is_removed_by_the_next(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.take(mail(1, "plan"))
    desk.complete(ONE)

    def killed(*_: object) -> None:
        raise StoreError.of("killed", "")

    monkeypatch.setattr(pruning, "_remove_what_was_let_go", killed)
    with pytest.raises(StoreError, match="killed"):
        desk.prune()
    assert desk.files() == ["plan"] and desk.is_well()  # it is young, and might be another process's
    monkeypatch.undo()
    assert desk.prune() == 0 and desk.files() == []


def test_the_commands_say_so(desk: Desk, tmp_path: Path, run_postroom: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    desk.take(mail(1, "plan"))
    desk.complete(ONE)
    assert run_postroom("prune", "--files", "2026-06-01", "--dry-run").stdout == "1 attachments would be let go\n"
    assert desk.files() == ["plan"]
    assert run_postroom("prune", "--files", "2026-06-01").stdout == "1 attachments were let go\n"
    today = datetime.now(UTC).date()
    assert f"plan.bin  a/b  4 bytes; let go on {today}" in run_postroom("show", ONE).stdout
    assert run_postroom("doctor").stdout == "all is well\n"


def test_attachments_lie_beside_the_database_and_not_beside_a_link_to_it(
    desk: Desk, tmp_path: Path, run_postroom: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    desk.take(mail(1, "plan"))
    (tmp_path / "else").mkdir()
    (tmp_path / "else/current.db").symlink_to(tmp_path / "p.db")
    assert run_postroom("doctor", db=tmp_path / "else/current.db").stdout == "all is well\n"


@pytest.fixture
def run_postroom(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(*words: str, db: Path = tmp_path / "p.db") -> subprocess.CompletedProcess[str]:
        return postroom(*words, "--db", db, cwd=ROOT)

    return run
