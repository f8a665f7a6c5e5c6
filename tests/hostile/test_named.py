"""Mail that means harm, case by case, through parse, decide and store: no exception, no hang, nothing gained by it."""

from __future__ import annotations

import base64
import io
import json
import re
import signal
import sqlite3
import struct
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rich.pretty import pretty_repr

from engine.cli import cli
from engine.config.load import load_config
from engine.config.model import SenderAuthentication
from engine.decide.authenticate import authentication
from engine.decide.setup import Setup, TokenSecret, prepare
from engine.mail import parse
from engine.mail.guess import guess
from engine.mail.parse import parse_message
from engine.processing import Processor
from engine.sources.files import open_source
from engine.sources.item import Item
from engine.store.database import open_database
from engine.summary import Summary
from tests import cms
from tests.tnef import MESSAGE, attribute, winmail
from tools.hostile import peak_memory, roomy_config, traced, with_rules

ROOT = Path(__file__).resolve().parents[2]
HEAD = "From: maya@brightwater.example\r\nTo: help@harbourhill.example\r\nMessage-ID: <h@x>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n"


class Hangs(BaseException):
    """No `Exception`: nothing that takes what it cannot read for damaged may take this for it."""


@pytest.fixture(autouse=True)
def no_hang() -> Iterator[None]:
    """A case that does not end ends the test, by the processor's time; how fast it is, is a benchmark's matter."""

    def stop(*_: object) -> None:
        raise Hangs

    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, 10)
    yield
    signal.setitimer(signal.ITIMER_PROF, 0)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    found = open_database(tmp_path / "p.db")
    yield found
    found.close()


def run(connection: sqlite3.Connection, setup: Setup, *mails: bytes, mailbox: str = "help") -> Summary:
    return Processor(connection, setup).run([Item(str(number), lambda raw=raw: raw) for number, raw in enumerate(mails)], mailbox)  # type: ignore[misc]


def one(connection: sqlite3.Connection, query: str) -> tuple[object, ...]:
    found: tuple[object, ...] = connection.execute(query).fetchone()
    return found


def nested(depth: int) -> bytes:
    parts = "".join(f"Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n" for level in range(depth))
    return f"{HEAD}Subject: deep\r\nMIME-Version: 1.0\r\n{parts}Content-Type: text/plain\r\n\r\nbottom\r\n".encode()


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


OUT_OF_ORDER = "\u0301\u0327"  # Unicode has the second mark first
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
    assert "quarantined: error" not in summary.outcomes, summary.held
    assert one(connection, "SELECT COUNT(*) FROM tickets WHERE title = 'the next one'") == (1,)


@pytest.mark.parametrize("name", [name for name, raw in CASES.items() if len(raw) > 100_000])
def test_it_takes_no_memory_beyond_ten_times_its_size(name: str) -> None:
    signal.setitimer(signal.ITIMER_PROF, 20)  # to count each object takes several times as long
    raw = CASES[name]
    guess("принтер".encode("koi8-r"))  # the tables that tell charsets are read once in a process
    _, peak = traced(parse_message, raw)
    assert peak < max(10 * len(raw), 8_000_000), f"{peak / len(raw):.1f} times"


