"""Sending to a real SMTP server on loopback: at least once, back-off, limits, giving up where all can see it."""

from __future__ import annotations

import socket
import sqlite3
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from msgspec import structs

from engine.config.connections import SmtpSending
from engine.config.load import load_config
from engine.config.model import Config
from engine.decide.decision import iso
from engine.decide.setup import Setup, prepare
from engine.notify.sender import Sent, send_due, wait_after
from engine.notify.transport import FolderTransport, Rejected, SmtpTransport, Transport
from engine.processing import Processor
from engine.sources.item import Item
from engine.store.database import open_database
from engine.store.outbox import LEASE, requeue
from engine.store.rests import Rest, rest_of
from tests.edit import edit
from tests.smtp import SmtpServer

NOW = datetime(2030, 1, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def server() -> SmtpServer:
    return SmtpServer()


@pytest.fixture
def start(server: SmtpServer) -> Iterator[Callable[..., int]]:
    """Starts the server with options of aiosmtpd, and gives its port."""
    yield server.start
    server.stop()


def smtp(port: int, **changes: Any) -> SmtpTransport:
    values: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": port,
        "tls": "none",
        "ca_file": None,
        "username": None,
        "password": None,
        "timeout": timedelta(seconds=5),
    }
    return SmtpTransport(SmtpSending(**(values | changes)))


def mail(number: int, sender: str = "maya@brightwater.example") -> bytes:
    return (
        f"Date: Mon, 2 Nov 2026 10:{number:02}:00 +0000\r\nFrom: {sender}\r\nSubject: Matter {number} {'abcdefghijklmno'[number] * 8}\r\n"
        f"Message-ID: <{number}@t.example>\r\n\r\nIt is broken {number}.\r\n"
    ).encode()


def receive(
    connection: sqlite3.Connection, setup: Setup, *numbers: int, sender: str = "maya@brightwater.example", now: datetime = NOW
) -> None:
    """Mail that comes at this moment: each of it is a ticket with a notification."""
    items = [Item(f"{iso(now)} {n}", lambda n=n: mail(n, sender)) for n in numbers]  # type: ignore[misc]
    Processor(connection, setup).run(items, "help")
    connection.execute("UPDATE outbox SET created_at = ?, next_attempt_at = ? WHERE created_at < '2030'", (iso(now), iso(now)))


@pytest.fixture
def connection(tmp_path: Path, setup: Setup) -> Iterator[sqlite3.Connection]:
    """A database with one notification to be sent: to Maya, that her ticket is open."""
    opened = open_database(tmp_path / "p.db")
    receive(opened, setup, 1)
    yield opened
    opened.close()


def send(connection: sqlite3.Connection, config: Config, transport: Transport, now: datetime = NOW) -> Sent:
    try:
        return send_due(connection, config, lambda mailbox: transport, clock=lambda: now)
    finally:
        transport.close()


def row(connection: sqlite3.Connection, columns: str = "status, attempts, error") -> tuple[Any, ...]:
    found: tuple[Any, ...] = connection.execute(f"SELECT {columns} FROM outbox ORDER BY id LIMIT 1").fetchone()
    return found


def test_what_arrives_is_what_was_decided(
    connection: sqlite3.Connection, setup: Setup, server: SmtpServer, start: Callable[..., int]
) -> None:
    done = send(connection, setup.config, smtp(start()))
    assert (done.sent, done.failed, done.problems) == (1, [], [])
    (got,) = server.messages
    assert server.envelopes == [("help@harbourhill.example", ["maya@brightwater.example"])]
    assert got["Subject"] == "[T20261102.0001] Matter 1 bbbbbbbb"
    assert got["In-Reply-To"] == got["References"] == "<1@t.example>"
    assert got["Auto-Submitted"] == "auto-replied" and got["X-Auto-Response-Suppress"] == "All"
    assert got["Message-ID"] == f"<{row(connection, 'message_id')[0]}>"
    assert "thank you for your message. It is ticket **T20261102.0001**" in got.get_body(("plain",)).get_content()
    assert "<strong>T20261102.0001</strong>" in got.get_body(("html",)).get_content()
    assert row(connection, "status, sent_at") == ("sent", "2030-01-01T12:00:00Z")
    assert send(connection, setup.config, smtp(1)).sent == 0  # nothing is left to send


