"""Notifications that leave through the mailbox's own Exchange: what it refuses, and when it is left alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.notify.sender import Sent, send_due
from engine.notify.ways import Ways
from engine.store.rests import rest_of
from tests.command import postroom
from tests.edit import edit
from tests.ews.server import Server
from tests.polling.conftest import Desk, mail


@pytest.fixture
def desk(polled: Path, tmp_path: Path, exchange: Server) -> Iterator[Desk]:
    """Three tickets, and to each of their senders a notification that waits."""
    edit(polled / "mailboxes/help.yaml", "notify:\n", "notify:\n  via: mailbox\n")
    found = Desk(polled, tmp_path / "p.db")
    for number, sender in enumerate(("maya@brightwater", "jan@kessler", "tom@brightwater"), 1):
        exchange.store.add(mail(number).replace(b"maya@brightwater", sender.encode()))
    found.until_done()
    found.remote.close()
    yield found
    found.connection.close()


def send(desk: Desk, later: timedelta = timedelta(0)) -> Sent:
    """One round, `later` than the last was queued. The clock stands: a second that ends in a test is no wait."""
    queued = datetime.fromisoformat(desk.connection.execute("SELECT max(created_at) FROM outbox").fetchone()[0])
    with closing(Ways(desk.config)) as ways:
        return send_due(desk.connection, desk.config, ways.of, mailboxes=ways.mailboxes, clock=lambda: queued + later)


def statuses(desk: Desk) -> list[tuple[str, int]]:
    return desk.connection.execute("SELECT status, attempts FROM outbox ORDER BY id").fetchall()


def test_one_that_exchange_refuses_waits_alone(desk: Desk, exchange: Server) -> None:
    exchange.store.refused["maya@brightwater.example"] = "ErrorMessageSubmissionBlocked"
    done = send(desk)
    assert (done.sent, done.postponed, done.waiting, done.problems) == (2, 1, 0, [])
    assert statuses(desk) == [("queued", 1), ("sent", 1), ("sent", 1)]
    done = send(desk, timedelta(days=2))
    assert [recipient for recipient, _ in done.failed] == ["maya@brightwater.example"]
    assert done.failed[0][1].endswith("MessageXml: None); given up after 1 attempt")


def test_one_that_exchange_will_never_take_fails_at_once(desk: Desk, exchange: Server) -> None:
    exchange.store.refused["maya@brightwater.example"] = "ErrorInvalidRecipients"
    done = send(desk)
    assert done.sent == 2
    assert done.failed == [("maya@brightwater.example", "ErrorInvalidRecipients: The message may not be sent.")]


def test_a_server_that_takes_none_is_left_alone(desk: Desk, exchange: Server) -> None:
    exchange.fail("CreateItem", "500", times=99)
    done = send(desk)
    assert (done.sent, done.postponed, done.waiting, len(done.problems)) == (0, 2, 1, 1)
    exchange.faults.clear()
    assert send(desk, timedelta(seconds=59)).waiting == 1
    assert send(desk, timedelta(seconds=61)).sent == 3


def test_a_refused_sign_in_is_not_tried_again_and_again(desk: Desk, exchange: Server) -> None:
    exchange.password = "another"
    exchange.calls.clear()
    for minute in range(15):
        done = send(desk, timedelta(minutes=minute))
        assert done.waiting == 3 and len(done.problems) == (minute == 0)
    assert exchange.calls.total() == 1
    assert statuses(desk) == [("queued", 0)] * 3
    exchange.password = "secret"
    assert send(desk, timedelta(minutes=15, seconds=1)).sent == 3


def test_the_servers_own_wait_is_kept(desk: Desk, exchange: Server) -> None:
    exchange.fail("CreateItem", "busy", seconds=120)
    assert send(desk).waiting == 3
    rest = rest_of(desk.connection, "mailbox help")
    assert rest is not None and timedelta(seconds=110) < rest.until - datetime.now(UTC) <= timedelta(seconds=120)
    assert send(desk, timedelta(seconds=60)).sent == 0
    assert send(desk, timedelta(seconds=121)).sent == 3


def test_send_sends_through_the_mailbox_too_and_again_does_not_wait(
    desk: Desk, exchange: Server, polled: Path, tmp_path: Path
) -> None:
    exchange.password = "another"
    first, second = (postroom("send", "--rules", polled, "--db", "p.db", cwd=tmp_path) for _ in range(2))
    assert first.returncode == second.returncode == 1
    assert first.stdout == second.stdout == "0 sent, 3 later, 0 wait for their address's limit, 0 failed\n"
    assert first.stderr.startswith("nothing more can be sent now: the server does not let us in")
    assert second.stderr.startswith("nothing is tried before 20") and "`postroom send --again`" in second.stderr
    shown = postroom("status", "--rules", polled, "--db", "p.db", cwd=tmp_path)
    assert shown.returncode == 0 and re.search(r"^  3 wait, since 20\S+Z: the server does not let us in", shown.stdout, re.M)
    desk.connection.execute(
        "UPDATE cursors SET value = json_set(value, '$.since', '2026-01-01T00:00:00Z') WHERE name LIKE 'rest %'"
    )
    assert postroom("status", "--rules", polled, "--db", "p.db", cwd=tmp_path).returncode == 1
    exchange.password = "secret"
    done = postroom("send", "--again", "--rules", polled, "--db", "p.db", cwd=tmp_path)
    assert (done.returncode, done.stdout.splitlines()[-1][:6], done.stderr) == (0, "3 sent", "")
    assert len(exchange.store.sent) == 3


def test_files_are_written_whatever_the_mailbox_says(desk: Desk, exchange: Server, polled: Path, tmp_path: Path) -> None:
    desk.connection.execute("UPDATE outbox SET created_at = '2020-01-01T00:00:00Z' WHERE id = 1")  # too old to be sent to anybody
    done = postroom("send", "--folder", str(tmp_path / "out"), "--rules", polled, "--db", "p.db", cwd=tmp_path)
    assert done.returncode == 0 and len(list((tmp_path / "out").iterdir())) == 3 and exchange.store.sent == []
