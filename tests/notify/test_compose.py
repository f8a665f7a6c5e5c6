"""A notification as a message: our headers only, values as text, Markdown of templates as HTML (`behaviour.md` 8)."""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.utils import getaddresses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.notify.compose import Outgoing, compose, to_html

DATE = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)


def outgoing(**changes: object) -> Outgoing:
    values: dict[str, object] = {
        "sender": "Harbour & Hill <help@harbourhill.example>",
        "recipient": "maya@brightwater.example",
        "message_id": "postroom.1@harbourhill.example",
        "subject": "[T1] Überall kaputt",
        "body": "Hello **Maya**",
    }
    return Outgoing(**(values | changes))  # type: ignore[arg-type]


def test_the_headers_are_ours_and_no_machine_answers_them() -> None:
    found = compose(outgoing(to_sender=True, in_reply_to="a@x", references=("b@x", "a@x")), DATE)
    assert {name: str(value) for name, value in found.items()} == {
        "From": "Harbour & Hill <help@harbourhill.example>",
        "To": "maya@brightwater.example",
        "Subject": "[T1] Überall kaputt",
        "Date": "Mon, 02 Nov 2026 10:00:00 +0000",
        "Message-ID": "<postroom.1@harbourhill.example>",
        "X-Postroom-Message-ID": "<postroom.1@harbourhill.example>",
        "In-Reply-To": "<a@x>",
        "References": "<b@x> <a@x> <ref.postroom.1@harbourhill.example>",
        "Auto-Submitted": "auto-replied",
        "X-Auto-Response-Suppress": "All",
        "X-MS-Reactions": "disallow",
        "MIME-Version": "1.0",
        "Content-Type": found["Content-Type"],
    }


@pytest.mark.parametrize(
    ("changes", "references"),
    [
        ({"number": "T20261101.0001"}, "<ticket.T20261101.0001@harbourhill.example> <ref.postroom.1@harbourhill.example>"),
        ({"number": "T1", "references": ("a@x",)}, "<a@x> <ref.postroom.1@harbourhill.example>"),
        ({"number": "T1", "to_sender": True}, "<ref.postroom.1@harbourhill.example>"),
        ({"number": "T 1>"}, "<ref.postroom.1@harbourhill.example>"),
        ({}, "<ref.postroom.1@harbourhill.example>"),
    ],
)
def test_notifications_about_one_ticket_are_one_thread(changes: dict[str, object], references: str) -> None:
    assert compose(outgoing(**changes), DATE)["References"] == references


def test_message_ids_that_are_longer_than_a_line_stand_as_they_are() -> None:
    long = f"{'8' * 40}@AS8PR04MB8468.eurprd04.prod.outlook.com"
    found = compose(outgoing(message_id=long, in_reply_to=long, references=("a@x", long)), DATE)
    lines = found.as_bytes().decode().split("\r\n")
    for name in ("Message-ID", "X-Postroom-Message-ID", "In-Reply-To"):
        assert f"{name}: <{long}>" in lines
    assert lines[lines.index("References: <a@x>") + 1] == f" <{long}>"


@pytest.mark.parametrize(
    "words",
    [
        "Help desk, of Harbour and Hill and of all the others who are in the same house: longer than a line",
        'Büro, Hilfe: @ Harbour; Hill <und> \\ "alle"',
        "日本語" * 8 + " 中 " + "é" * 70,
        "x" * 200 + ", " + "y" * 300,
        "no =?utf-8?q?a=0D=0ABcc=3A_evil=40evil.example?= =?utf-8?b?AAE=?= at all",
        "a bell\x07 and \x1b[31mred",
        "short",
    ],
)
def test_names_and_subjects_say_what_they_said(words: str) -> None:
    name = words if words.isprintable() and "=?" not in words else ""  # a name is written by an administrator
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    raw = compose(outgoing(sender=f'"{quoted}" <help@harbourhill.example>', subject=words), DATE).as_bytes()
    found = email.message_from_bytes(raw)  # by Python's older parser, which is not that of the newer composer
    ((shown, address),) = getaddresses([found["From"].replace("\r\n", "")])
    assert (str(make_header(decode_header(shown))) if shown else "", address) == (name, "help@harbourhill.example")
    assert str(make_header(decode_header(found["Subject"].replace("\r\n", "")))) == words
    assert len(found.keys()) == len(compose(outgoing(), DATE).keys())
    assert all(len(line) < 100 and line.isprintable() for line in raw.decode("ascii").partition("\r\n\r\n")[0].split("\r\n"))


