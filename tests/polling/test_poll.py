"""`postroom poll` as a process: once, for ever, stopped, reloaded, watched."""

from __future__ import annotations

import json
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog

from engine.errors import StoreError
from engine.polling.observe import Observer, set_up_logs
from engine.sources.remote import Backlog
from engine.store.database import open_database
from engine.store.prune import Before, prune_database
from tests.edit import edit
from tests.ews.server import Server
from tests.polling.conftest import command, mail, with_oauth
from tools.soak import soak

ROOT = Path(__file__).resolve().parents[2]


def wait_for(what: Callable[[], object], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.05)


def rows(db: Path, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(db)
    try:
        return connection.execute(query).fetchall()
    except sqlite3.OperationalError:
        return []
    finally:
        connection.close()


def test_once_reads_all_tells_one_line_a_message_and_ends(
    start: Callable[..., subprocess.Popen[str]], exchange: Server, tmp_path: Path
) -> None:
    for number in range(3):
        exchange.store.add(mail(number))
    process = start("--once")
    _, log = process.communicate(timeout=30)
    assert process.returncode == 0
    lines = [json.loads(line) for line in log.splitlines()]
    assert any(line["event"].startswith("notifications stay in the outbox") for line in lines)
    told = [line for line in lines if line["event"] == "message"]
    assert [(line["mailbox"], line["outcome"], line["entity"]) for line in told] == [("help", "created", "ticket")] * 3
    assert "secret" not in log and len(exchange.store.in_folder("processed")) == 3


def test_sigterm_ends_within_ten_seconds_even_when_the_server_hangs(
    start: Callable[..., subprocess.Popen[str]], exchange: Server, tmp_path: Path
) -> None:
    exchange.store.add(mail(1))
    process = start()
    wait_for(lambda: rows(tmp_path / "p.db", "SELECT 1 FROM tickets"))
    exchange.fail("*", "slow", times=100, seconds=60)
    time.sleep(1)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=12)
    assert time.monotonic() - began < 10.5 and process.returncode == 0


def reloading(start: Callable[..., subprocess.Popen[str]], exchange: Server, db: Path) -> subprocess.Popen[str]:
    """One that looks whether its configuration changed, and that has read its first mail."""
    process = start("--reload")
    exchange.store.add(mail(1))
    wait_for(lambda: rows(db, "SELECT 1 FROM tickets"))
    return process


def test_a_new_configuration_is_taken_only_when_it_is_right(
    start: Callable[..., subprocess.Popen[str]], exchange: Server, polled: Path, tmp_path: Path
) -> None:
    db = tmp_path / "p.db"
    process = reloading(start, exchange, db)
    path = polled / "mailboxes/help.yaml"
    right = path.read_text()
    path.write_text(right.replace("queue: Front desk", "queue: Nowhere"))
    time.sleep(3)
    exchange.store.add(mail(2))
    wait_for(lambda: rows(db, "SELECT queue FROM tickets") == [("Front desk",)] * 2)
    path.write_text(right.replace("queue: Front desk", "queue: Projects"))
    time.sleep(3)
    exchange.store.add(mail(3))
    wait_for(lambda: ("Projects",) in rows(db, "SELECT queue FROM tickets"))
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=12)
    events = [json.loads(line)["event"] for line in log.splitlines()]
    assert "the new configuration is not right: the old one goes on" in events and "configuration reloaded" in events


def test_a_configuration_that_is_away_is_told_once_and_mail_goes_on(
    start: Callable[..., subprocess.Popen[str]], exchange: Server, polled: Path, tmp_path: Path
) -> None:
    db = tmp_path / "p.db"
    process = reloading(start, exchange, db)
    away = polled.rename(tmp_path / "away")
    time.sleep(5)
    exchange.store.add(mail(2))
    wait_for(lambda: len(rows(db, "SELECT 1 FROM tickets")) == 2)
    away.rename(polled)
    time.sleep(3)
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=12)
    assert [json.loads(line)["problem"] for line in log.splitlines() if '"configuration"' in line and "old one" in line] == [
        f"{polled}: there is no such configuration folder; name one with --rules DIR or POSTROOM_RULES"
    ]


def test_who_asks_has_all_signed_in_to_anew_though_no_file_changed(
    start: Callable[..., subprocess.Popen[str]], exchange: Server, tmp_path: Path
) -> None:
    db = tmp_path / "p.db"
    exchange.password = "another"
    process = start()
    wait_for(lambda: rows(db, "SELECT 1 FROM mailbox_status WHERE error <> ''"))
    exchange.password = "secret"
    exchange.store.add(mail(1))
    process.send_signal(signal.SIGHUP)
    wait_for(lambda: rows(db, "SELECT 1 FROM tickets"))


def test_what_is_told_of_mailboxes_that_are_read_no_more_goes() -> None:
    observer = Observer()
    observer.contact("help", datetime(2026, 11, 2, tzinfo=UTC))
    observer.backlog("help", Backlog(3, None), datetime(2026, 11, 2, tzinfo=UTC))
    sample = observer.registry.get_sample_value
    assert sample("postroom_last_contact_timestamp_seconds", {"mailbox": "help"}) == 1793577600.0
    observer.forget_mailboxes()
    for name in ("postroom_last_contact_timestamp_seconds", "postroom_unread", "postroom_lag_seconds"):
        assert sample(name, {"mailbox": "help"}) is None


