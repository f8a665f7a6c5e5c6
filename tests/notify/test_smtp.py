"""Sending to a real SMTP server on loopback: TLS, logins, domains beyond ASCII, and what an odd server says."""

from __future__ import annotations

import socket
import sqlite3
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from engine.config.load import load_config
from engine.decide.setup import Setup, prepare
from engine.processing import Processor
from engine.sources.item import Item
from engine.store.database import open_database
from tests.edit import edit
from tests.notify.sending import NOW, receive, row, send, smtp
from tests.smtp import SmtpServer


def test_what_arrives_is_what_was_decided(
    connection: sqlite3.Connection, setup: Setup, server: SmtpServer, start: Callable[..., int]
) -> None:
    done = send(connection, setup.config, smtp(start()))
    assert (done.sent, done.failed, done.problems) == (1, [], [])
    (got,) = server.messages
    assert server.envelopes == [("help@harbourhill.example", ["maya@brightwater.example"])]
    assert got["Subject"] == "[T20261102.0001] Matter 1 bbbbbbbb"
    (own,) = row(connection, "message_id")
    assert got["In-Reply-To"] == "<1@t.example>" and got["References"] == f"<1@t.example> <ref.{own}>"
    assert got["Auto-Submitted"] == "auto-replied" and got["X-Auto-Response-Suppress"] == "All"
    assert got["Message-ID"] == f"<{own}>"
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


_TO = "<maya@brightwater.example>"


@pytest.mark.parametrize(
    "answer",
    [
        f"554 5.7.1 {_TO}: Relay access denied",  # Postfix
        "550 relay not permitted",  # Exim
        "553 5.7.1 <help@harbourhill.example>: Sender address rejected: not owned by user desk",  # Postfix, who signed in
        "554 5.7.1 <desk.example[192.0.2.7]>: Client host rejected: Access denied",  # the same, port 587 without a login
        "550 Verification failed for <help@harbourhill.example> Sender verify failed",  # Exim
        "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain",  # Exchange
        "550 5.7.60 SMTP; Client does not have permissions to send as this sender",
        "554 5.2.252 SendAsDenied; help@harbourhill.example not allowed to send as desk@harbourhill.example",
    ],
)
def test_what_is_wrong_with_us_is_no_fault_of_the_recipient(
    answer: str, connection: sqlite3.Connection, setup: Setup, server: SmtpServer, start: Callable[..., int]
) -> None:
    """It is mended in the server's configuration, or ours."""
    server.on_rcpt["maya@brightwater.example"] = answer
    assert send(connection, setup.config, smtp(start())).postponed == 1
    status, attempts, error = row(connection)
    assert (status, attempts) == ("queued", 1) and error.startswith(f"the mail server said {answer[:9]}")


def test_the_same_behind_the_text(
    connection: sqlite3.Connection, setup: Setup, server: SmtpServer, start: Callable[..., int]
) -> None:
    server.on_data = "550 5.7.60 SMTP; Client does not have permissions to send as this sender"
    assert send(connection, setup.config, smtp(start())).postponed == 1


@pytest.mark.parametrize(
    "answer",
    [
        f"550 5.1.1 {_TO}: Recipient address rejected: User unknown in virtual mailbox table",  # Postfix
        f"554 5.7.1 {_TO}: Recipient address rejected: sender not allowed here",
        "550 relay-test@brightwater.example unknown",  # Exim
        "550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required",  # Exchange, for a group
        "550 5.7.1 Message rejected as spam",
    ],
)
def test_what_is_wrong_with_one_recipient_is_given_up(
    answer: str, connection: sqlite3.Connection, setup: Setup, server: SmtpServer, start: Callable[..., int]
) -> None:
    server.on_rcpt["maya@brightwater.example"] = answer
    send(connection, setup.config, smtp(start()))
    assert row(connection, "status")[0] == "failed"


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


@pytest.mark.parametrize(
    "address", ["a..b@docomo.example", ".a.b@docomo.example", "a.b.@docomo.example", "a...b..@docomo.example"]
)
def test_a_telephone_in_japan_is_answered(
    address: str, rules: Path, tmp_path: Path, server: SmtpServer, start: Callable[..., int]
) -> None:
    """Their providers gave out addresses that RFC 5322 does not have."""
    edit(rules / "directory/contacts.csv", "maya@brightwater.example", address)
    config = load_config(rules)
    opened = open_database(tmp_path / "p.db")
    receive(opened, prepare(config), 1, sender=address)
    done = send(opened, config, smtp(start()))
    assert (done.sent, done.failed) == (1, [])
    assert [recipients for _, recipients in server.envelopes] == [[address]]
    assert str(server.messages[0]["To"]) == address
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