def test_starttls_and_a_login(
    connection: sqlite3.Connection,
    setup: Setup,
    server: SmtpServer,
    start: Callable[..., int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    logins: list[LoginPassword] = []

    def authenticate(server: SMTP, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        logins.append(data)
        return AuthResult(success=data.password == b"s3cret", handled=False)

    port = start(tls_context=context, require_starttls=True, authenticator=authenticate, auth_required=True)
    monkeypatch.setenv("SMTP_USER", "postroom")
    safe = {"tls": "starttls", "username": "${env:SMTP_USER}", "password": "${env:SMTP_PASSWORD}"}

    done = send(connection, setup.config, smtp(port, **safe))
    assert done.problems == ["the environment variable SMTP_PASSWORD is not set"]
    monkeypatch.setenv("SMTP_PASSWORD", "wrong-password")
    done = send(connection, setup.config, smtp(port, **safe), NOW + timedelta(hours=1))
    assert "its certificate is not trusted" in done.problems[0] and "ca_file" in done.problems[0]
    safe["ca_file"] = str(tmp_path / "ca.pem")
    done = send(connection, setup.config, smtp(port, **safe), NOW + timedelta(hours=6))
    assert "refused the login (535)" in done.problems[0] and "wrong-password" not in str(row(connection, "*"))
    monkeypatch.setenv("SMTP_PASSWORD", "s3cret")
    assert send(connection, setup.config, smtp(port, **safe), NOW + timedelta(hours=12)).sent == 1
    assert logins[-1] == LoginPassword(login=b"postroom", password=b"s3cret") and len(server.messages) == 1


def test_a_password_beyond_ascii_is_told_and_no_letter_of_it_shown(
    connection: sqlite3.Connection, setup: Setup, start: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMTP_USER", "postroom")
    monkeypatch.setenv("SMTP_PASSWORD", "hushé")
    port = start(auth_require_tls=False)
    done = send(connection, setup.config, smtp(port, username="${env:SMTP_USER}", password="${env:SMTP_PASSWORD}"))
    assert done.problems == [f"127.0.0.1:{port}: the login's name or password has letters beyond ASCII; take others"]
    assert row(connection, "status, attempts") == ("queued", 0)


@pytest.mark.parametrize(
    "replies",
    [
        (b"",),
        (b"\r\n",),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n",),
        (b"2\xff0 x\r\n",),
        (b"220 x\r\n", b"250-x\r\n250 AUTH CRAM-MD5\r\n", b"334 not base64!\r\n", b"500 what\r\n"),
        (b"220 x\r\n", b"250-x\r\n250 AUTH CRAM-MD5\r\n", b"334\r\n", b"500 what\r\n"),
        (b"220 x\r\n", b"250-x\r\n250 AUTH LOGIN\r\n", b"334 \xff\r\n", b"999\r\n"),
        (b"220 x\r\n", b"250-\xff\r\n250-SIZE x\r\n250 AUTH\r\n", b"334 x\r\n"),
        (b"220 x\r\n", b"250 " + b"x" * 20_000 + b"\r\n", b"500 what\r\n"),
        (b"220 x\r\n", b"250 x\r\n", b"250 x\r\n", b"250 x\r\n"),
    ],
)
def test_a_server_that_answers_oddly_keeps_a_notification_waiting(
    replies: tuple[bytes, ...], connection: sqlite3.Connection, setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMTP_USER", "postroom")
    monkeypatch.setenv("SMTP_PASSWORD", "s3cret")
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        client, _ = listening.accept()
        with client, suppress(OSError):
            for number, reply in enumerate(replies):
                if number:
                    client.recv(4096)
                client.sendall(reply)

    threading.Thread(target=serve, daemon=True).start()
    login = {"username": "${env:SMTP_USER}", "password": "${env:SMTP_PASSWORD}"}
    done = send(connection, setup.config, smtp(listening.getsockname()[1], timeout=timedelta(seconds=2), **login))
    assert done.waiting == 1 and done.problems and "s3cret" not in done.problems[0]
    assert row(connection, "status, attempts, error") == ("queued", 0, done.problems[0])


@pytest.mark.parametrize(("begins", "tls"), [("none", "implicit"), ("implicit", "starttls"), ("implicit", "none")])
def test_who_begins_otherwise_than_the_server_is_told(
    begins: str, tls: str, connection: sqlite3.Connection, setup: Setup, start: Callable[..., int]
) -> None:
    if begins == "none":
        port = start()
    else:
        listening = socket.create_server(("127.0.0.1", 0))  # it waits for the first bytes of TLS, and so says nothing
        port = listening.getsockname()[1]
    done = send(connection, setup.config, smtp(port, tls=tls, timeout=timedelta(seconds=0.5)))
    assert done.problems[0].endswith("; with port 587 it is mostly `tls: starttls`, with 465 `tls: implicit`")
    assert row(connection, "status, attempts") == ("queued", 0)


def test_a_server_without_starttls_gets_nothing(
    connection: sqlite3.Connection, setup: Setup, server: SmtpServer, start: Callable[..., int]
) -> None:
    done = send(connection, setup.config, smtp(start(), tls="starttls"))
    assert done.sent == 0 and "STARTTLS" in done.problems[0] and server.messages == []


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
    done = send_due(connection, setup.config, lambda mailbox: None, clock=lambda: NOW + timedelta(days=30))
    assert (done.waiting, done.failed, done.problems) == (1, [], [])
    assert row(connection) == ("queued", 0, "settings.yaml does not say how notifications leave: add `sending`")
    port = start()
    done = send(connection, setup.config, smtp(port), NOW + timedelta(days=30))
    assert done.sent == 0 and done.failed[0][1].endswith("add `sending`; given up after 2 days")
    assert server.messages == []
    requeue(connection, NOW + timedelta(days=31))  # unless it shall
    assert send(connection, setup.config, smtp(port), NOW + timedelta(days=31)).sent == 1


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


@pytest.mark.parametrize(
    ("answer", "status", "waiting", "says"),
    [
        ("421 4.3.2 shutting down", "queued", 2, "the mail server said 421 4.3.2 shutting down"),
        ("530 5.7.0 Authentication required", "queued", 2, "the mail server takes nothing from help@harbourhill.example: 530"),
        ("553 5.7.1 not owned by user", "queued", 0, "the mail server takes nothing from help@harbourhill.example: 553"),
        ("552 5.3.4 message too big", "failed", 0, "the mail server said 552 5.3.4 message too big"),
    ],
)
def test_what_the_server_says_of_our_sender_is_mostly_no_fault_of_the_message(
    answer: str,
    status: str,
    waiting: int,
    says: str,
    connection: sqlite3.Connection,
    setup: Setup,
    server: SmtpServer,
    start: Callable[..., int],
) -> None:
    receive(connection, setup, 2, sender="jan@kessler.example")
    server.on_mail = answer
    done = send(connection, setup.config, smtp(start()))
    assert done.waiting == waiting and row(connection, "status")[0] == status
    assert row(connection, "error")[0].startswith(says)


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


def test_domains_beyond_ascii_are_sent_to_by_any_server(
    rules: Path, tmp_path: Path, server: SmtpServer, start: Callable[..., int]
) -> None:
    for name, old, new in (
        ("directory/organizations.csv", "kessler.example", "käsler.example"),
        ("mailboxes/help.yaml", "help@harbourhill.example", "Help@hügel.example"),
    ):
        edit(rules / name, old, new, -1)
    config = load_config(rules)
    opened = open_database(tmp_path / "p.db")
    receive(opened, prepare(config), 1, sender="jan@käsler.example")
    assert send(opened, config, smtp(start(enable_SMTPUTF8=False))).sent == 1
    assert server.envelopes == [("help@xn--hgel-0ra.example", ["jan@xn--ksler-gra.example"])]
    assert server.messages[0]["From"].addresses[0].domain == "xn--hgel-0ra.example"
    assert opened.execute("SELECT organization FROM tickets").fetchone() == ("kessler",)
    opened.close()


@pytest.mark.parametrize("able", [True, False])
def test_an_address_beyond_ascii_needs_a_server_that_takes_it(
    able: bool, rules: Path, tmp_path: Path, server: SmtpServer, start: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = SMTP.smtp_MAIL

    async def smtp_mail(self: Any, arg: str) -> None:
        asked.append(arg)
        await real(self, arg)

    monkeypatch.setattr(SMTP, "smtp_MAIL", smtp_mail)
    edit(rules / "directory/contacts.csv", "maya@brightwater.example", "mäya@brightwater.example")
    config = load_config(rules)
    opened = open_database(tmp_path / "p.db")
    receive(opened, prepare(config), 1, sender="mäya@brightwater.example")
    done = send(opened, config, smtp(start(enable_SMTPUTF8=able)))
    if able:
        assert done.sent == 1 and server.envelopes == [("help@harbourhill.example", ["mäya@brightwater.example"])]
        assert server.messages[0]["To"] == "mäya@brightwater.example"
        assert [arg.upper().count("SMTPUTF8") for arg in asked] == [1]
    else:
        assert done.failed == [("mäya@brightwater.example", "the mail server takes no addresses beyond ASCII (SMTPUTF8)")]
    opened.close()


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
    assert "it failed, and that is a fault of postroom's: TypeError" in done.failed[0][1]


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


def test_limits_are_settings(rules: Path, tmp_path: Path) -> None:
    with (rules / "settings.yaml").open("a") as file:
        file.write("notification_limits: [{messages: 1, within: 2 hours}]\n")
    setup = prepare(load_config(rules))
    connection = open_database(None)
    receive(connection, setup, *range(3))
    out = FolderTransport(tmp_path / "out")
    assert send(connection, setup.config, out).sent == 1
    assert send(connection, setup.config, out, NOW + timedelta(hours=2)).sent == 1


def test_the_wait_grows_to_four_hours() -> None:
    assert [int(wait_after(n).total_seconds() // 60) for n in (1, 2, 3, 4, 5, 99)] == [1, 5, 15, 60, 240, 240]