@pytest.mark.parametrize("failing", ["read_folder", "run_due"])
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
    running = threading.Thread(target=poller.run)
    running.start()
    try:
        time.sleep(0.5)
        exchange.store.add(mail(1))
        wait_for(lambda: rows(tmp_path / "p.db", "SELECT 1 FROM tickets"))
        assert running.is_alive()
    finally:
        poller.stop()
        running.join(12)
    shown = capfd.readouterr()
    assert "Too many open files" in shown.out + shown.err


def test_metrics_are_served_on_loopback(start: Callable[..., subprocess.Popen[str]], exchange: Server, tmp_path: Path) -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    start("--metrics", str(port))
    exchange.store.add(mail(1))
    wait_for(lambda: rows(tmp_path / "p.db", "SELECT 1 FROM tickets"))
    time.sleep(2.5)
    text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5).read().decode()
    assert 'postroom_messages_total{mailbox="help",outcome="created",reason=""} 1.0' in text
    for name in (
        "postroom_stage_seconds_bucket",
        'postroom_lag_seconds{mailbox="help"}',
        "postroom_quarantine",
        'postroom_outbox{status="queued"}',
        "postroom_unread",
        'postroom_last_contact_timestamp_seconds{mailbox="help"}',
    ):
        assert name in text


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
    shown = command("status", "--db", db, "--rules", polled, cwd=tmp_path).stdout
    assert "mailbox help: last contact" in shown and "mailbox priority: never read" in shown and "failing for" in shown
    assert command("health", "--db", db, "--rules", polled, cwd=tmp_path).returncode == 0  # failing, but not yet for long


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
    time.sleep(3)
    assert len(exchange.store.in_folder("processed")) == 1 and not db.exists()
    copy.rename(db)
    wait_for(lambda: len(exchange.store.in_folder("processed")) == 2)
    assert rows(db, "SELECT COUNT(*) FROM tickets") == [(2,)]
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=20)
    assert process.returncode == 0 and "it was deleted, moved or replaced" in log and "put it back" in log


def test_status_and_health_fail_beyond_what_is_expected(polled: Path, tmp_path: Path) -> None:
    db = tmp_path / "p.db"
    connection = open_database(db)
    connection.execute(
        "INSERT INTO mailbox_status VALUES ('help', strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), 7, strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-20 minutes'), '', NULL, '')"
    )
    connection.close()
    slow = command("status", "--db", db, "--rules", polled, cwd=tmp_path)
    assert slow.returncode == 0 and "7 unread, 0 under way; lag 20 minutes (slow)" in slow.stdout
    connection = sqlite3.connect(db)
    connection.execute("UPDATE mailbox_status SET oldest_unread = strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-2 hours')")
    connection.commit()
    connection.close()
    late = command("status", "--db", db, "--rules", polled, cwd=tmp_path)
    assert late.returncode == 1 and "lag 2 hours (late)" in late.stdout
    health = command("health", "--db", db, "--rules", polled, cwd=tmp_path)
    assert health.returncode == 1 and health.stdout.startswith("help: ")
    with (polled / "settings.yaml").open("a") as file:
        file.write("expectations: {slow: 3 hours, late: 4 hours}\n")
    assert command("status", "--db", db, "--rules", polled, cwd=tmp_path).returncode == 0


def test_check_signs_in_and_fix_creates_folders(polled: Path, exchange: Server, tmp_path: Path) -> None:
    del exchange.store.folders["failed"]
    done = command("poll", "--check", "--rules", polled, cwd=tmp_path)
    assert (
        done.returncode == 1 and "help: there is no folder Inbox/Failed; `postroom poll --check --fix` creates it" in done.stdout
    )
    assert command("poll", "--check", "--fix", "--rules", polled, cwd=tmp_path).returncode == 0
    exchange.password = "another"
    wrong = command("poll", "--check", "--rules", polled, cwd=tmp_path)
    assert wrong.returncode == 1 and "does not let us in" in wrong.stdout and "secret" not in wrong.stdout + wrong.stderr


