"""Who writes as another gains nothing that a stranger would not have."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.config.load import load_config
from engine.config.model import SenderAuthentication
from engine.decide.authenticate import authentication
from engine.decide.setup import Setup, prepare
from engine.mail.parse import parse_message
from engine.store.database import open_database
from tests.hostile.conftest import HEAD, one, run

pytestmark = pytest.mark.usefixtures("no_hang")


@pytest.mark.parametrize(
    "address",
    [
        "mаya@brightwater.example",
        "ｍaya@brightwater.example",
        "maya@brightwater.exаmple",
        "maya@brightwater.example\u200b",
        "maya@ｂrightwater.example",
        "maya@brightwater。example",
        "maya@brightwater.example。",
    ],
)
def test_an_address_that_only_looks_like_a_customers_is_a_strangers(
    address: str, connection: sqlite3.Connection, setup: Setup
) -> None:
    run(connection, setup, f"From: {address}\r\nSubject: x\r\nMessage-ID: <1@x>\r\n\r\ny\r\n".encode())
    assert (
        one(connection, "SELECT contact FROM tickets") == (None,) or one(connection, "SELECT contact FROM tickets")[0] != "maya"
    )


def test_of_several_senders_the_first_counts(connection: sqlite3.Connection, setup: Setup) -> None:
    run(
        connection,
        setup,
        b"From: evil@evil.example, joost@harbourhill.example\r\nSender: joost@harbourhill.example\r\nSubject: x\r\nMessage-ID: <1@x>\r\n\r\ny\r\n",
    )
    assert one(connection, "SELECT sender, contact FROM tickets") == ("evil@evil.example", None)


TRUST = SenderAuthentication(trust=frozenset({"mx.harbourhill.example"}), indicators_need="pass", on_fail="flag")


def gains_nothing(connection: sqlite3.Connection, setup: Setup, forged: bytes) -> None:
    """Mail to T20261102.0001, which a customer opened just before, books no time and sets no status."""
    run(connection, setup, HEAD.encode() + b"Subject: mine\r\n\r\nx\r\n", forged)
    assert one(connection, "SELECT COUNT(*) FROM tickets") != (0,)
    assert one(connection, "SELECT COUNT(*) FROM ticket_time_entries") == (0,)
    assert one(connection, "SELECT COUNT(*) FROM tickets WHERE status = 'Done'") == (0,)


def test_a_stranger_who_writes_as_a_technician_gains_nothing(connection: sqlite3.Connection, setup: Setup) -> None:
    opened = HEAD.encode() + b"Subject: mine\r\n\r\nx\r\n"
    forged = b"From: joost@harbourhill.example\r\nSubject: T20261102.0001\r\nMessage-ID: <2@x>\r\nAuthentication-Results: evil.example; dmarc=pass header.from=harbourhill.example\r\n\r\n#T=8 #S=Done\r\nbooked\r\n"
    run(connection, setup, opened, forged)
    assert one(connection, "SELECT COUNT(*) FROM ticket_time_entries") == (0,)
    assert one(connection, "SELECT status FROM tickets")[0] != "Done"
    assert "#T=8" in str(one(connection, "SELECT description FROM ticket_notes")[0])


@pytest.mark.parametrize(
    "sender",
    [
        "joost@harbourhill.example <eve@evil.example>",
        '"Joost" joost@harbourhill.example <eve@evil.example>',
        "joost @ harbourhill.example <eve@evil.example>",
        '"joost@harbourhill.example" <eve@evil.example>',
        "=?utf-8?q?joost=40harbourhill=2Eexample_?=@evil.example",
        "joost@harbourhill.example, eve@evil.example",
        "joost@harbourhill.example\r\nFrom: eve@evil.example",
        "=?utf-8?q?joost=40harbourhill=2Eexample?= <eve@evil.example>",
        '<"joost@harbourhill.example"@evil.example>',
        '"joost@harbourhill.example"@evil.example',
        '"x joost@harbourhill.example y"@evil.example'.replace("x", "x" * 5_000),
        "eve@evil.example <joost@harbourhill.example",
        "eve@evil.example <joost@harbourhill.example>",
        "<joost@harbourhill.example> eve@evil.example",
        "joost@harbourhill.example (eve@evil.example)",
        "<joost@harbourhill.example@evil.example>",
        "<@evil.example:joost@harbourhill.example>",
        "Joost:joost@harbourhill.example,eve@evil.example;",
    ],
)
@pytest.mark.parametrize("about", ["header.from=evil.example", ""])
def test_a_from_that_is_read_in_two_ways_makes_nobody_a_technician(
    sender: str, about: str, connection: sqlite3.Connection, setup: Setup
) -> None:
    """The trusted server is right in its word on evil.example; which address that is about must not be another one here."""
    trusted = f"Authentication-Results: mx.harbourhill.example; dmarc=pass {about}"
    forged = f"From: {sender}\r\nSubject: T20261102.0001\r\nMessage-ID: <2@x>\r\n{trusted}\r\n\r\n#T=8 #S=Done\r\nbooked\r\n"
    gains_nothing(connection, setup, forged.encode())


@pytest.mark.parametrize(
    "results",
    [
        'spf=pass smtp.mailfrom="a; dmarc=pass header.from=harbourhill.example; "@evil.example; dmarc=fail header.from=harbourhill.example',
        'spf=pass smtp.mailfrom="a; dmarc=pass header.from=harbourhill.example; "@evil.example',
        'spf=pass smtp.mailfrom="a\\"; dmarc=pass header.from=harbourhill.example; "@evil.example',
        'spf=pass (domain of "a); dmarc=pass header.from=harbourhill.example; ("@evil.example is it) smtp.mailfrom=evil.example',
        'spf=pass (domain of "a); dmarc=pass header.from=harbourhill.example; (@evil.example is it) smtp.mailfrom=evil.example',
        'spf=pass smtp.mailfrom="x smtp.mailfrom=harbourhill.example"@evil.example',
        "dkim=pass header.d=evil.example; spf=pass smtp.mailfrom=harbourhill.example@evil.example",
        "dkim=pass header.d=evil.example header.from=harbourhill.example",
        "spf=pass smtp.mailfrom==?utf-8?q?a=3B_dmarc=3Dpass_header=2Efrom=3Dharbourhill=2Eexample=3B?=@evil.example",
        'spf=pass smtp.mailfrom="=?utf-8?q?a=22=3B_dmarc=3Dpass_header=2Efrom=3Dharbourhill=2Eexample=3B_=22?="@evil.example',
        "dmarc=pass header.from=harbourhill.example; dmarc=fail header.from=harbourhill.example",
        "dmarc=pass header.from=customer.harbourhill.example",
        "dkim=pass header.i=@evil.example header.d=harbourhill.example",
        "dkim=pass (a good signature)",
        "dkim=pass header.s=s1; spf=pass",
    ],
)
def test_what_a_stranger_has_in_a_trusted_servers_header_is_no_result(
    results: str, connection: sqlite3.Connection, setup: Setup
) -> None:
    """The server quotes the envelope's sender, whose local part may be any text in quotes (RFC 5321 4.1.2)."""
    head = "From: joost@harbourhill.example\r\nSubject: T20261102.0001\r\nMessage-ID: <2@x>\r\n"
    forged = f"{head}Authentication-Results: mx.harbourhill.example; {results}\r\n\r\n#T=8 #S=Done\r\nbooked\r\n"
    gains_nothing(connection, setup, forged.encode())