_CHUNK = cms.element(0x04, b"some text\r\n" * 90)
_SIGNED_HEAD = cms.element(0x04, b"Content-Type: text/plain\r\n\r\n")
_OCTETS = len(_SIGNED_HEAD) + 30_000_000 // len(_CHUNK) * len(_CHUNK)
_UTF_8 = b"Subject: big\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
BIG: dict[str, tuple[bytes, bytes]] = {
    "folded lines in an attached message": (b"Subject: big\r\nContent-Type: message/rfc822\r\n\r\nX: ", b"\r\n >"),
    "lines": (b"Subject: big\r\n\r\n", b"On Monday, somebody wrote something here: and more\r\n"),
    "colons": (b"Subject: big\r\n\r\n", b":" * 60),
    "quotation": (b"Subject: Re: big\r\n\r\n", b"> quoted\r\n"),
    "signatures": (b"Subject: big\r\n\r\n", b"-- \r\n"),
    "HTML": (b"Subject: big\r\nContent-Type: text/html\r\n\r\n", b"<div class=x><span>"),
    "what looks like a bounce": (
        b"Subject: Undelivered Mail Returned to Sender\r\nReturn-Path: <>\r\n\r\n",
        b"a line of text\r\n",
    ),
    "an attached message": (
        b"Subject: big\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\n",
        b"ab\r\n",
    ),
    "an attachment": (
        b"Subject: big\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n",
        b"A" * 76 + b"\r\n",
    ),
    "a signed mail in chunks": (
        b"Subject: big\r\nContent-Type: application/pkcs7-mime\r\n\r\n"
        + cms.before(_OCTETS + 6)
        + cms.head(0x24, _OCTETS)
        + _SIGNED_HEAD,
        _CHUNK,
    ),
    "a file in the text, without an end": (b"Subject: big\r\n\r\nbegin 644 x\r\n", b"M" + b"A" * 60 + b"\r\n"),
    "38 multiparts in each other, under a line that is no field": (
        b"no field\r\nContent-Type: multipart/mixed; boundary=b0\r\nSubject: big\r\n\r\n--b0\r\n"
        + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (number, number) for number in range(1, 39)),
        b"x\r\n",
    ),
    "encoded words in each field": (b"", b"X-Foo: " + b"=?gb2312?b?xx?= " * 1_000 + b"\r\n"),
    "subjects in bare bytes": (b"", b"Subject: " + b"\xc0 " * 8_000 + b"\r\n"),
    "lines that begin as the boundary": (
        b"Subject: big\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n",
        b"--b=\r\n",
    ),
    "38 messages in each other": (b"Subject: big\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 38, b"x\r\n"),
    "base64 in lines of a letter": (b"Subject: big\r\nContent-Transfer-Encoding: base64\r\n\r\n", b"A\n"),
    "marks upon marks": (_UTF_8, OUT_OF_ORDER.encode()),
    "one letter that makes Python take four bytes for each": (_UTF_8 + "🖨\r\n".encode(), b"a line\r\n"),
    "letters that become eighteen": (_UTF_8, "\ufdfa".encode()),
    "UTF-16": (b"Subject: big\r\n\r\n", "a line\r\n".encode("utf-16-be")),
    "quoted-printable": (b"Subject: big\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n", b"=E2=82=AC=20and=\r\n"),
}


@pytest.fixture(scope="module")
def roomy() -> Setup:
    return prepare(roomy_config())


