"""Files within a text, as `uuencode` writes them."""

from __future__ import annotations

import random
from binascii import b2a_uu

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.mail.parse import parse_message
from engine.mail.uuencoded import without_files

DATA = random.Random(1).randbytes(1_000)


def encoded(name: str, data: bytes = DATA, *, backtick: bool = True) -> str:
    lines = [b2a_uu(data[place : place + 45], backtick=backtick).decode() for place in range(0, len(data), 45)]
    return f"begin 644 {name}\n{''.join(lines)}{'`' if backtick else ' '}\nend\n"


@pytest.mark.parametrize("backtick", [True, False])
def test_files_come_out_of_the_text(backtick: bool) -> None:
    text = f"The report\n{encoded('a b.csv', backtick=backtick)}and\n{encoded('empty', b'')}bye\n"
    assert without_files(text) == ("The report\nand\nbye\n", [("a b.csv", DATA), ("empty", b"")])


def test_spaces_that_a_mail_program_took_away_do_no_harm() -> None:
    text = "".join(f"{line.rstrip()}\n" for line in encoded("zeros", bytes(100), backtick=False).splitlines())
    assert without_files(text) == ("", [("zeros", bytes(100))])


@given(
    st.text(st.characters(min_codepoint=32, max_codepoint=96), max_size=62),
    st.sampled_from([chr(code) for code in range(33, 78)]),
)
def test_whatever_fills_a_line_up_is_passed_over(letters: str, length: str) -> None:
    text, files = without_files(f"begin 644 x\n{length}{letters}\n`\nend\n")
    assert (text, [len(data) for _, data in files]) == ("", [ord(length) - 32])


@pytest.mark.parametrize(
    "text",
    [
        "begin 644 times\nand end\n",
        "We begin 644 x\n",
        "begin 644 x\nHello there, this is a sentence that follows.\nend\n",
        encoded("x").removesuffix("end\n"),
        encoded("x")[:400] + "\n",
        f"begin 644 x\n{'A' * 200}\nend\n",
        "begin 644 x\n" * 3,
        "begin 644\n",
    ],
)
def test_what_is_no_file_stays_text(text: str) -> None:
    assert without_files(text) == (text, [])
    assert without_files(text + encoded("y")) == (text, [("y", DATA)])


def test_a_mail_that_is_a_file_has_it_as_an_attachment_with_a_safe_name() -> None:
    head = "From: root@a.example\r\nSubject: report\r\n\r\n"
    message = parse_message((head + encoded("../../etc/report.csv").replace("\n", "\r\n")).encode())
    assert (message.text, [(one.name, one.data) for one in message.attachments]) == ("", [("report.csv", DATA)])