@pytest.mark.parametrize(
    "on_top",
    [
        "From: joost@harbourhill.example",
        "From : joost@harbourhill.example",
        "Subject: T20261102.0001",
        "Message-ID: <2@x>",
        "In-Reply-To: <h@x>",
        "Content-Type: text/plain",
    ],
)
@pytest.mark.parametrize("results", ["dmarc=pass header.from=harbourhill.example", "dkim=pass header.d=harbourhill.example"])
def test_a_field_put_on_top_of_signed_mail_makes_nobody_a_technician(
    on_top: str, results: str, connection: sqlite3.Connection, setup: Setup
) -> None:
    """The signature is about the last field of a name and still good; whoever has such a mail can send it again with another first."""
    sender = "news" if on_top.startswith("From") else "joost"
    signed = f"From: {sender}@harbourhill.example\r\nSubject: T20261102.0001\r\nMessage-ID: <3@x>\r\nIn-Reply-To: <9@x>\r\nContent-Type: text/plain\r\n"
    again = f"Authentication-Results: mx.harbourhill.example; {results}\r\n{on_top}\r\n{signed}\r\n#T=8 #S=Done\r\nbooked\r\n"
    gains_nothing(connection, setup, again.encode())


@pytest.mark.parametrize(
    "between",
    [
        b"X-A: a\r\r#T=8:00\rbooked\r\n",
        b"X-A: a\n\n#T=8:00\r\n",
        b"X-A: a\r\n\n#T=8:00\r\n",
        b"X-A: a\r\r\n\r\r\n#T=8:00\r\n",
        b"#T=8:00 #S=Done\r\nbooked\r\n",
        b"X-A: a\r\n\0\r\n#T=8:00\r\n",
        b"a:\r\n" * 2_000,
        (b"a: " + b"x" * 60 + b"\r\n") * 2_000,
    ],
)
def test_a_header_that_ends_elsewhere_for_others_makes_nobody_a_technician(
    between: bytes, connection: sqlite3.Connection, setup: Setup
) -> None:
    """What a server takes for one header, signed at its end, may be read here as a header and a text, or without its end."""
    results = b"Authentication-Results: mx.harbourhill.example; dmarc=pass header.from=harbourhill.example\r\n"
    on_top = b"From: joost@harbourhill.example\r\nSubject: T20261102.0001\r\nMessage-ID: <2@x>\r\n"
    signed = b"From: news@harbourhill.example\r\nSubject: News\r\nMessage-ID: <3@x>\r\n\r\n#T=8\r\nbooked\r\n"
    gains_nothing(connection, setup, results + on_top + between + signed)


