"""A way out that does not work is left alone for a while, and what would leave by it says why it waits."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult
from msgspec import structs

from engine.decide.setup import Setup
from engine.notify.sender import send_due
from engine.notify.transport import Transport
from engine.store.rests import Rest, keep_rest, rest_of, rests
from tests.notify.sending import NOW, receive, row, send, smtp
from tests.smtp import SmtpServer


def rest(connection: sqlite3.Connection, transport: Transport) -> Rest:
    found = rest_of(connection, transport.name)
    assert found is not None
    return found


def test_a_server_that_is_away_is_asked_again_after_a_while_and_all_that_waits_goes_once_it_is_back(
    connection: sqlite3.Connection, setup: Setup, server: SmtpServer, start: Callable[..., int]
) -> None:
    receive(connection, setup, 2, 3)
    port = start()
    away = smtp(port)
    away.settings = structs.replace(away.settings, port=1)  # the same way out by its name
    now, waits = NOW, []
    for _ in range(5):
        done = send(connection, setup.config, away, now)
        assert (done.sent, done.postponed, done.waiting) == (0, 0, 3) and "cannot be reached" in done.problems[0]
        until = rest(connection, away).until
        done = send(connection, setup.config, smtp(port), until - timedelta(seconds=1))  # it is back, and nobody asks yet
        assert (done.sent, done.waiting, done.problems) == (0, 3, []) and done.resting[0][1] == until
        waits.append(until - now)
        now = until
    assert [int(wait.total_seconds() // 60) for wait in waits] == [1, 5, 15, 15, 15]
    assert row(connection, "attempts") == (0,)  # it is not the messages' fault
    assert send(connection, setup.config, smtp(port), now).sent == 3
    assert rest_of(connection, away.name) is None


def test_a_rest_of_long_ago_does_not_count(connection: sqlite3.Connection, setup: Setup) -> None:
    way = smtp(1)
    keep_rest(connection, way.name, Rest(7, NOW - timedelta(days=90), NOW - timedelta(days=89), "it was away"), NOW)
    send(connection, setup.config, way)
    assert (rest(connection, way).failures, rest(connection, way).since) == (1, NOW)


def test_a_rest_that_is_damaged_holds_nothing_back(
    connection: sqlite3.Connection, setup: Setup, start: Callable[..., int]
) -> None:
    port = start()
    way = smtp(port)
    receive(connection, setup, 2)
    keep_rest(connection, way.name, Rest(1, NOW, NOW + timedelta(minutes=5), "it was away"), NOW)
    assert send(connection, setup.config, way).sent == 0
    connection.execute("UPDATE cursors SET value = substr(value, 2) WHERE name LIKE 'rest %'")
    assert rests(connection) == [] and send(connection, setup.config, way).sent == 2


def test_a_rest_from_a_clock_that_was_wrong_is_not_kept(
    connection: sqlite3.Connection, setup: Setup, start: Callable[..., int]
) -> None:
    port = start()
    way = smtp(port)
    keep_rest(connection, way.name, Rest(1, NOW, NOW + timedelta(days=365), "it was away"), NOW)
    assert send(connection, setup.config, way).sent == 1


def test_what_comes_while_a_way_rests_says_why_it_waits(connection: sqlite3.Connection, setup: Setup) -> None:
    send(connection, setup.config, smtp(1))
    receive(connection, setup, 2, 3)
    connection.execute("UPDATE outbox SET mailbox = 'priority' WHERE id = 3")
    done = send(connection, setup.config, smtp(1), NOW + timedelta(seconds=30))
    why = "127.0.0.1:1 cannot be reached: Connection refused"
    assert (done.waiting, done.resting) == (3, [(why, NOW + timedelta(minutes=1))])
    assert connection.execute("SELECT error, attempts FROM outbox").fetchall() == [(why, 0)] * 3


def test_a_login_that_is_refused_is_not_tried_again_and_again(
    connection: sqlite3.Connection, setup: Setup, start: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[str] = []

    def authenticate(server: SMTP, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        tries.append(mechanism)
        return AuthResult(success=False, handled=False)

    monkeypatch.setenv("SMTP_PASSWORD", "wrong")
    port = start(authenticator=authenticate, auth_require_tls=False)
    for minute in range(60):  # a crontab, while mail comes in
        receive(connection, setup, minute % 15, now=NOW + timedelta(minutes=minute))
        way = smtp(port, username="postroom", password="${env:SMTP_PASSWORD}")
        send(connection, setup.config, way, NOW + timedelta(minutes=minute))
    each = len(tries) // 4
    assert each and len(tries) == 4 * each  # 0, 15, 30 and 45 minutes; smtplib tries each mechanism


def test_a_message_that_breaks_the_session_waits_alone(
    connection: sqlite3.Connection, setup: Setup, server: SmtpServer, start: Callable[..., int]
) -> None:
    receive(connection, setup, 2, 3, sender="jan@kessler.example")
    server.breaks_on = {"maya@brightwater.example"}
    port = start()
    done = send(connection, setup.config, smtp(port))
    assert (done.sent, done.postponed, done.problems) == (2, 1, [])
    assert row(connection, "status, attempts, next_attempt_at") == ("queued", 1, "2030-01-01T12:01:00Z")
    assert "broke" in row(connection, "error")[0]
    # Where it breaks with the next one too, it is the server.
    receive(connection, setup, 4, 5, 6, sender="jan@kessler.example")
    server.breaks_on.add("jan@kessler.example")
    done = send(connection, setup.config, smtp(port), NOW + timedelta(minutes=1))
    assert (done.sent, done.postponed, done.waiting, len(done.problems)) == (0, 2, 2, 1)


@pytest.mark.parametrize(("answers", "sent"), [({"jan@kessler.example": "450 4.2.1 greylisted"}, 1), ({}, 2)], ids=["no", "yes"])
def test_a_server_that_answers_between_two_messages_that_break_is_not_left_alone(
    answers: dict[str, str],
    sent: int,
    connection: sqlite3.Connection,
    setup: Setup,
    server: SmtpServer,
    start: Callable[..., int],
) -> None:
    receive(connection, setup, 2, sender="jan@kessler.example")
    receive(connection, setup, 3, sender="carmen@olivar.example")
    receive(connection, setup, 4, sender="tom@brightwater.example")
    server.breaks_on = {"maya@brightwater.example", "carmen@olivar.example"}
    server.on_rcpt = answers
    done = send(connection, setup.config, smtp(start()))
    assert (done.sent, done.postponed, done.waiting, done.problems) == (sent, 4 - sent, 0, [])


def test_a_server_that_ends_the_session_after_a_refusal_gets_the_next_in_another(
    connection: sqlite3.Connection, setup: Setup, server: SmtpServer, start: Callable[..., int]
) -> None:
    """So Postfix does after twenty."""
    receive(connection, setup, 2, sender="jan@kessler.example")
    server.on_rcpt["maya@brightwater.example"] = "550 5.1.1 no such user"
    server.ends_by = "421 4.7.0 too many errors"
    done = send(connection, setup.config, smtp(start()))
    assert (done.sent, done.postponed, len(done.failed), done.problems) == (1, 0, 1, [])
    assert server.heard.count("EHLO") == 2


def test_a_way_that_is_away_holds_up_no_other_and_says_since_when(
    connection: sqlite3.Connection, setup: Setup, server: SmtpServer, start: Callable[..., int]
) -> None:
    receive(connection, setup, 2)
    connection.execute("UPDATE outbox SET mailbox = 'priority' WHERE id = 2")
    away, other = smtp(1), smtp(start())
    for minutes in (0, 1):
        send_due(
            connection,
            setup.config,
            lambda mailbox: away if mailbox == "help" else other,
            clock=lambda minutes=minutes: NOW + timedelta(minutes=minutes),  # type: ignore[misc]
        )
    assert connection.execute("SELECT status FROM outbox ORDER BY id").fetchall() == [("queued",), ("sent",)]
    assert (rest(connection, away).since, rest(connection, away).failures, len(server.messages)) == (NOW, 2, 1)


def test_all_that_waits_for_a_server_says_so_at_once(connection: sqlite3.Connection, setup: Setup) -> None:
    receive(connection, setup, 2, 3)
    done = send(connection, setup.config, smtp(1))
    why = "127.0.0.1:1 cannot be reached: Connection refused"
    assert (done.waiting, done.problems) == (3, [why])
    assert connection.execute("SELECT error FROM outbox").fetchall() == [(why,)] * 3
