"""Mail that means harm, case by case, through parse, decide and store: no exception, no hang, nothing gained by it."""

from __future__ import annotations

import base64
import json
import signal
import sqlite3
import struct
from pathlib import Path

import pytest

from engine.decide.setup import Setup
from engine.mail import parse
from engine.mail.guess import guess
from engine.mail.parse import parse_message
from tests import cms
from tests.hostile.conftest import HEAD, OUT_OF_ORDER, nested, one, run
from tests.tnef import MESSAGE, attribute, winmail
from tools.hostile import traced

pytestmark = pytest.mark.usefixtures("no_hang")

ROOT = Path(__file__).resolve().parents[2]


def _tnef(name: int, data: bytes, times: int = 1) -> bytes:
    """A message with a winmail.dat of a file and then this attribute."""
    packed = base64.encodebytes(winmail(attribute(MESSAGE, name, data) * times))
    head = f"{HEAD}Subject: x\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return head.encode() + packed


def _smime(data: bytes) -> bytes:
    head = f"{HEAD}Subject: x\r\nContent-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return head.encode() + base64.encodebytes(data)


def _signed(times: int) -> bytes:
    """A mail that is signed again and again."""
    inner = b"Content-Type: text/plain\r\n\r\nbottom\r\n"
    for _ in range(times):
        inner = b"Content-Type: application/pkcs7-mime\r\n\r\n" + cms.signed(cms.element(0x04, inner))
    return f"{HEAD}Subject: x\r\n".encode() + inner