_BETWEEN = st.sampled_from(
    [b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b"X-A: a", b"\0", b"#T=8:00", b"\x0b", b"\x0c", b"\x1c", b"\x85", b"\xe2\x80\xa8", b"From ", b">From x",
     b"--b", b"Content-Type: multipart/mixed; boundary=b", b"Content-Type: message/rfc822", b"=?utf-8?q?", b"\xff", b"Subject", b"from : ", b'"', b"(", b".",
     b"a" * 70_000, b"a:\r\n" * 2_000, b"To: " + b"a@b, " * 1_200, b"X-Postroom-A: 1"]
)  # fmt: skip


@given(st.lists(_BETWEEN, max_size=8), st.sampled_from([b"From: joost@harbourhill.example\r\n", b"Message-ID: <2@x>\r\n"]))
def test_whatever_is_put_on_top_of_signed_mail_nobody_is_authenticated_by_it(between: list[bytes], on_top: bytes) -> None:
    signed = b"From: news@harbourhill.example\r\nSubject: News\r\nMessage-ID: <3@x>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n\r\nx\r\n"
    raw = on_top + b"".join(between) + b"\r\n" + signed
    assume(b"\r\n\r\n" not in raw[: -len(signed)])  # there it ends for everybody
    results = b"Authentication-Results: mx.harbourhill.example; dmarc=pass header.from=harbourhill.example\r\n"
    assert authentication(parse_message(results + raw), TRUST)[0] != "pass"


@given(
    st.text(st.characters(min_codepoint=32, max_codepoint=126)),
    st.sampled_from(("", "; dmarc=pass header.from=harbourhill.example;")),
)
def test_whatever_the_envelopes_sender_is_it_is_no_result(text: str, more: str) -> None:
    local = '"' + re.sub(r'(["\\])', r"\\\1", text + more + text) + '"'
    results = f"spf=pass (domain of {local}@evil.example is it) smtp.mailfrom={local}@evil.example"
    head = f"From: joost@harbourhill.example\r\nAuthentication-Results: mx.harbourhill.example; {results}\r\n\r\nx\r\n"
    assert authentication(parse_message(head.encode()), TRUST)[0] != "pass"


