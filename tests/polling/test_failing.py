"""`poll` where something beside a mailbox's server fails: the database, another mailbox, ourselves."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from engine.errors import StoreError
from engine.polling.observe import Observer
from engine.polling.poller import Poller
from tests.command import postroom
from tests.ews.server import Server
from tests.polling.conftest import mail, rows, wait_for


@contextmanager
def running(poller: Poller) -> Iterator[threading.Thread]:
    thread = threading.Thread(target=poller.run)
    thread.start()
    try:
        yield thread
    finally:
        poller.stop()
        thread.join(12)


@pytest.mark.parametrize("failing", ["read_contents", "run_due"])
def test_a_fault_beside_reading_mail_is_told_and_mail_goes_on(
    failing: str,
    polled: Path,
    exchange: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    from engine.polling import poller as polling

    def fails(*_: object) -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(polling, failing, fails)
    monkeypatch.setattr(polling, "HOUSEKEEPING_SECONDS", 0.1)
    poller = polling.Poller(polled, tmp_path / "p.db", Observer(), reload=True)
    with running(poller) as thread:
        time.sleep(0.5)
        exchange.store.add(mail(1))
        wait_for(lambda: rows(tmp_path / "p.db", "SELECT 1 FROM tickets"))
        assert thread.is_alive()
    shown = capfd.readouterr()
    assert "Too many open files" in shown.out + shown.err


def test_one_broken_mailbox_holds_up_no_other(
    start: Callable[..., subprocess.Popen[str]], exchange: Server, polled: Path, tmp_path: Path
) -> None:
    path = polled / "mailboxes/priority.yaml"
    path.write_text(
        path.read_text()
        .replace("active: false\n", "")
        .replace(
            "exchange: {folder: Inbox/Priority}",
            "exchange: {endpoint: 'http://127.0.0.1:9/EWS/Exchange.asmx', folder: Inbox/Priority}",
        )
    )
    exchange.store.add(mail(1))
    start()
    db = tmp_path / "p.db"
    wait_for(
        lambda: (
            rows(db, "SELECT 1 FROM tickets")
            and rows(db, "SELECT 1 FROM mailbox_status WHERE mailbox = 'priority' AND error <> ''")
        )
    )
    shown = postroom("status", "--db", db, "--rules", polled, cwd=tmp_path).stdout
    assert "mailbox help: last contact" in shown and "mailbox priority: never read" in shown and "failing for" in shown
    assert postroom("health", "--db", db, "--rules", polled, cwd=tmp_path).returncode == 0  # failing, but not yet for long


def test_a_slow_mailbox_holds_up_no_other_of_the_same_account(
    start: Callable[..., subprocess.Popen[str]], exchange: Server, polled: Path, tmp_path: Path
) -> None:
    path = polled / "mailboxes/priority.yaml"
    path.write_text(path.read_text().replace("active: false\n", ""))
    exchange.store.add_folder("Priority", "inbox", "priority")
    exchange.fail("SyncFolderItems", "slow", times=1, seconds=30)  # whoever is first hangs
    exchange.store.add(mail(1))
    exchange.store.add(mail(2), folder="priority")
    start()
    wait_for(lambda: rows(tmp_path / "p.db", "SELECT 1 FROM tickets"), seconds=15)


def test_a_fault_of_ours_in_one_round_is_told_and_the_next_goes_on(
    polled: Path, exchange: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.polling import poller as polling
    from engine.polling.reader import Reader

    exchange.store.add(mail(1))
    real, calls = Reader.round, []

    def once(self: Reader) -> object:
        calls.append(1)
        if len(calls) == 1:
            self._connection.execute("BEGIN IMMEDIATE")
            raise KeyError("a fault")
        return real(self)

    monkeypatch.setattr(Reader, "round", once)
    monkeypatch.setattr(polling, "FIRST_WAIT", 0.1)
    assert polling.Poller(polled, tmp_path / "p.db", Observer(), once=True).run()
    assert len(calls) == 2 and rows(tmp_path / "p.db", "SELECT COUNT(*) FROM tickets") == [(1,)]


def test_after_a_round_that_worked_the_waits_begin_anew(
    polled: Path, exchange: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.polling import poller as polling

    waits = []

    class Told(Observer):
        def failed(self, mailbox: str, error: str, wait: float) -> None:
            waits.append(wait)

    monkeypatch.setattr(polling, "FIRST_WAIT", 0.1)
    exchange.store.add(mail(1))
    exchange.fail("SyncFolderItems", "500", times=2)
    with running(polling.Poller(polled, tmp_path / "p.db", Told())):
        wait_for(lambda: exchange.store.in_folder("processed"))
        assert waits == [0.1, 0.2]
        exchange.fail("SyncFolderItems", "500")
        wait_for(lambda: len(waits) == 3)
    assert waits == [0.1, 0.2, 0.1]


def test_a_folder_that_was_deleted_and_made_anew_is_found_again(
    polled: Path, exchange: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.polling import poller as polling

    monkeypatch.setattr(polling, "FIRST_WAIT", 0.1)
    exchange.store.add(mail(1))
    with running(polling.Poller(polled, tmp_path / "p.db", Observer())):
        wait_for(lambda: exchange.store.in_folder("processed"))
        del exchange.store.folders["processed"]
        anew = exchange.store.add_folder("Processed", "inbox")
        exchange.store.add(mail(2))
        wait_for(lambda: exchange.store.in_folder(anew.id))


def test_a_fault_of_ours_before_any_round_is_told_and_tried_again(
    polled: Path, exchange: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from engine.polling import poller as polling

    real, calls = polling.remote_of, []

    def fails_first(*given: object) -> object:
        calls.append(given)
        if len(calls) == 1:
            raise KeyError("a fault")
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(polling, "remote_of", fails_first)
    monkeypatch.setattr(polling, "FIRST_WAIT", 0.1)
    exchange.store.add(mail(1))
    poller = polling.Poller(polled, tmp_path / "p.db", Observer())
    with running(poller):
        wait_for(lambda: exchange.store.in_folder("processed"))
    shown = capfd.readouterr()
    assert "KeyError: 'a fault'" in shown.out and "works again" in shown.out and len(calls) == 2


def test_once_says_so_where_the_database_could_not_be_opened(
    polled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from engine.polling import poller as polling

    real, calls = polling.open_database, []

    def first_held(path: Path) -> object:
        calls.append(path)
        if len(calls) == 1:
            raise StoreError.of("the database cannot be used: database is locked", "try again when that has ended")
        return real(path)

    monkeypatch.setattr(polling, "open_database", first_held)
    assert not polling.Poller(polled, tmp_path / "p.db", Observer(), once=True).run()
    shown = capfd.readouterr()
    assert "database is locked" in shown.out + shown.err and "Traceback" not in shown.out + shown.err


def test_no_mail_is_filed_while_the_database_is_away_and_it_goes_on_when_it_is_back(
    start: Callable[..., subprocess.Popen[str]], exchange: Server, tmp_path: Path
) -> None:
    """SQLite goes on with a file that was moved: what is stored there would be lost, and the mail filed."""
    db, copy = tmp_path / "p.db", tmp_path / "copy.db"
    exchange.store.add(mail(1))
    process = start()
    wait_for(lambda: exchange.store.in_folder("processed"))
    with closing(sqlite3.connect(db)) as before, closing(sqlite3.connect(copy)) as after:
        before.backup(after)
    for suffix in ("", "-wal", "-shm"):
        (tmp_path / f"p.db{suffix}").rename(tmp_path / f"away.db{suffix}")
    exchange.store.add(mail(2))
    time.sleep(7)
    assert len(exchange.store.in_folder("processed")) == 1 and not db.exists()
    copy.rename(db)
    wait_for(lambda: len(exchange.store.in_folder("processed")) == 2)
    assert rows(db, "SELECT COUNT(*) FROM tickets") == [(2,)]
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=20)
    assert process.returncode == 0
    lines = [json.loads(line) for line in log.splitlines()]
    away = [
        line["where"] for line in lines if "it was deleted, moved or replaced" in line["event"] and "put it back" in line["event"]
    ]
    back = [line["where"] for line in lines if line["event"] == "works again"]
    assert sorted(away) == sorted(back) == ["help", "housekeeping"]  # though each was tried again several times
