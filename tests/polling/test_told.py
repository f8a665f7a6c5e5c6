"""What `poll` tells those who watch it: its log, its metrics, `status` and `health`."""

from __future__ import annotations

import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog

from engine.polling.observe import Observer, set_up_logs
from engine.sources.remote import Backlog
from engine.store import polling as store
from engine.store.database import open_database
from tests.command import postroom
from tests.edit import edit
from tests.ews.server import Server
from tests.polling.conftest import mail, rows, wait_for, with_oauth


def test_what_is_told_of_mailboxes_that_are_read_no_more_goes() -> None:
    observer = Observer()
    observer.contact("help", datetime(2026, 11, 2, tzinfo=UTC))
    observer.backlog("help", Backlog(3, None), datetime(2026, 11, 2, tzinfo=UTC))
    sample = observer.registry.get_sample_value
    assert sample("postroom_last_contact_timestamp_seconds", {"mailbox": "help"}) == 1793577600.0
    observer.forget_mailboxes()
    for name in ("postroom_last_contact_timestamp_seconds", "postroom_unread", "postroom_lag_seconds"):
        assert sample(name, {"mailbox": "help"}) is None


def test_metrics_are_served_on_loopback(
    start: Callable[..., subprocess.Popen[str]], exchange: Server, polled: Path, tmp_path: Path
) -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]

    def metrics() -> str:
        return urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5).read().decode()

    start("--metrics", str(port), "--reload")
    exchange.store.add(mail(1))
    wait_for(lambda: rows(tmp_path / "p.db", "SELECT 1 FROM tickets"))
    time.sleep(2.5)
    text = metrics()
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
    edit(polled / "mailboxes/priority.yaml", "active: false\n", "")
    with (polled / "mailboxes/help.yaml").open("a") as file:
        file.write("active: false\n")
    wait_for(lambda: 'seconds{mailbox="help"}' not in metrics())  # of one that is read no more it would stand still for ever


def test_status_and_health_fail_beyond_what_is_expected(polled: Path, tmp_path: Path) -> None:
    db = tmp_path / "p.db"
    connection = open_database(db)
    connection.execute(
        "INSERT INTO mailbox_status VALUES ('help', strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), 7, strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-20 minutes'), '', NULL, '')"
    )
    connection.close()
    slow = postroom("status", "--db", db, "--rules", polled, cwd=tmp_path)
    assert slow.returncode == 0 and "7 unread, 0 under way; lag 20 minutes (slow)" in slow.stdout
    connection = sqlite3.connect(db)
    connection.execute("UPDATE mailbox_status SET oldest_unread = strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-2 hours')")
    connection.commit()
    connection.close()
    late = postroom("status", "--db", db, "--rules", polled, cwd=tmp_path)
    assert late.returncode == 1 and "lag 2 hours (late)" in late.stdout
    health = postroom("health", "--db", db, "--rules", polled, cwd=tmp_path)
    assert health.returncode == 1 and health.stdout.startswith("help: ")
    with (polled / "settings.yaml").open("a") as file:
        file.write("expectations: {slow: 3 hours, late: 4 hours}\n")
    assert postroom("status", "--db", db, "--rules", polled, cwd=tmp_path).returncode == 0


def test_what_libraries_log_of_a_sign_in_is_not_shown(
    polled: Path, exchange: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """exchangelib logs the whole request where a header cannot be sent, its `Authorization` included."""
    with_oauth(polled, exchange, monkeypatch)
    exchange.token = "hush\nhush"
    done = postroom("poll", "--check", "--rules", polled, "--db", tmp_path / "p.db", cwd=tmp_path)
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


def test_a_fault_that_lasts_is_told_at_first_every_five_minutes_and_when_it_is_another(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("engine.polling.observe.time.monotonic", lambda: now)
    observer = Observer()
    told = []
    for now, fault in (
        (1000.0, "full"),
        (1002.0, "full"),
        (1299.0, "full"),
        (1300.0, "full"),
        (1302.0, "locked"),
        (1304.0, "locked"),
        (1306.0, "full"),
    ):
        observer.lasts("housekeeping", fault)
        told.append((now, fault, bool(capsys.readouterr().out)))
    assert [(when, fault) for when, fault, shown in told if shown] == [
        (1000.0, "full"),
        (1300.0, "full"),
        (1302.0, "locked"),
        (1306.0, "full"),
    ]
    observer.lasts("help", "full")
    assert "help" in capsys.readouterr().out
    observer.works("help")
    observer.works("help")
    assert capsys.readouterr().out.count("works again") == 1
    observer.lasts("help", "full")
    assert "full" in capsys.readouterr().out


def test_what_waits_in_a_mailbox_is_kept_for_status_and_an_error_with_its_beginning(tmp_path: Path) -> None:
    noon = datetime(2026, 11, 2, 12, tzinfo=UTC)
    with closing(open_database(tmp_path / "p.db")) as connection:

        def kept() -> tuple[object, ...]:
            columns = "last_contact, unread, oldest_unread, error, error_since"
            found: tuple[object, ...] = connection.execute(f"SELECT {columns} FROM mailbox_status").fetchone()
            return found

        store.note_error(connection, "help", "away", noon)
        store.note_error(connection, "help", "still away", noon + timedelta(hours=1))
        assert kept() == (None, None, None, "still away", "2026-11-02T12:00:00Z")
        store.note_contact(connection, "help", Backlog(3, noon), noon + timedelta(hours=2))
        waiting = (3, "2026-11-02T12:00:00Z", "", None)
        assert kept() == ("2026-11-02T14:00:00Z", *waiting)
        store.note_contact(connection, "help", None, noon + timedelta(hours=3))  # it is not asked each time
        assert kept() == ("2026-11-02T15:00:00Z", *waiting)
        store.note_contact(connection, "help", Backlog(0, None), noon + timedelta(hours=4))
        assert kept() == ("2026-11-02T16:00:00Z", 0, None, "", None)