def answer(about: str, more: str = "", subject: str = "Re: your ticket") -> Item:
    """A reply without a number, which names a message."""
    raw = (
        f"Date: Mon, 2 Nov 2026 11:00:00 +0000\r\nFrom: maya@brightwater.example\r\nSubject: {subject}\r\nMessage-ID: <re.{about}>\r\n"
        f"In-Reply-To: <{about}>\r\n{more}\r\nThank you.\r\n"
    )
    return Item(about, lambda: raw.encode())


def test_a_reply_is_found_by_the_message_id_that_the_server_gave(
    connection: sqlite3.Connection, setup: Setup, server: SmtpServer, start: Callable[..., int]
) -> None:
    """As Exchange Online does, which answers so."""
    server.on_taken = "250 2.0.0 OK <AM9PR01@AM9.eurprd01.prod.outlook.example> [Hostname=AM9]"
    assert send(connection, setup.config, smtp(start())).sent == 1
    assert row(connection, "went_as") == ("AM9PR01@AM9.eurprd01.prod.outlook.example",)
    Processor(connection, setup).run([answer("AM9PR01@AM9.eurprd01.prod.outlook.example")], "help")
    assert connection.execute("SELECT COUNT(*) FROM tickets").fetchone() == (1,)
    assert connection.execute("SELECT outcome, reason FROM messages WHERE id = 2").fetchone() == ("appended", None)


@pytest.mark.parametrize(
    "told", ["250 2.6.0 <{}> [InternalId=1] Queued mail for delivery", "250 OK queued as 4Xq1 <", "250 <a b@c>"]
)
def test_what_names_no_other_message_id_is_not_kept(
    told: str, connection: sqlite3.Connection, setup: Setup, server: SmtpServer, start: Callable[..., int]
) -> None:
    server.on_taken = told.format(row(connection, "message_id")[0])
    assert send(connection, setup.config, smtp(start())).sent == 1
    assert row(connection, "went_as") == (None,)


def test_a_copy_of_a_notification_is_ours_under_any_message_id(
    connection: sqlite3.Connection, setup: Setup, server: SmtpServer, start: Callable[..., int]
) -> None:
    assert send(connection, setup.config, smtp(start())).sent == 1
    (copy,) = server.messages
    copy.replace_header("Message-ID", "<another@prod.outlook.example>")
    Processor(connection, setup).run([Item("copy", copy.as_bytes)], "help")
    assert connection.execute("SELECT outcome, reason FROM messages WHERE id = 2").fetchone() == ("ignored", "own_mail")


@pytest.mark.parametrize("form", ["message/rfc822", "text/rfc822-headers", "text"])
def test_a_bounce_is_noted_where_the_server_gave_another_message_id(
    form: str, connection: sqlite3.Connection, setup: Setup, server: SmtpServer, start: Callable[..., int]
) -> None:
    assert send(connection, setup.config, smtp(start())).sent == 1
    (sent,) = server.messages
    sent.replace_header("Message-ID", "<another@prod.outlook.example>")
    head = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
    copy = f"--b\r\nContent-Type: {form}\r\n\r\n{head}\r\n" if form != "text" else ""
    text = f"Diagnostic information:\r\n\r\nOriginal message headers:\r\n\r\n{head}" if form == "text" else "It failed."
    raw = (
        "From: MicrosoftExchange329e@brightwater.example\r\nTo: help@harbourhill.example\r\nSubject: Undeliverable: your ticket\r\n"
        "Message-ID: <ndr@brightwater.example>\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        f"--b\r\nContent-Type: text/plain\r\n\r\n{text}\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        f"Final-Recipient: rfc822; maya@brightwater.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n{copy}--b--\r\n"
    )
    Processor(connection, setup).run([Item("ndr", raw.encode)], "help")
    ticket, outcome = connection.execute("SELECT number, outcome FROM messages WHERE id = 2").fetchone()
    assert (ticket, outcome) == ("T20261102.0001", "appended")
