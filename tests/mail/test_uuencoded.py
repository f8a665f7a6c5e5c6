"""Files within a text, as `uuencode` writes them."""

from __future__ import annotations

import random
from binascii import b2a_uu

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.mail.parse import parse_message
from engine.mail.uuencoded import without_files
from engine.mail.walk import MOST_FILES

DATA = random.Random(1).randbytes(1_000)


def encoded(name: str, data: bytes = DATA, *, backtick: bool = True) -> bytes:
    lines = [b2a_uu(data[place : place + 45], backtick=backtick) for place in range(0, len(data), 45)]
    return b"begin 644 %s\n%s%s\nend\n" % (name.encode(), b"".join(lines), b"`" if backtick else b" ")


@pytest.mark.parametrize("backtick", [True, False])
def test_files_come_out_of_the_text(backtick: bool) -> None:
    text = b"The report\n%sand\n%sbye\n" % (encoded("a b.csv", backtick=backtick), encoded("empty", b""))
    for end in (b"\n", b"\r\n"):
        rest = b"The report\nand\nbye\n".replace(b"\n", end)
        assert without_files(text.replace(b"\n", end)) == (rest, [(b"a b.csv", DATA), (b"empty", b"")])


def test_spaces_that_a_mail_program_took_away_do_no_harm() -> None:
    text = b"".join(line.rstrip() + b"\n" for line in encoded("zeros", bytes(100), backtick=False).splitlines())
    assert without_files(text) == (b"", [(b"zeros", bytes(100))])


@given(
    st.text(st.characters(min_codepoint=32, max_codepoint=96), max_size=62),
    st.sampled_from([chr(code) for code in range(33, 78)]),
)
def test_whatever_fills_a_line_up_is_passed_over(letters: str, length: str) -> None:
    text, files = without_files(f"begin 644 x\n{length}{letters}\n`\nend\n".encode())
    assert (text, [len(data) for _, data in files]) == (b"", [ord(length) - 32])


@pytest.mark.parametrize(
    "text",
    [
        b"begin 644 times\nand end\n",
        b"We begin 644 x\n",
        b"begin 644 x\nHello there, this is a sentence that follows.\nend\n",
        encoded("x").removesuffix(b"end\n"),
        encoded("x")[:400] + b"\n",
        b"begin 644 x\n%s\nend\n" % (b"A" * 200),
        b"begin 644 x\n" * 3,
        b"begin 644\n",
    ],
)
def test_what_is_no_file_stays_text(text: bytes) -> None:
    assert without_files(text) == (text, [])
    assert without_files(text + encoded("y")) == (text, [(b"y", DATA)])


def test_a_mail_that_is_a_file_has_it_as_an_attachment_with_a_safe_name() -> None:
    head = "From: root@a.example\r\nSubject: report\r\n\r\n"
    message = parse_message(head.encode() + encoded("../../etc/report.csv").replace(b"\n", b"\r\n"))
    assert (message.text, [(one.name, one.data) for one in message.attachments]) == ("", [("report.csv", DATA)])


def test_the_name_of_a_file_is_in_the_texts_charset() -> None:
    head = b"From: root@a.example\r\nContent-Type: text/plain; charset=windows-1251\r\n\r\n"
    message = parse_message(head + encoded("x.csv").replace(b"x.csv", "отчёт.csv".encode("cp1251")))
    assert [one.name for one in message.attachments] == ["отчёт.csv"]


def test_no_more_files_than_a_message_may_have() -> None:
    text = b"".join(encoded(f"{number}.txt", b"abc") for number in range(90))
    files = b"--b\nContent-Type: image/png; name=a.png\nContent-Disposition: attachment\n\nabc\n"
    enclosed = b"--b\nContent-Type: message/rfc822\n\nSubject: x\n\nabc\n"
    raw = (
        b"From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n"
        + (b"--b\n\n" + text + files + enclosed) * 7
        + b"--b--\n"
    )
    message = parse_message(raw)
    assert len(message.attachments) == MOST_FILES == 500
    assert message.defects == ("more than 500 files: the rest is left out",)
