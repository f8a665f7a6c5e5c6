"""Kills, full and broken disks, several processes: nothing lost, nothing twice, and it goes on when the cause is gone."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from engine.store import database
from engine.store.database import open_database
from engine.store.failures import explain_error
from tests.command import environment, postroom
from tests.ews.server import Server
from tests.faults import needs_faults
from tests.polling.conftest import exchange, mail, polled
from tools.consistent import inconsistent
from tools.crash import command, crash, maildir, with_attachment
from tools.faults import faults
from tools.soak import roomy_rules

__all__ = ["exchange", "polled"]  # fixtures of the tests of polling

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    roomy_rules(tmp_path)
    return tmp_path


def start(folder: Path, db: Path, source: str = "mail") -> subprocess.Popen[str]:
    words = command(folder / source, folder / "rules", db)
    return subprocess.Popen(words, cwd=folder, env=environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def run(folder: Path, db: Path, source: str = "mail") -> tuple[int, str]:
    """(exit status, what it said on standard error)."""
    process = start(folder, db, source)
    _, said = process.communicate(timeout=120)
    return process.returncode, said


# --- kills ------------------------------------------------------------------------------------------------------


def test_killed_again_and_again_each_message_is_there_once() -> None:
    """The short form; `make soak` kills a hundred times over 2,000 messages."""
    assert crash(messages=300, kills=5, seed=2) == []


@needs_faults
def test_calls_that_fail_anywhere_lose_nothing() -> None:
    """The short form; `make soak` lets five commands meet two hundred."""
    assert faults(count=10, seed=7, commands=["run", "retry"]) == []


def test_what_the_check_of_a_crashed_database_finds(folder: Path) -> None:
    maildir(folder / "mail", 30)
    db = folder / "p.db"
    assert run(folder, db)[0] in (0, 1)
    assert inconsistent(db, 30) == []
    file = next(path for path in (folder / "p.db.files").rglob("*") if path.is_file())
    file.write_bytes(file.read_bytes()[:-1])
    with closing(sqlite3.connect(db)) as connection:
        connection.execute("UPDATE messages SET outcome = 'ignored' WHERE id = (SELECT message FROM tickets LIMIT 1)")
        connection.commit()
    assert inconsistent(db, 31) == [
        "30 rows of 31 messages",
        "tickets and messages that opened one are not as many",
        f"the attachment {next(iter(sqlite3.connect(db).execute('SELECT name FROM attachments WHERE sha256 = ?', (file.name,))))[0]} has no file, or half of it",
    ]


# --- disks ------------------------------------------------------------------------------------------------------


class Disk:
    """A small file system of its own. Needs to be root; tests are skipped elsewhere."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def mount(self, options: str) -> None:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.place)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")

    def unmount(self) -> None:
        subprocess.run(["umount", str(self.place)], check=False, capture_output=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    place = tmp_path / "disk"
    place.mkdir()
    found = Disk(place)
    yield found
    found.unmount()


@pytest.mark.parametrize("size", ["16k", "80k", "200k", "600k", "900k", "1500k"])
def test_a_full_disk_is_said_and_the_next_run_completes(folder: Path, disk: Disk, size: str) -> None:
    disk.mount(f"size={size}")
    maildir(folder / "mail", 200)
    db = disk.place / "p.db"
    status, said = run(folder, db)
    assert status == 2
    assert "the disk is full: make room, then run the same command again; nothing is lost" in said
    assert said.count("\n") == 1 and "Traceback" not in said
    disk.mount("remount,size=64m")
    assert run(folder, db)[0] in (0, 1)
    assert inconsistent(db, 200) == []


def test_a_read_only_disk_is_said_and_the_next_run_completes(folder: Path, disk: Disk) -> None:
    disk.mount("size=64m")
    maildir(folder / "mail", 20)
    maildir(folder / "more", 40)
    db = disk.place / "p.db"
    assert run(folder, db)[0] in (0, 1)
    disk.mount("remount,ro")
    status, said = run(folder, db, "more")
    assert status == 2
    assert "mend the rights of the file and its folder, or name another with --db" in said
    assert said.count("\n") == 1
    disk.mount("remount,rw")
    assert run(folder, db, "more")[0] in (0, 1)
    assert inconsistent(db, 40) == []


def test_the_rights_to_read_are_enough_to_read(folder: Path, disk: Disk) -> None:
    """A backup on a disk that is mounted to be read only, without the files that SQLite makes beside a database in use."""
    disk.mount("size=64m")
    maildir(folder / "mail", 10)
    db = disk.place / "p.db"
    assert run(folder, db)[0] in (0, 1)
    disk.mount("remount,ro")
    done = postroom("status", "--rules", folder / "rules", "--db", db, cwd=folder)
    assert done.returncode in (0, 1) and "10 messages, the last at" in done.stdout, done.stderr


@pytest.mark.parametrize(("place", "size"), [(0, 4096), (4096, None), (44, 4)], ids=["head", "middle", "format"])
def test_a_broken_database_is_said_and_a_backup_goes_on(folder: Path, place: int, size: int | None) -> None:
    maildir(folder / "mail", 60)
    maildir(folder / "more", 90)
    db = folder / "p.db"
    assert run(folder, db)[0] in (0, 1)
    shutil.copy(db, folder / "backup.db")
    with db.open("r+b") as file:
        file.seek(place)
        file.write(b"\xa5" * (size or db.stat().st_size - place))
    status, said = run(folder, db, "more")
    assert status == 2
    assert "restore it from a backup" in said
    assert said.count("\n") == 1
    shutil.copy(folder / "backup.db", db)
    assert run(folder, db, "more")[0] in (0, 1)
    assert inconsistent(db, 90) == []


def test_a_folder_of_attachments_that_cannot_be_is_said(folder: Path) -> None:
    """Where the folder should be there is a file; what came before the message in hand may be stored, it is not."""
    maildir(folder / "mail", 30)
    db = folder / "p.db"
    files = folder / "p.db.files"
    files.write_text("in the way")
    status, said = run(folder, db)
    assert (status == 2 and "Not a directory" in said) or "File exists" in said
    assert "run the same command again when the cause is mended" in said
    files.unlink()
    assert run(folder, db)[0] in (0, 1)
    assert inconsistent(db, 30) == []


def test_a_folder_of_attachments_that_vanishes_while_it_runs_is_made_again(folder: Path) -> None:
    source = maildir(folder / "mail", 0)
    for number in range(120):
        (source / "new" / f"{number:06}").write_bytes(with_attachment(number))
    db, files = folder / "p.db", folder / "p.db.files"
    process = start(folder, db)
    deadline = time.monotonic() + 30
    while not files.is_dir() and time.monotonic() < deadline:
        time.sleep(0.01)
    shutil.rmtree(files, ignore_errors=True)
    _, said = process.communicate(timeout=120)
    if process.returncode == 2:  # it vanished between the making of the folder and that of the file in it
        assert "Traceback" not in said
        assert run(folder, db)[0] in (0, 1)
    with closing(sqlite3.connect(db)) as connection:
        assert connection.execute("SELECT COUNT(*) FROM messages").fetchone() == (120,)
    # What was written before is gone with the folder: it is in the raw messages, and `doctor` takes it from there.
    mended = postroom("doctor", "--fix", "--db", db, cwd=folder)
    assert mended.returncode in (0, 1), mended.stderr
    assert inconsistent(db, 120) == []


# --- several processes ------------------------------------------------------------------------------------------


def test_a_database_that_another_process_holds_is_waited_for(folder: Path) -> None:
    maildir(folder / "mail", 20)
    db = folder / "p.db"
    with closing(open_database(db)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        process = start(folder, db)
        time.sleep(1.5)
        assert process.poll() is None
        holder.execute("COMMIT")
    _, said = process.communicate(timeout=60)
    assert process.returncode in (0, 1), said
    assert inconsistent(db, 20) == []


def test_one_that_is_held_for_too_long_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.2)
    db = folder / "p.db"
    with closing(open_database(db)) as holder, closing(open_database(db)) as other:
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(database.StoreError, match="another process holds it"), database.transaction(other):
            pass


def test_two_runs_at_once_take_each_message_once(folder: Path) -> None:
    maildir(folder / "mail", 400)
    db = folder / "p.db"
    processes = [start(folder, db) for _ in range(2)]
    for process in processes:
        _, said = process.communicate(timeout=120)
        assert process.returncode in (0, 1), said
        assert "locked" not in said
    assert inconsistent(db, 400) == []


def test_opening_waits_where_sqlite_itself_does_not(tmp_path: Path) -> None:
    """Of two that switch a new database to WAL at once SQLite tells one that it is locked, whatever its timeout: here it has none."""
    holder = sqlite3.connect(tmp_path / "p.db", isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN EXCLUSIVE")
    released = threading.Timer(0.3, lambda: holder.execute("ROLLBACK"))
    with closing(holder), closing(sqlite3.connect(tmp_path / "p.db", timeout=0, isolation_level=None)) as connection:
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            connection.execute("PRAGMA journal_mode = WAL")
        released.start()
        database.write_ahead(connection)
        released.join()
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_retries_at_once_take_each_message_once(folder: Path) -> None:
    """One that lists what another takes out of quarantine passes it over."""
    maildir(folder / "mail", 60)
    hold = folder / "rules/workflow/05-hold.rules"
    hold.write_text('rule "Hold all"\n  on message\n  then quarantine "look at it"\n')
    db = folder / "p.db"
    assert run(folder, db)[0] == 1
    line = [sys.executable, "-m", "engine", "retry", "--rules", str(folder / "rules"), "--db", str(db)]
    for is_held in (True, False):
        if not is_held:
            hold.unlink()
        processes = [
            subprocess.Popen(line, cwd=folder, env=environment(), text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            for _ in range(3)
        ]
        for process in processes:
            _, said = process.communicate(timeout=120)
            assert process.returncode in (0, 1), said
        assert inconsistent(db, 60) == []
        with closing(sqlite3.connect(db)) as connection:
            assert connection.execute("SELECT COUNT(*) > 40 FROM quarantine").fetchone() == (is_held,)


def test_poll_and_retry_at_once_take_each_message_once(exchange: Server, polled: Path, tmp_path: Path) -> None:
    """Mail comes in all the time, some of it is held back, and an administrator says `retry` again and again."""
    settings = polled / "settings.yaml"
    settings.write_text(settings.read_text().replace("  messages: 2\n", "  messages: 100000\n"))
    (polled / "workflow/05-hold.rules").write_text(
        'rule "Hold the odd ones"\n  on message\n  when subject contains "hold"\n  then quarantine "look at it"\n'
    )
    for number in range(120):
        exchange.store.add(mail(number, f"hold {number * 7919}" if number % 3 == 0 else ""))
    db = tmp_path / "p.db"

    def called(*words: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "engine", *words, "--rules", str(polled), "--db", str(db)]
        return subprocess.run(line, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False, timeout=120)

    polls: list[subprocess.CompletedProcess[str]] = []
    polling = threading.Thread(target=lambda: polls.append(called("poll", "--once")))
    polling.start()
    retries = []
    while polling.is_alive():
        if db.exists():
            retries.append(called("retry"))
    polling.join()
    assert polls[0].returncode in (0, 1), polls[0].stderr
    assert retries and all(done.returncode in (0, 1) for done in retries), [done.stderr for done in retries]
    assert not any("locked" in done.stderr for done in (*polls, *retries))
    assert inconsistent(db, 120) == []
    # What was held is let go once the rule is: each becomes what it would have been, once.
    (polled / "workflow/05-hold.rules").unlink()
    assert called("retry").returncode in (0, 1)
    assert inconsistent(db, 120) == []
    with closing(sqlite3.connect(db)) as connection:
        assert connection.execute("SELECT COUNT(*) FROM quarantine").fetchone() == (0,)


@pytest.mark.parametrize("name", ["full", "locked", "readonly", "corrupt"])
def test_what_is_wrong_is_told_by_the_error_and_not_by_the_name_of_a_folder(name: str, tmp_path: Path) -> None:
    error = NotADirectoryError(20, "Not a directory", f"/srv/{name}/p.db.files/ab")
    assert "run the same command again when the cause is mended" in str(explain_error(error, tmp_path / "p.db"))