@pytest.mark.parametrize("name", BIG)
def test_thirty_megabytes_are_decided_within_ten_times_their_memory(
    name: str, connection: sqlite3.Connection, roomy: Setup
) -> None:
    head, piece = BIG[name]
    raw = HEAD.encode() + head + piece * (30_000_000 // len(piece))
    before = peak_memory()
    summary = run(connection, roomy, raw)
    assert not summary.held
    assert one(connection, "SELECT COUNT(*) FROM messages WHERE outcome NOT IN ('refused', 'quarantined')") == (1,)
    assert peak_memory() - before < 10 * len(raw)


@pytest.mark.parametrize(
    "piece",
    [
        *[b"a\r\n", b"From: a\r\n", b"<a@b.example>\r\n", b"-- \r\n", b"> a\r\n"],
        # What begins as the header of a quotation does, and does not end so.
        *[b"-" * 598 + b"!\r\n", b"1:11" * 50 + b"<" + b"@" * 380 + b":\r\n", b"On <" + b"@" * 590 + b"\r\n"],
        *[b"--Original Message" + b" " * 100_000 + b"!\r\n", b"Forwarded message" + b"\t" * 100_000 + b"!\r\n"],
    ],
    ids=lambda piece: piece[:20].decode().strip(),
)
def test_a_reply_of_thirty_megabytes_becomes_a_note(piece: bytes, connection: sqlite3.Connection, roomy: Setup) -> None:
    run(connection, roomy, f"{HEAD}Subject: printer\r\n\r\nIt is broken.\r\n".encode())
    (number,) = one(connection, "SELECT number FROM tickets")
    head = HEAD.replace("<h@x>", "<reply@x>") + f"Subject: Re: {number} printer\r\n\r\nStill.\r\n"
    run(connection, roomy, head.encode() + piece * (30_000_000 // len(piece)))
    (text,) = one(connection, "SELECT description FROM ticket_notes")
    assert str(text).startswith("Still.")


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


def test_a_message_over_the_limit_is_refused(connection: sqlite3.Connection, setup: Setup) -> None:
    run(connection, setup, HEAD.encode() + b"Subject: big\r\n\r\n" + b"x" * 30_000_000)
    assert one(connection, "SELECT outcome, reason FROM messages") == ("refused", "too_large")


def test_a_zip_bomb_is_never_unpacked(connection: sqlite3.Connection, setup: Setup) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", b"\0" * 50_000_000)
    body = base64.encodebytes(packed.getvalue()).decode()
    raw = f"{HEAD}Subject: x\r\nContent-Type: application/zip; name=z.zip\r\nContent-Disposition: attachment; filename=z.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n{body}"
    run(connection, setup, raw.encode())
    assert one(connection, "SELECT name, size FROM attachments") == ("z.zip", len(packed.getvalue()))


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "..\\..\\boot.ini",
        "/etc/shadow",
        "C:\\x.txt",
        "con",
        "NUL.txt",
        "a\x00b.txt",
        ".htaccess",
        "x" * 5_000 + ".pdf",
        "a\r\nX: y.txt",
        "\u202efdp.exe",
        "-rf",
        "~",
        "",
        " . ",
        "aux.tar.gz",
        "a/b",
        "名前.txt",
    ],
)
def test_names_of_attachments_are_made_safe(name: str, connection: sqlite3.Connection, setup: Setup) -> None:
    from email.header import Header

    shown = Header(name, "utf-8").encode().replace("\n", "\r\n") if name else ""
    raw = f'{HEAD}Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename="{shown}"\r\n\r\ndata\r\n--b--\r\n'
    run(connection, setup, raw.encode())
    rows = connection.execute("SELECT name FROM attachments").fetchall()
    for (found,) in rows:
        assert (
            found
            and len(found) <= 200
            and not set(found) & set('/\\\0\r\n:"<>|?*')
            and not found.startswith((".", "-", "~", " "))
        )
        assert found.split(".")[0].upper() not in ("CON", "NUL", "AUX", "PRN", "COM1", "LPT1") and "\u202e" not in found
    files = {path.name for path in Path(one(connection, "PRAGMA database_list")[2] + ".files").rglob("*") if path.is_file()}  # type: ignore[operator]
    assert all(len(file) == 64 for file in files)  # names on disk are digests


def test_html_loses_scripts_forms_pixels_and_styles(connection: sqlite3.Connection, setup: Setup) -> None:
    html = (
        "<p onclick='x()' style='background:url(https://evil.example/p)'>Hello</p><script>alert(1)</script><form action=//evil.example>"
        "<input name=q></form><img src='https://evil.example/pixel.gif' width=1><iframe src=//evil.example></iframe><style>*{display:none}</style>"
        "<a href='javascript:alert(1)'>go</a><object data=x></object><base href=//evil.example><meta http-equiv=refresh content='0;url=//evil.example'><svg onload=alert(1)>"
    )
    run(connection, setup, f"{HEAD}Subject: x\r\nContent-Type: text/html\r\n\r\n{html}".encode())
    (kept,) = one(connection, "SELECT html FROM tickets")
    assert "Hello" in str(kept)
    for word in (
        "script",
        "onclick",
        "onload",
        "evil.example",
        "<form",
        "<input",
        "<iframe",
        "<style",
        "javascript:",
        "<object",
        "<base",
        "<meta",
        "<svg",
        "style=",
    ):
        assert word not in str(kept).lower(), kept


@pytest.mark.parametrize("formula", ["=HYPERLINK(1)", "+1+1", "-2+3", "@SUM(A1)", "=cmd|'/C calc'!A0", "\t=1+1"])
def test_a_formula_is_no_cell_of_an_export(formula: str, connection: sqlite3.Connection, setup: Setup) -> None:
    """postroom writes no CSV. What others read is JSON, and a Decision for a person has no line that begins with it."""
    run(connection, setup, f"{HEAD}Subject: {formula}\r\n\r\n{formula}\r\n".encode())
    assert one(connection, "SELECT title FROM tickets") == (formula.strip(),)
    db = str(one(connection, "SELECT file FROM pragma_database_list WHERE name = 'main'")[0])
    as_json = CliRunner().invoke(cli, ["explain", "--message", "1", "--db", db, "--json"])
    assert json.loads(as_json.output)["fields"]["title"] == formula.strip()
    for words in (["explain", "--message", "1", "--db", db], ["status", "--db", db]):
        done = CliRunner().invoke(cli, words)
        assert done.exit_code == 0, done.output
        assert not any(line.strip().startswith(formula.strip()) for line in done.output.splitlines())


def test_sql_in_everything_is_text(connection: sqlite3.Connection, setup: Setup) -> None:
    evil = "x'); DROP TABLE tickets; --"
    raw = f'From: "{evil}" <maya@brightwater.example>\r\nTo: help@harbourhill.example\r\nSubject: {evil}\r\nMessage-ID: <{evil.replace(" ", "")}@x>\r\nIn-Reply-To: <{evil}>\r\n\r\n{evil}\r\n'
    run(connection, setup, raw.encode())
    assert one(connection, "SELECT title, description FROM tickets") == (evil, evil)


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


@pytest.mark.parametrize(
    "xml",
    [
        '<!DOCTYPE a [<!ENTITY b "c">]><Autotask><ID name="harbourhill"/><PW name="sample-only"/></Autotask>',
        '<!DOCTYPE a SYSTEM "file:///etc/passwd"><Autotask><ID name="harbourhill"/><PW name="sample-only"/></Autotask>',
        '<Autotask><ID name="&a;"/><PW name="sample-only"/></Autotask>',
        "<Autotask>" + "<a>" * 50_000 + "</Autotask>",
    ],
)
def test_xml_tricks_in_the_alert_token_quarantine(xml: str, connection: sqlite3.Connection, setup: Setup) -> None:
    run(
        connection,
        setup,
        f"From: m@x.example\r\nSubject: x\r\nMessage-ID: <1@x>\r\n\r\nAlert: A-1\r\n{xml}\r\n".encode(),
        mailbox="alerts",
    )
    assert one(connection, "SELECT outcome, reason FROM messages") == ("quarantined", "token")


# --- spoofing -------------------------------------------------------------------------------------------------------

TRUST = SenderAuthentication(trust=frozenset({"mx.harbourhill.example"}), indicators_need="pass", on_fail="flag")


def gains_nothing(connection: sqlite3.Connection, setup: Setup, forged: bytes) -> None:
    """Mail to T20261102.0001, which a customer opened just before, books no time and sets no status."""
    run(connection, setup, HEAD.encode() + b"Subject: mine\r\n\r\nx\r\n", forged)
    assert one(connection, "SELECT COUNT(*) FROM tickets") != (0,)
    assert one(connection, "SELECT COUNT(*) FROM ticket_time_entries") == (0,)
    assert one(connection, "SELECT COUNT(*) FROM tickets WHERE status = 'Done'") == (0,)


def test_a_tracebacks_values_show_no_password() -> None:
    secret = TokenSecret("alerts", "kestrel-in-the-rain")
    assert "kestrel" not in repr(secret) + pretty_repr({"tokens": secret})


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
@settings(deadline=None)
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
@settings(deadline=None)
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


def test_right_to_left_overrides_do_not_reach_the_terminal(connection: sqlite3.Connection, setup: Setup) -> None:
    from engine.printable import printable

    assert "\u202e" not in printable("invoice\u202efdp.exe\x1b[2J") and "\x1b" not in printable("\x1b[2J")


@pytest.mark.parametrize("head", [HEAD + "Subject: huge\r\n\r\n", HEAD.replace("Message-ID: <h@x>\r\n", "") + "\r\n", "\r\n"])
def test_a_message_far_larger_than_the_limit_takes_no_memory_is_refused_and_the_next_goes_on(
    head: str, connection: sqlite3.Connection, setup: Setup, tmp_path: Path
) -> None:
    path = tmp_path / "huge.eml"
    with path.open("wb") as file:
        file.write(head.encode())
        file.truncate(100_000_000)  # takes no room on the disk
    (tmp_path / "next.eml").write_bytes(HEAD.replace("<h@x>", "<n@x>").encode() + b"Subject: next\r\n\r\nx")
    largest = setup.config.settings.limits.message

    def twice() -> list[Summary]:
        return [Processor(connection, setup).run(open_source(str(tmp_path), largest), "help") for _ in range(2)]

    (first, again), peak = traced(twice)
    assert first.outcomes == {"refused: too large": 1, "created: ticket": 1} and again.known == 2
    assert one(connection, "SELECT size FROM messages WHERE reason = 'too_large'") == (100_000_000,)
    assert peak < 20_000_000


def setup_with(folder: Path, rules: str) -> Setup:
    return prepare(load_config(with_rules(folder / "rules", rules)))


def test_a_message_for_which_every_rule_is_true_and_changes_something(tmp_path: Path, connection: sqlite3.Connection) -> None:
    """Two thousand rules, each of which changes what all others ask for: nine minutes, when each change was followed by asking all."""
    rules = "".join(
        f'rule "R{n}" on ticket created when body contains "word{n}x" and priority {"is" if n % 2 else "is not"} "Low"\n'
        f'  then set priority to "{"Normal" if n % 2 else "Low"}"\n'
        for n in range(2000)
    )
    words = " ".join(f"word{n}x" for n in range(2000))
    summary = run(connection, setup_with(tmp_path, rules), f"{HEAD}Subject: x\r\n\r\n{words}\r\n".encode())
    assert summary.rules == Counter(f"R{n}" for n in range(2000))


def test_a_word_that_stands_in_every_rule_fifty_thousand_times(tmp_path: Path, connection: sqlite3.Connection) -> None:
    """Each place was held against each rule: 16 seconds."""
    rules = "".join(
        f'rule "R{n}" on message when body contains all of ("down", "zz{n}x") then discard "x"\n' for n in range(2000)
    )
    summary = run(connection, setup_with(tmp_path, rules), f"{HEAD}Subject: x\r\n\r\n{'down ' * 50_000}zz7x\r\n".encode())
    assert summary.rules == Counter({"R7": 1})