def test_what_libraries_log_of_a_sign_in_is_not_shown(
    polled: Path, exchange: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """exchangelib logs the whole request where a header cannot be sent, its `Authorization` included."""
    with_oauth(polled, exchange, monkeypatch)
    exchange.token = "hush\nhush"
    done = command("poll", "--check", "--rules", polled, "--db", tmp_path / "p.db", cwd=tmp_path)
    assert done.returncode == 1 and "help: the sign-in gave what no header can carry" in done.stdout
    assert "hush" not in done.stdout + done.stderr and "app-secret" not in done.stdout + done.stderr


def test_switched_off_certificates_are_told_loudly(start: Callable[..., subprocess.Popen[str]], polled: Path) -> None:
    with (polled / "settings.yaml").open("a") as file:
        file.write('exchange: {verify: "no, anybody between may read and change our mail"}\n')
    process = start("--once")
    _, log = process.communicate(timeout=30)
    assert "CERTIFICATES ARE NOT CHECKED" in log


@pytest.mark.parametrize("terminal", [True, False])
def test_what_others_wrote_is_harmless_in_the_log(
    terminal: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    set_up_logs()
    try:
        observer = Observer()
        observer.failed("help", "the server said \x1b[2J\u202eno\nall is well", 5.0)
        observer.told("housekeeping", "OSError: \x1b[2J\nall is well")
        observer.told("help", "an item cannot be filed", error="\u202e\x1b]0;x\x07\nall is well")
        observer.info("notifications", problems=["550 \x1b[31m\nall is well"])
    finally:
        structlog.reset_defaults()
    lines = capsys.readouterr().err
    told = "".join(one for one in lines if one != "\n")
    assert (
        lines.count("\n") == 4 and "\x1b[2J" not in told and "\x1b]0" not in told and "\u202e" not in told and "\x07" not in told
    )


def test_notifications_leave_through_the_mailbox_where_it_says_so(
    start: Callable[..., subprocess.Popen[str]], exchange: Server, polled: Path, tmp_path: Path
) -> None:
    edit(polled / "mailboxes/help.yaml", "notify:\n", "notify:\n  via: mailbox\n")
    exchange.store.add(mail(1))

    def told() -> list[int]:
        """Of each line about notifications, how many were sent."""
        lines = map(json.loads, start("--once").communicate(timeout=30)[1].splitlines())
        return [line["sent"] for line in lines if line["event"] == "notifications"]

    assert told() == [1]
    assert told() == []  # there is nothing to tell
    (sent,) = exchange.store.sent
    assert (
        b"Auto-Submitted: auto-replied" in sent
        and b"X-Auto-Response-Suppress: All" in sent
        and b"To: maya@brightwater.example" in sent
    )
    assert rows(tmp_path / "p.db", "SELECT status FROM outbox") == [("sent",)]


def test_a_way_out_that_rests_is_tried_at_once_by_a_poll_that_is_started(
    start: Callable[..., subprocess.Popen[str]], exchange: Server, polled: Path, tmp_path: Path
) -> None:
    edit(polled / "mailboxes/help.yaml", "notify:\n", "notify:\n  via: mailbox\n")
    exchange.store.add(mail(1))
    exchange.fail("CreateItem", "401", times=9)
    start("--once").communicate(timeout=30)
    exchange.faults.clear()
    start("--once").communicate(timeout=30)  # as a crontab does
    assert exchange.store.sent == [] and rows(tmp_path / "p.db", "SELECT status, attempts FROM outbox") == [("queued", 0)]
    start()
    wait_for(lambda: exchange.store.sent)


def test_killed_again_and_again_nothing_is_lost_and_nothing_twice() -> None:
    """The short form; `make soak` kills a hundred times."""
    assert soak(messages=200, kills=4, seed=3, chance=0.05) == []


def test_prune_lets_go_of_what_is_old_and_keeps_what_is_needed(
    start: Callable[..., subprocess.Popen[str]], exchange: Server, polled: Path, tmp_path: Path
) -> None:
    exchange.store.add(mail(1))
    exchange.store.add(b"\x00 no message")
    start("--once").communicate(timeout=30)
    db = tmp_path / "p.db"
    done = command("prune", "--raw", "0d", "--traces", "0d", "--sent", "0d", "--dry-run", "--db", db, cwd=tmp_path)
    assert "would be let go" in done.stdout and rows(db, "SELECT COUNT(*) FROM raw_messages") == [(2,)]
    connection = open_database(db)
    connection.execute("UPDATE messages SET received_at = '2020-01-01T00:00:00Z', processed_at = '2020-01-01T00:00:00Z'")
    connection.execute("UPDATE outbox SET status = 'sent', created_at = '2020-01-01T00:00:00Z'")
    from datetime import UTC, datetime

    moment = datetime(2026, 1, 1, tzinfo=UTC)
    assert prune_database(connection, Before(raw=moment, traces=moment, sent=moment)) == {
        "raw messages": 1,
        "traces": 2,
        "notifications": 2,
    }
    connection.close()
    assert rows(db, "SELECT COUNT(*) FROM raw_messages") == [(1,)]  # what is in quarantine keeps its bytes
    assert rows(db, "SELECT COUNT(*) FROM tickets") == [(1,)] and rows(
        db, "SELECT json_extract(decision, '$.outcome') FROM messages WHERE id = 1"
    ) == [("created",)]
    assert command("retry", "--db", db, "--rules", polled, cwd=tmp_path).returncode in (0, 1)


def test_between_its_rounds_the_server_is_left_alone(
    start: Callable[..., subprocess.Popen[str]], exchange: Server, polled: Path
) -> None:
    edit(polled / "mailboxes/help.yaml", "every: 0.2 seconds", "every: 1 second")
    process = start()
    wait_for(lambda: exchange.calls["SyncFolderItems"] > 0)
    time.sleep(2.5)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert 2 <= exchange.calls["SyncFolderItems"] <= 6  # it would be hundreds