CASES: dict[str, bytes] = {
    "MIME nested a thousand deep": nested(1_000),
    "a hundred thousand parts": f"{HEAD}Subject: parts\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n".encode()
    + b"--b\r\n\r\nx\r\n" * 100_000,
    "a header of one megabyte": HEAD.encode() + b"Subject: " + b"a" * 1_000_000 + b"\r\n\r\nx\r\n",
    "two thousand senders in brackets": (b"From: kim@x.example <kim@x.example> " + b"<" * 3_900 + b"\r\n") * 1_990
    + b"Subject: x\r\n\r\nx\r\n",
    "two thousand senders in quotes": (b"From: kim@x.example <kim@x.example> " + b'"\\' * 1_950 + b"\r\n") * 1_990
    + b"Subject: x\r\n\r\nx\r\n",
    "results in quotes": (b"Authentication-Results: x; " + b'(\\"' * 2_600 + b"\r\n") * 1_900
    + HEAD.encode()
    + b"Subject: x\r\n\r\nx\r\n",
    "results in comments": (b"Authentication-Results: x; " + b"(\\" * 3_900 + b"\r\n") * 1_900
    + HEAD.encode()
    + b"Subject: x\r\n\r\nx\r\n",
    "circled digits": f"{HEAD}Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n".encode()
    + (b"--b\r\nContent-Type: text/plain; charset=iso-2022-jp\r\n\r\n\x1b$B" + b"-!" * 240_000 + b"\x1b(B\r\n") * 30
    + b"--b--\r\n",
    "a hundred thousand headers": HEAD.encode() + b"X-A: b\r\n" * 100_000 + b"Subject: x\r\n\r\nx\r\n",
    "a million addresses": HEAD.encode() + b"Cc: " + b"a@b.example, " * 1_000_000 + b"\r\nSubject: x\r\n\r\nx\r\n",
    "references without end": HEAD.encode()
    + b"References: "
    + b" ".join(b"<%d@x>" % number for number in range(30_000))
    + b"\r\nSubject: x\r\n\r\nx\r\n",
    "a charset that lies": f"{HEAD}Subject: =?utf-16?b?/////w==?=\r\nContent-Type: text/plain; charset=utf-16\r\n\r\n".encode()
    + b"\xff\xfe\xffodd",
    "a charset that is code": f'{HEAD}Subject: x\r\nContent-Type: text/plain; charset="zlib_codec"\r\n\r\nx\r\n'.encode(),
    "surrogates and NUL": f"{HEAD}Subject: =?utf-8?b?7aCA7bCAAA==?=\r\n\r\n".encode() + b"\xed\xa0\x80\x00\xed\xb0\x80",
    "an encoded word without end": HEAD.encode() + b"Subject: " + b"=?utf-8?q?" * 30_000 + b"\r\n\r\nx\r\n",
    "quoted-printable that is none": f"{HEAD}Subject: x\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n".encode()
    + b"=ZZ=" * 50_000,
    "base64 that is none": f"{HEAD}Subject: x\r\nContent-Transfer-Encoding: base64\r\n\r\n".encode() + b"####" * 50_000,
    "brackets that blow up elsewhere": f"{HEAD}Subject: {'[' * 5_000}{'(' * 5_000}\r\n\r\n".encode()
    + b"On "
    + b"a " * 20_000
    + b"wrote:\r\n> x",
    "lines of spaces": f"{HEAD}Subject: x\r\n\r\n".encode() + (b" " * 5_000 + b"\r\n") * 50 + b"-- \r\n" * 5_000,
    "quotation marks nested": f"{HEAD}Subject: Re: x\r\n\r\n".encode()
    + b"\r\n".join(b">" * (number % 500) + b" x" for number in range(5_000)),
    "a type of 25,000 parameters": f"{HEAD}Subject: x\r\nContent-Type: text/html; ".encode() + b"a;b=" * 25_000 + b"\r\n\r\n<p>x",
    "the same of parts that never begin": f"{HEAD}Subject: x\r\nContent-Type: multipart/report; boundary=b ".encode()
    + b"a;b=" * 25_000
    + b"\r\n\r\nx",
    "a disposition of 20,000 parameters": f"{HEAD}Subject: x\r\nContent-Disposition: attachment; ".encode()
    + b"name;" * 20_000
    + b"\r\n\r\nx",
    "HTML nested ten thousand deep": f"{HEAD}Subject: x\r\nContent-Type: text/html\r\n\r\n".encode() + b"<div>" * 10_000 + b"x",
    "HTML of one tag": f"{HEAD}Subject: x\r\nContent-Type: text/html\r\n\r\n<a ".encode() + b"b='c' " * 50_000,
    "HTML nested fifty thousand deep": f"{HEAD}Subject: x\r\nContent-Type: text/html\r\n\r\n".encode()
    + b"<div class=x><span>" * 25_000,
    "HTML whose open elements come again in each paragraph": f"{HEAD}Subject: x\r\nContent-Type: text/html\r\n\r\n".encode()
    + b"".join(b"<b a=%d>" % number for number in range(3_000))
    + b"<p>x</p>" * 50_000,
    "depth that hides behind tags which close nothing": f"{HEAD}Subject: x\r\nContent-Type: text/html\r\n\r\n".encode()
    + b"<div></span>" * 50_000,
    "a table of a hundred thousand cells": f"{HEAD}Subject: x\r\nContent-Type: text/html\r\n\r\n<table><tr>".encode()
    + b"<td>x</td>" * 100_000,
    "styles that never end": f"{HEAD}Subject: x\r\nContent-Type: text/html\r\n\r\n".encode() + b"<style>" * 140_000,
    "a tag of a hundred thousand attributes": f"{HEAD}Subject: x\r\nContent-Type: text/html\r\n\r\n<p ".encode()
    + b" ".join(b"a%d" % number for number in range(100_000))
    + b">x",
    "an HTML comment without end": f"{HEAD}Subject: x\r\nContent-Type: text/html\r\n\r\n".encode() + b"<!--" * 50_000,
    "brackets in From": b"From: " + b"(" * 60_000 + b"\r\nSubject: x\r\n\r\nx",
    "brackets in To": f"{HEAD}Subject: x\r\nTo: ".encode() + b"<(" * 30_000 + b"\r\n\r\nx",
    "spaces after a folded line": f"{HEAD}Subject: a\r\n b".encode() + b" " * 60_000 + b"x\r\n\r\nx",
    "spaces after a folded line of From": b"From: a\r\n b" + b"\t" * 60_000 + b"x <a@b.example>\r\nSubject: x\r\n\r\nx",
    "an instruction in HTML that never ends": f"{HEAD}Subject: x\r\nContent-Type: text/html\r\n\r\n<?xml ".encode()
    + b"\r\n " * 150_000,
    "a long cell above many": f"{HEAD}Subject: x\r\nContent-Type: text/html\r\n\r\n<table><tr><td>{'a' * 49_000}</td></tr>".encode()
    + b"<tr><td>x</td></tr>" * 12_000,
    "room beside, in lists in lists": f"{HEAD}Subject: x\r\nContent-Type: text/html\r\n\r\n".encode()
    + b"<ul style='padding-left: 99999em; margin-top: 99999em'>" * 150
    + b"<li>x<br>y" * 8_000,
    "lines in a table but in no cell": f"{HEAD}Subject: x\r\nContent-Type: text/html\r\n\r\n<table>".encode() + b"<br>" * 150_000,
    "references that are none": f"{HEAD}Subject: x\r\nContent-Type: text/html\r\n\r\n".encode() + b"&" * 600_000,
    "quotation marks in From": b"From: " + b'"\\' * 30_000 + b"\r\nSubject: x\r\n\r\nx",
    "signs in From": b"From: " + b"@" * 60_000 + b"\r\nSubject: x\r\n\r\nx",
    "angles in Cc": f"{HEAD}Subject: x\r\nCc: ".encode() + b"a>" * 30_000 + b"\r\n\r\nx",
    "a report of empty lines": f"{HEAD}Subject: x\r\nContent-Type: multipart/report; boundary=b\r\n\r\n--b\r\n".encode()
    + b"Content-Type: message/delivery-status\r\n\r\n"
    + b"\r\n" * 500_000
    + b"--b--",
    "the same in a message with a line that is no header field": f"{HEAD}Subject: x\r\nContent-Type: multipart/report; boundary=b\r\nno field\r\n\r\n--b\r\n".encode()
    + b"Content-Type: message/delivery-status\r\n\r\n"
    + b"\r\n" * 500_000
    + b"--b--",
    "a bounce of one line": f"{HEAD}Subject: Undelivered mail returned\r\n\r\n".replace("maya@", "mailer-daemon@").encode()
    + b"," * 1_000_000,
    "a date of another world": HEAD.replace(
        "Mon, 2 Nov 2026 10:00:00 +0000", "Mon, 99 Xxx 99999999999 99:99:99 +9999999"
    ).encode()
    + b"Subject: x\r\n\r\nx",
    "no sender": b"Subject: x\r\n\r\nx",
    "a Message-ID of all sorts": b"From: a@b.example\r\nMessage-ID: <\x00'; DROP TABLE messages; --\xff>\r\nSubject: x\r\n\r\nx",
    "TNEF that is none": f"{HEAD}Subject: x\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\n".encode()
    + base64.b64encode(b"\x78\x9f\x3e\x22" + b"\xff" * 5_000),
    "TNEF that announces four billion properties": _tnef(0x9003, b"\xff\xff\xff\xff"),
    "TNEF that announces four billion values": _tnef(0x9003, b"\x01\0\0\0\x02\x10\x01\x30\xff\xff\xff\xff"),
    "TNEF that announces four billion texts": _tnef(0x9005, b"\x01\0\0\0\x1e\0\x01\x30\xff\xff\xff\xff"),
    "TNEF that announces four billion recipients": _tnef(0x9004, b"\xff\xff\xff\xff" + b"\0\0\0\0" * 2 + b"\xff\xff\xff\xff"),
    "signed a thousand times": _signed(1_000),
    "signed, of chunks in chunks": _smime(cms.before(2_000_000) + b"\x24\x80" * 1_000_000),
    "signed, of a million empty chunks": _smime(cms.signed(cms.element(0x24, b"\x04\0" * 1_000_000))),
    "signed, with digests in digests": _smime(cms.before(0)[:36] + b"\x31\x80" * 1_000_000),
    "signed, of a length beyond all": _smime(b"\x30\xff" + b"\xff" * 200),
    "HTML before a footer of a million words": f"{HEAD}Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n".encode()
    + b"--b\r\nContent-Type: text/html\r\n\r\n<p>hello</p>\r\n--b\r\nContent-Type: text/plain\r\n\r\n"
    + b"".join(b"%x\r\n" % number for number in range(1_000_000))
    + b"--b--\r\n",
    "quotations in HTML by the thousand": f"{HEAD}Subject: x\r\nContent-Type: text/html\r\n\r\n".encode()
    + b"<blockquote type=cite><br>\r\n" * 20_000,
    "quoted lines in HTML by the thousand": f"{HEAD}Subject: x\r\nContent-Type: text/html\r\n\r\n".encode()
    + b"<blockquote type=cite>" * 150
    + b"<pre>"
    + b"\r\nx" * 190_000,
    # A library takes the 12 for the length of a text, and what stands in the second value for four billion numbers.
    "TNEF whose texts are none, and then four billion": _tnef(
        0x9003,
        struct.pack("<IHHIHHII8sII", 12, 0x101F, 1, 0, 1, 0, 12, 8, b"", 4098, 0xFFFF_FFFF)
        + b"C" * 4096
        + bytes(40)
        + b"\x03\x10\5\0\0\0\0\0" * 10,
    ),
    "TNEF of a million properties of nothing": _tnef(0x9005, b"\x40\x42\x0f\0" + b"\x03\x10\1\0\0\0\0\0" * 1_000_000),
    "TNEF of two hundred thousand attributes": _tnef(0x9006, b"", times=200_000),
    "400 plain texts that stand for one long HTML": (
        f"{HEAD}Subject: x\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n"
        + "--b\r\n\r\nHTML please\r\n" * 400
        + "--b\r\nContent-Type: text/html\r\n\r\n"
        + "<p>a" * 45_000
    ).encode(),
    "100,000 parts between a boundary in the words of RFC 2231": (
        f"{HEAD}no field\r\nContent-Type: multipart/mixed; boundary*=utf-8''x%20y\r\nSubject: x\r\n\r\n"
        + "--x y\r\n\r\nx\r\n" * 100_000
    ).encode(),
    "100,000 parts between lines that are no boundary's": (
        f"{HEAD}Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\n"
        + "--x\r\n\r\ny\r\n" * 100_000
    ).encode(),
    "500 delivery reports of 2,000 blocks": f"{HEAD}Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n".encode()
    + (b"--b\r\nContent-Type: message/delivery-status\r\n\r\n" + b"a: b\r\n\r\n" * 2_000 + b"\r\n") * 500,
    "a bounce of four hundred texts": f"{HEAD}Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n".replace(
        "maya@", "mailer-daemon@"
    ).encode()
    + b"".join(
        b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n"
        + (b"--c\r\n\r\n" + b"x\r\n" * 2_000 + b"\r\n") * 20
        + b"--c--\r\n"
        for _ in range(20)
    ),
    "2,000 parts with thousands of parameters": f"{HEAD}Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n".encode()
    + (b"--b\r\nContent-Type: multipart/mixed; boundary=" + b";" * 3_900 + b"\r\n\r\nx\r\n") * 1_990,
    "250 messages in base64 from three hundred senders each": (
        f"{HEAD}Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n".encode()
        + (
            b"--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            + base64.encodebytes(
                "From: {}\r\n\r\nx\r\n".format(", ".join(f"{one}@{'ß' * 60}.example" for one in range(300))).encode()
            )
        )
        * 250
    ),
    "500 parts of 2,000 fields": f"{HEAD}Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n".encode()
    + (b"--b\r\n" + b"a:\r\n" * 2_000 + b"\r\nx\r\n") * 500,
    "2,000 fields in a charset that nobody names": HEAD.encode()
    + b"".join(b"X-%d: %s\r\n" % (number, "принтер не печатает ".encode("koi8-r") * 14) for number in range(2_000))
    + b"Subject: x\r\n\r\nx",
    "15,000 names of one file in such a charset": f"{HEAD}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n".encode()
    + b"".join(b"Content-Type: text/plain; name=%d%s\r\n" % (number, "имя".encode("koi8-r")) for number in range(15_000))
    + b"\r\nx\r\n--b--\r\n",
    "an emoji in a long text": f"{HEAD}Subject: x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n🖨".encode()
    + b"a line\r\n" * 700_000,
    "marks upon marks": f"{HEAD}Subject: x{OUT_OF_ORDER * 5_000}\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
    f"Content-Type: text/plain; charset=utf-8\r\n\r\n{OUT_OF_ORDER * 100_000}\r\n--b\r\n"
    f'Content-Type: application/pdf; name="{OUT_OF_ORDER * 5_000}.pdf"\r\n\r\nx\r\n--b--\r\n'.encode(),
    "a subject of a prefix and spaces": HEAD.encode() + b"Subject: Re" + b" " * 60_000 + b"x\r\n\r\nx\r\n",
    "a subject of a forward and spaces": HEAD.encode() + b"Subject: Fwd" + b" " * 60_000 + b"x\r\n\r\nx\r\n",
    "a text of HTML with ends of nothing in it": f"{HEAD}Subject: x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n".encode()
    + ("中" * 10_000 + "</div>").encode() * 150,
    "a boundary that is a pattern": f'{HEAD}Subject: x\r\nContent-Type: multipart/mixed; boundary="(a+)+$"\r\n\r\n--(a+)+$\r\n\r\n{"a" * 5_000}\r\n'.encode(),
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_taken_and_the_next_one_goes_on(name: str, connection: sqlite3.Connection, setup: Setup) -> None:
    summary = run(
        connection, setup, CASES[name], HEAD.replace("<h@x>", "<next@x>").encode() + b"Subject: the next one\r\n\r\ny\r\n"
    )
    assert sum(summary.outcomes.values()) == 2 and not summary.unread
    assert "quarantined: error" not in summary.outcomes, summary.shown
    assert one(connection, "SELECT COUNT(*) FROM tickets WHERE title = 'the next one'") == (1,)


