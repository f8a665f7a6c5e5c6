"""Sending to a real SMTP server on loopback: at least once, back-off, limits, giving up where all can see it."""

from __future__ import annotations

import email
import email.policy
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
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from engine.config.connections import SmtpSending
from engine.config.load import load_config
from engine.config.model import Config
from engine.decide.setup import Setup, prepare
from engine.notify.sender import Sent, send_due, wait_after
from engine.notify.transport import FolderTransport, SmtpTransport, Transport
from engine.processing import Processor
from engine.sources.item import Item
from engine.store.database import open_database
from engine.store.outbox import LEASE, requeue_failed
from tests.edit import edit

NOW = datetime(2030, 1, 1, 12, 0, tzinfo=UTC)


class Server:
    """What an SMTP server got, and what it is told to answer."""

    def __init__(self) -> None:
        self.messages: list[Any] = []
        self.envelopes: list[tuple[str, list[str]]] = []
        self.on_rcpt: dict[str, str] = {}
        self.on_data = ""

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.on_rcpt:
            return self.on_rcpt[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.on_data:
            return self.on_data
        self.envelopes.append((envelope.mail_from, envelope.rcpt_tos))
        self.messages.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 OK"


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def start(server: Server) -> Iterator[Callable[..., int]]:
    """Starts the server with options of aiosmtpd, and gives its port."""
    running: list[Controller] = []

    def run(**options: Any) -> int:
        controller = Controller(server, hostname="127.0.0.1", port=0, **options)
        running.append(controller)

        def port() -> int:
            assert controller.server is not None
            return int(controller.server.sockets[0].getsockname()[1])

        # Port 0: the system chooses, so that tests at the same time do not meet; aiosmtpd itself tries the port it was told.
        def trigger() -> None:
            with socket.create_connection(("127.0.0.1", port()), timeout=5) as connection:
                connection.recv(1)

        controller._trigger_server = trigger  # type: ignore[method-assign]
        controller.start()
        return port()

    yield run
    for controller in running:
        controller.stop()


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


@pytest.fixture
def connection(tmp_path: Path, setup: Setup) -> Iterator[sqlite3.Connection]:
    """A database with one notification to be sent: to Maya, that her ticket is open."""
    opened = open_database(tmp_path / "p.db")
    Processor(opened, setup).run([Item("1", lambda: mail(1))], "help")
    opened.execute("UPDATE outbox SET created_at = '2030-01-01T12:00:00Z', next_attempt_at = '2030-01-01T12:00:00Z'")
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
    connection: sqlite3.Connection, setup: Setup, server: Server, start: Callable[..., int]
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
    server: Server,
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
    assert row(connection, "status, attempts") == ("queued", 1)


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
    assert done.postponed == 1 and done.problems and "s3cret" not in done.problems[0]
    assert row(connection, "status, attempts") == ("queued", 1)


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
    assert row(connection, "status, attempts") == ("queued", 1)


def test_a_server_without_starttls_gets_nothing(
    connection: sqlite3.Connection, setup: Setup, server: Server, start: Callable[..., int]
) -> None:
    done = send(connection, setup.config, smtp(start(), tls="starttls"))
    assert done.sent == 0 and "STARTTLS" in done.problems[0] and server.messages == []


def test_a_server_that_is_away_is_tried_again_later_and_later_and_then_given_up(
    connection: sqlite3.Connection, setup: Setup
) -> None:
    now, waits = NOW, []
    for _ in range(6):
        done = send(connection, setup.config, smtp(1), now)
        assert done.postponed == 1 and "cannot be reached" in done.problems[0]
        _, until = row(connection, "status, next_attempt_at")
        waits.append(datetime.fromisoformat(until) - now)
        now = datetime.fromisoformat(until)
    assert [int(wait.total_seconds() // 60) for wait in waits] == [1, 5, 15, 60, 240, 240]
    connection.execute("UPDATE outbox SET created_at = ?", ((now - timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%SZ"),))
    done = send(connection, setup.config, smtp(1), now)
    assert len(done.failed) == 1 and row(connection, "status")[0] == "failed"
    note = connection.execute("SELECT author, publish, description FROM ticket_notes").fetchall()
    assert note[0][:2] == ("system", "internal") and "given up after 7 attempts" in note[0][2]


def test_domains_beyond_ascii_are_sent_to_by_any_server(
    rules: Path, tmp_path: Path, server: Server, start: Callable[..., int]
) -> None:
    for name, old, new in (
        ("directory/organizations.csv", "kessler.example", "käsler.example"),
        ("mailboxes/help.yaml", "help@harbourhill.example", "Help@hügel.example"),
    ):
        edit(rules / name, old, new, -1)
    config = load_config(rules)
    opened = open_database(tmp_path / "p.db")
    Processor(opened, prepare(config)).run([Item("1", lambda: mail(1, "jan@käsler.example"))], "help")
    opened.execute("UPDATE outbox SET created_at = '2030-01-01T12:00:00Z', next_attempt_at = '2030-01-01T12:00:00Z'")
    assert send(opened, config, smtp(start(enable_SMTPUTF8=False))).sent == 1
    assert server.envelopes == [("help@xn--hgel-0ra.example", ["jan@xn--ksler-gra.example"])]
    assert server.messages[0]["From"].addresses[0].domain == "xn--hgel-0ra.example"
    assert opened.execute("SELECT organization FROM tickets").fetchone() == ("kessler",)
    opened.close()


@pytest.mark.parametrize("able", [True, False])
def test_an_address_beyond_ascii_needs_a_server_that_takes_it(
    able: bool, rules: Path, tmp_path: Path, server: Server, start: Callable[..., int], monkeypatch: pytest.MonkeyPatch
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
    Processor(opened, prepare(config)).run([Item("1", lambda: mail(1, "mäya@brightwater.example"))], "help")
    opened.execute("UPDATE outbox SET created_at = '2030-01-01T12:00:00Z', next_attempt_at = '2030-01-01T12:00:00Z'")
    done = send(opened, config, smtp(start(enable_SMTPUTF8=able)))
    if able:
        assert done.sent == 1 and server.envelopes == [("help@harbourhill.example", ["mäya@brightwater.example"])]
        assert server.messages[0]["To"] == "mäya@brightwater.example"
        assert [arg.upper().count("SMTPUTF8") for arg in asked] == [1]
    else:
        assert done.failed == [("mäya@brightwater.example", "the mail server takes no addresses beyond ASCII (SMTPUTF8)")]
    opened.close()


def test_an_address_that_is_refused_for_ever_fails_at_once_and_the_others_go_on(
    connection: sqlite3.Connection, setup: Setup, server: Server, start: Callable[..., int]
) -> None:
    Processor(connection, setup).run([Item("2", lambda: mail(2, "jan@kessler.example"))], "help")
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
    assert requeue_failed(connection, NOW) == 1
    assert send(connection, setup.config, smtp(start())).sent == 1


def test_one_that_cannot_be_written_fails_and_the_others_go_on(
    connection: sqlite3.Connection, setup: Setup, server: Server, start: Callable[..., int]
) -> None:
    """Here a row that somebody changed by hand."""
    Processor(connection, setup).run([Item("2", lambda: mail(2, "jan@kessler.example"))], "help")
    connection.execute("UPDATE outbox SET body_values = ? WHERE recipient = ?", ('[["a", 2]]', "maya@brightwater.example"))
    done = send(connection, setup.config, smtp(start()))
    assert done.sent == 1 and [recipient for recipient, _ in done.failed] == ["maya@brightwater.example"]
    assert "it failed, and that is a fault of postroom's: TypeError" in done.failed[0][1]


def test_an_address_that_is_refused_for_now_is_tried_again(
    connection: sqlite3.Connection, setup: Setup, server: Server, start: Callable[..., int]
) -> None:
    server.on_rcpt["maya@brightwater.example"] = "450 4.2.1 greylisted"
    port = start()
    assert send(connection, setup.config, smtp(port)).postponed == 1
    assert row(connection) == ("queued", 1, "the mail server said 450 4.2.1 greylisted")
    server.on_rcpt.clear()
    assert send(connection, setup.config, smtp(port), NOW + timedelta(seconds=59)).sent == 0
    assert send(connection, setup.config, smtp(port), NOW + timedelta(seconds=60)).sent == 1


def test_a_process_that_dies_while_it_sends_sends_again(
    connection: sqlite3.Connection, setup: Setup, server: Server, start: Callable[..., int]
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
    Processor(connection, setup).run([Item(str(n), lambda n=n: mail(n)) for n in range(2, 15)], "help")  # type: ignore[misc]
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
    Processor(connection, setup).run([Item(str(n), lambda n=n: mail(n)) for n in range(3)], "help")  # type: ignore[misc]
    out = FolderTransport(tmp_path / "out")
    assert send(connection, setup.config, out).sent == 1
    assert send(connection, setup.config, out, NOW + timedelta(hours=2)).sent == 1


def test_the_wait_grows_to_four_hours() -> None:
    assert [int(wait_after(n).total_seconds() // 60) for n in (1, 2, 3, 4, 5, 99)] == [1, 5, 15, 60, 240, 240]
