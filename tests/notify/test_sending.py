"""Sending what is due: at least once, back-off, rests, limits, giving up where all can see it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from engine.config.load import load_config
from engine.decide.setup import Setup, prepare
from engine.notify.sender import send_due, wait_after
from engine.notify.transport import FolderTransport, Rejected, SmtpTransport
from engine.notify.ways import Ways
from engine.store.database import open_database
from engine.store.outbox import LEASE, requeue
from tests.notify.sending import NOW, receive, row, send, smtp
from tests.smtp import SmtpServer


def test_what_a_server_that_stays_away_has_not_taken_is_given_up(connection: sqlite3.Connection, setup: Setup) -> None:
    send(connection, setup.config, smtp(1))
    assert send(connection, setup.config, smtp(1), NOW + timedelta(days=2, seconds=-1)).waiting == 1
    done = send(connection, setup.config, smtp(1), NOW + timedelta(days=2))
    assert done.problems == [] and row(connection, "status")[0] == "failed"
    (note,) = connection.execute("SELECT author, publish, description FROM ticket_notes").fetchall()
    assert note[:2] == ("system", "internal")
    assert note[2].endswith("could not be sent: 127.0.0.1:1 cannot be reached: Connection refused; given up after 2 days.")


def test_what_nobody_sent_for_long_is_not_sent_when_somebody_does(
    connection: sqlite3.Connection, setup: Setup, server: SmtpServer, start: Callable[..., int]
) -> None:
    """A desk that was tried out for weeks without `sending`: no customer is told of it once that is set."""
    with closing(Ways(setup.config)) as ways:
        done = send_due(connection, setup.config, ways.of, mailboxes=ways.mailboxes, clock=lambda: NOW + timedelta(days=30))
    assert (done.waiting, done.failed, done.problems) == (0, [], [])
    assert row(connection) == ("queued", 0, "")
    port = start()
    done = send(connection, setup.config, smtp(port), NOW + timedelta(days=30))
    assert done.sent == 0 and done.failed[0][1] == "nothing sent it; given up after 2 days"
    assert server.messages == [] and connection.execute("SELECT COUNT(*) FROM ticket_notes").fetchone() == (0,)
    requeue(connection, NOW + timedelta(days=31))  # unless it shall
    assert send(connection, setup.config, smtp(port), NOW + timedelta(days=31)).sent == 1


def test_all_mailboxes_send_in_one_session_that_is_ended(
    connection: sqlite3.Connection, rules: Path, server: SmtpServer, start: Callable[..., int]
) -> None:
    (rules / "settings.yaml").open("a").write(f"sending: {{smtp: {{host: 127.0.0.1, port: {start()}, tls: none}}}}\n")
    setup = prepare(load_config(rules))
    receive(connection, setup, 2)
    connection.execute("UPDATE outbox SET mailbox = 'priority' WHERE id = 2")
    with closing(Ways(setup.config)) as ways:
        done = send_due(connection, setup.config, ways.of, mailboxes=ways.mailboxes, clock=lambda: NOW)
        assert server.heard == ["EHLO"]
    assert done.sent == 2 and server.heard == ["EHLO", "QUIT"]


def test_whoever_is_told_to_stop_sends_no_more(
    connection: sqlite3.Connection, setup: Setup, server: SmtpServer, start: Callable[..., int]
) -> None:
    receive(connection, setup, 2, 3)
    with closing(smtp(start())) as way:
        done = send_due(connection, setup.config, lambda mailbox: way, clock=lambda: NOW, stopping=lambda: bool(server.messages))
    assert done.sent == 1
    assert connection.execute("SELECT status, COUNT(*) FROM outbox GROUP BY 1").fetchall() == [("queued", 2), ("sent", 1)]


def test_a_mailbox_that_is_gone_sends_by_the_first_ones_name(
    connection: sqlite3.Connection, setup: Setup, server: SmtpServer, start: Callable[..., int]
) -> None:
    connection.execute("UPDATE outbox SET mailbox = 'gone'")
    assert send(connection, setup.config, smtp(start())).sent == 1
    assert server.messages[0]["From"] == str(next(iter(setup.config.mailboxes.values())).notify_from)


def test_what_is_late_is_still_written_into_a_folder(connection: sqlite3.Connection, setup: Setup, tmp_path: Path) -> None:
    way, late = FolderTransport(tmp_path / "out"), NOW + timedelta(days=30)
    done = send_due(connection, setup.config, lambda _: way, give_up=False, clock=lambda: late)
    assert (done.sent, done.failed, len(list((tmp_path / "out").iterdir()))) == (1, [], 1)


def test_one_that_another_process_sent_after_our_lease_does_not_fail(
    tmp_path: Path, connection: sqlite3.Connection, setup: Setup, server: SmtpServer, start: Callable[..., int]
) -> None:
    port = start()

    class Slow(FolderTransport):
        def send(self, one: Any) -> None:
            other = open_database(tmp_path / "p.db")
            assert send(other, setup.config, smtp(port), NOW + LEASE).sent == 1
            other.close()
            raise Rejected("too late")

    send(connection, setup.config, Slow(tmp_path / "out"))
    assert row(connection, "status, error") == ("sent", "")
    assert connection.execute("SELECT COUNT(*) FROM ticket_notes").fetchone() == (0,)


def test_an_address_that_is_refused_for_ever_fails_at_once_and_the_others_go_on(
    connection: sqlite3.Connection, setup: Setup, server: SmtpServer, start: Callable[..., int]
) -> None:
    receive(connection, setup, 2, sender="jan@kessler.example")
    server.on_rcpt["maya@brightwater.example"] = "550 5.1.1 no such user"
    done = send(connection, setup.config, smtp(start()))
    assert done.sent == 1 and done.failed == [("maya@brightwater.example", "the mail server said 550 5.1.1 no such user")]
    assert connection.execute("SELECT status, recipient FROM outbox").fetchall() == [
        ("failed", "maya@brightwater.example"),
        ("sent", "jan@kessler.example"),
    ]
    assert (
        "could not be sent: the mail server said 550" in connection.execute("SELECT description FROM ticket_notes").fetchone()[0]
    )
    server.on_rcpt.clear()
    assert requeue(connection, NOW) == 1
    assert send(connection, setup.config, smtp(start())).sent == 1


def test_one_that_cannot_be_written_fails_and_the_others_go_on(
    connection: sqlite3.Connection, setup: Setup, server: SmtpServer, start: Callable[..., int]
) -> None:
    """Here a row that somebody changed by hand."""
    receive(connection, setup, 2, sender="jan@kessler.example")
    connection.execute("UPDATE outbox SET body_values = ? WHERE recipient = ?", ('[["a", 2]]', "maya@brightwater.example"))
    done = send(connection, setup.config, smtp(start()))
    assert done.sent == 1 and [recipient for recipient, _ in done.failed] == ["maya@brightwater.example"]
    assert "the database is damaged: what the text of notification 1 has from its message cannot be read" in done.failed[0][1]


def test_an_address_that_is_refused_for_now_is_tried_again(
    connection: sqlite3.Connection, setup: Setup, server: SmtpServer, start: Callable[..., int]
) -> None:
    server.on_rcpt["maya@brightwater.example"] = "450 4.2.1 greylisted"
    port = start()
    assert send(connection, setup.config, smtp(port)).postponed == 1
    assert row(connection) == ("queued", 1, "the mail server said 450 4.2.1 greylisted")
    server.on_rcpt.clear()
    assert send(connection, setup.config, smtp(port), NOW + timedelta(seconds=59)).sent == 0
    assert send(connection, setup.config, smtp(port), NOW + timedelta(seconds=60)).sent == 1


def test_who_is_slow_gets_each_notification_once_a_round(
    connection: sqlite3.Connection, setup: Setup, server: SmtpServer, start: Callable[..., int]
) -> None:
    """Postfix takes a second for each refusal after the tenth: the first is due again before the last was tried."""
    receive(connection, setup, 2, sender="jan@kessler.example")
    server.on_rcpt = dict.fromkeys(("maya@brightwater.example", "jan@kessler.example"), "450 4.2.1 greylisted")
    minutes = count()
    way = smtp(start())
    done = send_due(connection, setup.config, lambda mailbox: way, clock=lambda: NOW + timedelta(minutes=next(minutes)))
    way.close()
    assert done.postponed == 2


def test_a_process_that_dies_while_it_sends_sends_again(
    connection: sqlite3.Connection, setup: Setup, server: SmtpServer, start: Callable[..., int]
) -> None:
    class Dying(SmtpTransport):
        def send(self, one: Any) -> None:
            super().send(one)
            raise KeyboardInterrupt  # taken by the server, not yet marked

    port = start()
    with pytest.raises(KeyboardInterrupt):
        send(connection, setup.config, Dying(smtp(port).settings))
    assert send(connection, setup.config, smtp(port), NOW + LEASE - timedelta(seconds=1)).sent == 0  # it may still be at it
    assert send(connection, setup.config, smtp(port), NOW + LEASE).sent == 1
    first, second = server.messages
    assert first["Message-ID"] == second["Message-ID"]  # so that mail programs show it once


def test_two_senders_at_once_send_once(tmp_path: Path, connection: sqlite3.Connection, setup: Setup) -> None:
    class Nosy(FolderTransport):
        def send(self, one: Any) -> None:
            other = open_database(tmp_path / "p.db")
            assert send(other, setup.config, FolderTransport(tmp_path / "out")).sent == 0
            other.close()
            super().send(one)

    assert send(connection, setup.config, Nosy(tmp_path / "out")).sent == 1
    assert len(list((tmp_path / "out").glob("*.eml"))) == 1


def test_more_than_the_limit_to_one_address_wait(tmp_path: Path, connection: sqlite3.Connection, setup: Setup) -> None:
    receive(connection, setup, *range(2, 15))
    out = FolderTransport(tmp_path / "out")
    done = send(connection, setup.config, out)
    assert (done.sent, done.limited) == (10, 4)
    assert send(connection, setup.config, out, NOW + timedelta(minutes=14)).sent == 0
    assert send(connection, setup.config, out, NOW + timedelta(minutes=15)).sent == 4


def test_a_limit_holds_back_its_own_address_and_what_would_leave_now(
    tmp_path: Path, connection: sqlite3.Connection, setup: Setup
) -> None:
    receive(connection, setup, *range(2, 15))
    connection.execute("UPDATE outbox SET recipient = 'other@olivar.example' WHERE id = 13")
    connection.execute("UPDATE outbox SET mailbox = 'priority' WHERE id = 14")
    out = FolderTransport(tmp_path / "out")
    done = send_due(connection, setup.config, lambda _: out, mailboxes=["help"], clock=lambda: NOW)
    assert (done.sent, done.limited) == (11, 2)
    rows = connection.execute("SELECT id, error FROM outbox WHERE status = 'queued' ORDER BY id").fetchall()
    assert rows == [(11, "the limit for this address is reached"), (12, "the limit for this address is reached"), (14, "")]


def test_limits_are_settings(rules: Path, tmp_path: Path) -> None:
    with (rules / "settings.yaml").open("a") as file:
        file.write("notification_limits: [{messages: 1, within: 2 hours}]\n")
    setup = prepare(load_config(rules))
    connection = open_database(None)
    receive(connection, setup, *range(3))
    out = FolderTransport(tmp_path / "out")
    assert send(connection, setup.config, out).sent == 1
    assert send(connection, setup.config, out, NOW + timedelta(hours=2)).sent == 1


def test_of_several_limits_the_one_that_lasts_longest_holds(rules: Path, tmp_path: Path) -> None:
    with (rules / "settings.yaml").open("a") as file:
        file.write("notification_limits: [{messages: 1, within: 2 hours}, {messages: 1, within: 10 minutes}]\n")
    setup = prepare(load_config(rules))
    connection = open_database(None)
    receive(connection, setup, 1, 2)
    out = FolderTransport(tmp_path / "out")
    assert send(connection, setup.config, out).sent == 1
    assert connection.execute("SELECT next_attempt_at FROM outbox WHERE status = 'queued'").fetchall() == [
        ("2030-01-01T14:00:00Z",)
    ]


def test_what_has_no_way_out_is_not_asked_for_one(connection: sqlite3.Connection, setup: Setup, tmp_path: Path) -> None:
    receive(connection, setup, 2)
    connection.execute("UPDATE outbox SET mailbox = 'priority' WHERE id = 2")
    ways = {"help": FolderTransport(tmp_path / "out")}
    done = send_due(connection, setup.config, ways.__getitem__, mailboxes=ways.keys(), clock=lambda: NOW)
    assert (done.sent, done.waiting) == (1, 0)
    assert send_due(connection, setup.config, ways.__getitem__, mailboxes=(), clock=lambda: NOW).sent == 0


def test_the_wait_grows_to_four_hours() -> None:
    assert [int(wait_after(n).total_seconds() // 60) for n in (1, 2, 3, 4, 5, 99)] == [1, 5, 15, 60, 240, 240]