@pytest.mark.parametrize("name", [name for name, raw in CASES.items() if len(raw) > 100_000])
def test_it_takes_no_memory_beyond_ten_times_its_size(name: str) -> None:
    signal.setitimer(signal.ITIMER_PROF, 20)  # to count each object takes several times as long
    raw = CASES[name]
    guess("принтер".encode("koi8-r"))  # the tables that tell charsets are read once in a process
    _, peak = traced(parse_message, raw)
    assert peak < max(10 * len(raw), 8_000_000), f"{peak / len(raw):.1f} times"


def test_what_cannot_be_parsed_at_all_goes_to_quarantine_as_it_is(
    connection: sqlite3.Connection, setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No such message is known; should there be one, it is kept, and the next one goes on."""
    real = parse.find_forwarded

    def fails(subject: str, *rest: object) -> object:
        if subject == "poison":
            raise RecursionError("too deep")
        return real(subject, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(parse, "find_forwarded", fails)
    poison = f"{HEAD}Subject: poison\r\n\r\nx".encode()
    run(connection, setup, poison, f"{HEAD}Subject: good\r\n\r\nx".replace("<h@x>", "<g@x>").encode())
    rows = connection.execute("SELECT outcome, reason FROM messages ORDER BY id").fetchall()
    assert rows == [("quarantined", "unreadable"), ("created", None)]
    assert one(connection, "SELECT error FROM quarantine") == ("the message cannot be read: RecursionError('too deep')",)
    assert run(connection, setup, poison).known == 1


def test_what_was_left_out_of_a_message_stands_in_its_trace(connection: sqlite3.Connection, setup: Setup) -> None:
    parts = "--b\r\n\r\nx\r\n" * 501
    run(connection, setup, f"{HEAD}Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n{parts}".encode())
    (decision,) = one(connection, "SELECT decision FROM messages")
    (found,) = [step["found"] for step in json.loads(decision)["trace"] if step["step"] == "damaged"]
    assert "more than 500 parts: the rest is left out" in found


# --- spoofing -------------------------------------------------------------------------------------------------------