def test_a_notice_that_answers_nobody_is_auto_generated() -> None:
    found = compose(outgoing(), DATE)
    assert found["Auto-Submitted"] == "auto-generated" and "In-Reply-To" not in found


def test_text_and_html_say_the_same() -> None:
    found = compose(outgoing(body="Hello **Maya**,\n\n* one\n* two"), DATE)
    read = email.message_from_bytes(found.as_bytes(), policy=email.policy.default)
    text, html = read.get_body(("plain",)), read.get_body(("html",))
    assert text is not None and text.get_content().split() == ["Hello", "**Maya**,", "*", "one", "*", "two"]
    assert html is not None and "<strong>Maya</strong>" in html.get_content() and "<li>two</li>" in html.get_content()


@pytest.mark.parametrize(
    "value",
    [
        "<script>alert(1)</script>",
        "[click](https://evil.example)",
        "![x](https://evil.example/pixel.png)",
        "**bold** _it_ `code`",
        "# heading",
        "<https://evil.example>",
        "1. list\n2. list",
        "> quoted",
        "    indented code",
        "a\n---\nb",
        "&lt;b&gt;",
        "| a | b |\n|---|---|",
    ],
)
def test_a_value_from_mail_is_text_and_never_markup(value: str) -> None:
    body = f"They wrote: {value}"
    html = to_html(body, [(12, len(body))])
    for tag in ("<script", "<a ", "<img", "<strong", "<em", "<code", "<h1", "<h2", "<li", "<blockquote", "<pre", "<hr", "<table"):
        assert tag not in html
    shown = html.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    for word in value.split():
        assert word in shown


@given(st.text(max_size=200))
def test_any_value_whatever_gives_only_paragraphs_and_breaks(value: str) -> None:
    html = to_html(value, [(0, len(value))])
    import re

    assert set(re.findall(r"<(/?[a-z0-9]+)", html)) <= {"p", "/p", "br"}


@pytest.mark.parametrize("subject", ["a\r\nBcc: evil@evil.example", "a\nb"])
def test_a_line_break_cannot_reach_a_header(subject: str) -> None:
    with pytest.raises(ValueError):
        compose(outgoing(subject=subject), DATE)


@pytest.mark.parametrize(
    "recipient", ["a@b.example\r\nBcc: c@d.example", "no address", "a@b, c@d", "ä@b.example\r\nBcc: c@d.example", "ä@", "ä"]
)
def test_a_recipient_that_is_none_is_refused(recipient: str) -> None:
    with pytest.raises(ValueError):
        compose(outgoing(recipient=recipient), DATE)


def test_an_address_beyond_ascii_stands_in_the_header_as_it_is() -> None:
    one = Outgoing("Büro <help@us.example>", "mäya@x.example", "1@us.example", "Grüße", "Hello")
    head = compose(one, datetime(2026, 11, 2, tzinfo=UTC)).as_bytes().decode().partition("\r\n\r\n")[0].split("\r\n")
    assert head[:3] == ["From: Büro <help@us.example>", "To: mäya@x.example", "Subject: Grüße"]


def test_an_address_of_ours_beyond_ascii_stands_as_it_is_too() -> None:
    found = compose(outgoing(sender="Desk <hülfe@us.example>"), DATE).as_bytes().decode()
    assert found.startswith("From: Desk <hülfe@us.example>\r\n")
