"""Mail of many megabytes, and rules for which all of it is true."""

from __future__ import annotations

import sqlite3
from base64 import encodebytes
from collections import Counter
from pathlib import Path

import pytest

from engine.config.load import load_config
from engine.decide.setup import Setup, prepare
from engine.processing import Processor
from engine.sources.files import open_source
from engine.summary import Summary
from tests import cms
from tests.hostile.conftest import HEAD, OUT_OF_ORDER, one, run
from tools.hostile import peak_memory, traced, with_rules

pytestmark = pytest.mark.usefixtures("no_hang")

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
    "a picture in HTML": (
        b'Subject: big\r\nContent-Type: text/html\r\n\r\n<p>x</p><img src="data:image/png;base64,',
        b"A" * 76 + b"\r\n",
    ),
    "pictures in HTML": (b"Subject: big\r\nContent-Type: text/html\r\n\r\n", b"data:image/a;base64," + b"A" * 11_000),
    "tiny pictures in HTML": (b"Subject: big\r\nContent-Type: text/html\r\n\r\n", b"data:image/a;base64,A\r\n"),
    "beginnings of pictures in HTML": (b"Subject: big\r\nContent-Type: text/html\r\n\r\n", b"data:image/a;"),
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
    "folded lines in hundreds of fields": (b"", b"X-Foo: x" + b"\r\n\t y" * 7_000 + b"\r\n"),
    "folded lines in hundreds of fields about the content": (b"", b"Content-X: x" + b"\r\n\t y" * 7_000 + b"\r\n"),
    "folded lines in attached messages that are encoded": (
        b"Subject: big\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n",
        b"--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + encodebytes((b"X-Foo: x" + b"\r\n\t y" * 7_000 + b"\r\n") * 60)
        + b"\r\n",
    ),
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


def test_a_technicians_reply_of_many_lines_takes_ten_times_its_memory_at_the_most(
    connection: sqlite3.Connection, roomy: Setup
) -> None:
    """Indicators are sought in its first line: all others were made objects for it, 16 times as large."""
    run(connection, roomy, f"{HEAD}Subject: printer\r\n\r\nIt is broken.\r\n".encode())
    (number,) = one(connection, "SELECT number FROM tickets")
    head = f"From: lotte@harbourhill.example\r\nMessage-ID: <t@x>\r\nSubject: Re: {number}\r\n\r\n"
    raw = head.encode() + "䴱\n".encode() * 1_250_000
    before = peak_memory()
    run(connection, roomy, raw)
    assert one(connection, "SELECT author FROM ticket_notes") == ("resource",)
    assert peak_memory() - before < 10 * len(raw)


def test_a_message_over_the_limit_is_refused(connection: sqlite3.Connection, setup: Setup) -> None:
    run(connection, setup, HEAD.encode() + b"Subject: big\r\n\r\n" + b"x" * 30_000_000)
    assert one(connection, "SELECT outcome, reason FROM messages") == ("refused", "too_large")


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