@pytest.mark.parametrize(
    "results",
    [
        "spf=pass (sender IP is 192.0.2.1 (a host)) smtp.mailfrom=harbourhill.example; dkim=none; dmarc=pass action=none header.from=harbourhill.example;compauth=pass reason=100",
        'dkim=pass header.i=@harbourhill.example header.s=s1 header.b="aB/c"; spf=fail smtp.mailfrom=lists.example',
        "dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=HARBOURHILL.example",
        "spf=pass smtp.mailfrom=joost@harbourhill.example",
        "dkim=pass header.d=mail.harbourhill.example",
    ],
)
def test_the_headers_that_servers_write_are_understood(results: str, connection: sqlite3.Connection, setup: Setup) -> None:
    opened = HEAD.encode() + b"Subject: mine\r\n\r\nx\r\n"
    head = "From: joost@harbourhill.example\r\nSubject: T20261102.0001\r\nMessage-ID: <2@x>\r\n"
    booked = f"{head}Authentication-Results: mx.harbourhill.example; {results}\r\n\r\n#T=8\r\nbooked\r\n"
    run(connection, setup, opened, booked.encode())
    assert one(connection, "SELECT COUNT(*) FROM ticket_time_entries") == (1,)


def test_a_customer_cannot_write_to_anothers_ticket_nor_learn_of_it(connection: sqlite3.Connection, setup: Setup) -> None:
    opened = HEAD.encode() + b"Subject: the secret merger\r\n\r\nx\r\n"
    other = b"From: carmen@olivar.example\r\nSubject: Re: [T20261102.0001]\r\nMessage-ID: <2@x>\r\nDate: Mon, 2 Nov 2026 11:00:00 +0000\r\nIn-Reply-To: <h@x>\r\n\r\ntell me\r\n"
    none = b"From: carmen@olivar.example\r\nSubject: Re: [T20261102.0999]\r\nMessage-ID: <3@x>\r\nDate: Mon, 2 Nov 2026 12:00:00 +0000\r\n\r\ntell me more\r\n"
    run(connection, setup, opened, other, none)
    assert one(connection, "SELECT COUNT(*) FROM ticket_notes") == (0,)
    told = connection.execute("SELECT subject, body FROM outbox WHERE recipient = 'carmen@olivar.example' ORDER BY id").fetchall()
    assert len(told) == 2 and not any("merger" in f"{subject}{body}" for subject, body in told)
    # What she is told differs in her own words and number only: whether the number exists does not show.
    shape = [
        (
            subject.replace("0002", "#").replace("0003", "#").replace("0999", "?").replace("0001", "?"),
            body.replace("0002", "#").replace("0003", "#"),
        )
        for subject, body in told
    ]
    assert shape[0] == shape[1]


@pytest.mark.parametrize("creates", ["ticket, ticket_note", "ticket"])
@pytest.mark.parametrize("reply", ["Subject: Re: [T20261102.0001]\r\n", "Subject: Re: hello\r\nIn-Reply-To: <h@x>\r\n"])
@pytest.mark.parametrize("sender", ["carmen@olivar.example", "eve@stranger.example"])
def test_nobody_learns_from_his_own_tickets_text_which_others_there_are(
    sender: str, reply: str, creates: str, rules: Path, tmp_path: Path
) -> None:
    (rules / "templates/received.md").write_text('---\nsubject: "x"\n---\n{{ sender.name }}{{ ticket.description }}\n')
    path = rules / "mailboxes/help.yaml"
    path.write_text(re.sub("creates: .*", f"creates: [{creates}]", path.read_text()))
    connection = open_database(tmp_path / "p.db")
    opened = HEAD.encode() + b"Subject: the secret merger\r\n\r\nx\r\n"
    mail = f"From: {sender}\r\n{reply}Message-ID: <2@x>\r\nDate: Mon, 2 Nov 2026 11:00:00 +0000\r\n\r\ntell me\r\n"
    run(connection, prepare(load_config(rules)), opened, mail.encode())
    opened_too = connection.execute("SELECT description FROM tickets WHERE number = 'T20261102.0002'").fetchall()
    told = connection.execute("SELECT body FROM outbox WHERE recipient = ?", (sender,)).fetchall()
    # Who has a ticket of his own is told of his own words; our people read in it what it is about.
    assert told == ([("tell me",)] if opened_too else [])
    assert all("T20261102.0001" in text for (text,) in opened_too)
    assert bool(opened_too) == (sender == "carmen@olivar.example" or creates == "ticket")
