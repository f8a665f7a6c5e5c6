"""`postroom poll` as a process: once, for ever, stopped, reloaded, watched."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.store.database import open_database
from engine.store.prune import Before, prune_database
from tests.command import environment, postroom
from tests.edit import edit
from tests.ews.server import Server
from tests.polling.conftest import mail, rows, wait_for, with_oauth
from tools.soak import soak

ROOT = Path(__file__).resolve().parents[2]


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


def test_a_log_on_a_full_disk_keeps_no_mail_waiting(exchange: Server, polled: Path, tmp_path: Path) -> None:
    for number in range(3):
        exchange.store.add(mail(number))
    line = [sys.executable, "-m", "engine", "poll", "--once", "--rules", str(polled), "--db", str(tmp_path / "p.db")]
    with Path("/dev/full").open("w") as full:
        assert subprocess.run(line, cwd=tmp_path, env=environment(), stderr=full, timeout=60, check=False).returncode == 0
    assert rows(tmp_path / "p.db", "SELECT COUNT(*) FROM tickets") == [(3,)]
    assert len(exchange.store.in_folder("processed")) == 3


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
    _, log = process.communicate(timeout=12)
    assert time.monotonic() - began < 10.5 and process.returncode == 0
    assert json.loads(log.splitlines()[-1])["event"].startswith("stopped")


def test_sigterm_finishes_what_is_in_hand(start: Callable[..., subprocess.Popen[str]], exchange: Server, tmp_path: Path) -> None:
    exchange.fail("MoveItem", "slow", seconds=2.0)
    exchange.store.add(mail(1))
    process = start()
    wait_for(lambda: exchange.calls["MoveItem"])
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=12)
    assert process.returncode == 0 and json.loads(log.splitlines()[-1])["event"] == "stopped"  # not torn off after ten seconds
    assert rows(tmp_path / "p.db", "SELECT COUNT(*) FROM tickets") == [(1,)]
    assert rows(tmp_path / "p.db", "SELECT COUNT(*) FROM poll_items") == [(0,)]  # it knows that it was filed


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
    assert events.count("polling") == 2  # before and after: what is read, and by which configuration
    assert not [event for event in events if "CERTIFICATES" in event]


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
    time.sleep(4.5)  # two looks at the configuration more: once is enough
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=12)
    assert [json.loads(line)["event"] for line in log.splitlines()].count("configuration reloaded") == 1


def test_who_asks_for_it_has_all_signed_in_to_anew(
    start: Callable[..., subprocess.Popen[str]], exchange: Server, polled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the token is still good: the certificate or the secret behind it may be another now."""
    with_oauth(polled, exchange, monkeypatch)
    process = start()
    wait_for(lambda: exchange.calls["SyncFolderItems"] > 3)
    assert exchange.calls["token"] == 1
    process.send_signal(signal.SIGHUP)
    wait_for(lambda: exchange.calls["token"] == 2)


def test_as_many_files_may_be_open_as_the_system_lets_it(start: Callable[..., subprocess.Popen[str]]) -> None:
    """Linux gives 1,024 to who does not ask, which five hundred mailboxes use up."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
    try:
        process = start()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    most = min(before[1] if before[1] != resource.RLIM_INFINITY else 65_536, 65_536)
    wait_for(lambda: resource.prlimit(process.pid, resource.RLIMIT_NOFILE) == (most, before[1]))


def test_a_token_that_is_withdrawn_before_its_time_is_replaced_at_once(
    start: Callable[..., subprocess.Popen[str]], exchange: Server, polled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_oauth(polled, exchange, monkeypatch)
    exchange.store.add(mail(1))
    start()
    wait_for(lambda: exchange.store.in_folder("processed"))
    exchange.token = "another"
    exchange.store.add(mail(2))
    wait_for(lambda: len(exchange.store.in_folder("processed")) == 2)
    assert rows(tmp_path / "p.db", "SELECT COUNT(*) FROM tickets") == [(2,)]


def test_check_signs_in_and_fix_creates_folders(polled: Path, exchange: Server, tmp_path: Path) -> None:
    del exchange.store.folders["failed"]
    done = postroom("poll", "--check", "--rules", polled, cwd=tmp_path)
    assert (
        done.returncode == 1 and "help: there is no folder Inbox/Failed; `postroom poll --check --fix` creates it" in done.stdout
    )
    assert postroom("poll", "--check", "--fix", "--rules", polled, cwd=tmp_path).returncode == 0
    exchange.fail("SyncFolderItems", "500")
    unlisted = postroom("poll", "--check", "--rules", polled, cwd=tmp_path)
    assert unlisted.returncode == 1 and unlisted.stdout == "help: the server answered 500 Internal Server Error\n"
    exchange.password = "another"
    wrong = postroom("poll", "--check", "--rules", polled, cwd=tmp_path)
    assert wrong.returncode == 1 and "does not let us in" in wrong.stdout and "secret" not in wrong.stdout + wrong.stderr


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
    done = postroom("prune", "--raw", "0d", "--traces", "0d", "--sent", "0d", "--dry-run", "--db", db, cwd=tmp_path)
    assert "would be let go" in done.stdout and rows(db, "SELECT COUNT(*) FROM raw_messages") == [(2,)]
    connection = open_database(db)
    connection.execute("UPDATE messages SET received_at = '2020-01-01T00:00:00Z', processed_at = '2020-01-01T00:00:00Z'")
    connection.execute("UPDATE outbox SET status = 'sent', created_at = '2020-01-01T00:00:00Z'")

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
    assert postroom("retry", "--db", db, "--rules", polled, cwd=tmp_path).returncode in (0, 1)


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
