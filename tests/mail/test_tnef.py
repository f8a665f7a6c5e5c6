"""Outlook's winmail.dat: files come out under their long names; what announces more than it has is kept whole."""

from __future__ import annotations

import base64
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.mail.parse import parse_message
from engine.mail.tnef import MOST_ATTRIBUTES, MOST_VALUES, Tnef, read_tnef
from tests import tnef
from tests.tnef import ATTACHMENT, MESSAGE, SIGNATURE, attribute, counted, file, number, properties, text, winmail
from tools.hostile import traced

NAME = "Rapport é.pdf"
LONG, SHORT, SHOWN, DATA, PLAIN, HTML = 0x3707, 0x3704, 0x3001, 0x3701, 0x1000, 0x1013
SHORTS = struct.pack("<HHI3HH", 0x1002, 0x1234, 3, 1, 2, 3, 0)
NONE = struct.pack("<HHI", 0x101F, 0x1234, 0)
FLAG = struct.pack("<HHHH", 0x0B, 0x1234, 1, 0)
NUMBER = number(0x3705, 1)
NAMED = struct.pack("<HH16sII", 0x03, 0x8001, b"guid" * 4, 1, 6) + "ab\0".encode("utf-16-le") + b"\0\0" + struct.pack("<i", 7)
NUMBERED = struct.pack("<HH16sIIi", 0x03, 0x8001, b"guid" * 4, 0, 6, 7)
UNKNOWN = struct.pack("<HHI", 0x33, 0x1234, 7)


def of_file(*each: bytes, announced: int | None = None) -> bytes:
    return attribute(ATTACHMENT, tnef.PROPERTIES_OF_FILE, properties(*each, announced=announced))


def of_message(*each: bytes) -> bytes:
    return attribute(MESSAGE, tnef.PROPERTIES, properties(*each))


@pytest.mark.parametrize(
    "before", [(), (NUMBER,), (SHORTS,), (NONE,), (FLAG,), (NAMED,), (NUMBERED,), (SHORTS, NONE, FLAG, NAMED, NUMBER)]
)
@pytest.mark.parametrize("behind", [(), (UNKNOWN,)])
def test_a_file_has_its_long_name(before: tuple[bytes, ...], behind: tuple[bytes, ...]) -> None:
    assert read_tnef(winmail(of_file(*before, text(LONG, NAME), *behind))).files == ((NAME, b"abc"),)


def title(name: bytes) -> bytes:
    return attribute(ATTACHMENT, tnef.TITLE, name + b"\0")


@pytest.mark.parametrize(
    ("says", "name"),
    [
        ((title(b"REPORT~1.PDF"),), "REPORT~1.PDF"),
        ((title(b"REPORT~1.PDF"), of_file(text(SHORT, "short.pdf"))), "short.pdf"),
        ((title(b"REPORT~1.PDF"), of_file(text(SHORT, "short.pdf"), text(LONG, NAME), text(SHOWN, "shown"))), NAME),
        ((of_file(text(SHOWN, "shown")),), "shown"),
        ((of_file(counted(LONG, 0x1E, "Отчёт.pdf".encode("cp1251") + b"\0")),), "Отчёт.pdf"),
        ((title("Отчёт.pdf".encode("cp1251")),), "Отчёт.pdf"),
        ((), ""),
    ],
)
def test_the_best_name_of_those_that_there_are(says: tuple[bytes, ...], name: str) -> None:
    codepage = attribute(MESSAGE, tnef.CODEPAGE, struct.pack("<II", 1251, 0))
    assert read_tnef(SIGNATURE + codepage + file(*says)).files == ((name, b"abc"),)


def test_several_files_with_all_their_bytes_whatever_stands_behind_the_last() -> None:
    data = file(title(b"1"), data=b"\0x\0\0") + file(title(b"2"), data=b"") + file(title(b"3"))
    for end in (b"", b"\0" * 11, b"\0" * 500, b"garbage"):
        assert read_tnef(SIGNATURE + data + end).files == (("1", b"\0x\0\0"), ("2", b""), ("3", b"abc"))


def test_a_file_that_is_an_object_comes_without_the_name_of_its_interface() -> None:
    interface = bytes(range(16))
    for kind, said in ((0x0D, interface + b"OLE\0\0\0\0"), (0x102, b"OLE\0\0\0\0")):
        data = SIGNATURE + attribute(ATTACHMENT, tnef.BEGIN_FILE, b"") + of_file(counted(DATA, kind, said), text(SHOWN, "sheet"))
        assert read_tnef(data).files == (("sheet", b"OLE\0\0\0\0"),)


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"no TNEF at all",
        winmail(of_file(NUMBER, announced=2**32 - 1)),
        winmail(of_file(NUMBER, announced=3)),
        winmail(attribute(ATTACHMENT, tnef.PROPERTIES_OF_FILE, properties(text(LONG, NAME))[:-8])),
        winmail()[:-3],
        winmail(attribute(MESSAGE, 0x9006, b"") * MOST_ATTRIBUTES),
        winmail(of_file(*[NUMBER] * (MOST_VALUES + 1))),
        winmail(of_file(*[NONE] * (MOST_VALUES + 1))),
        winmail(of_file(*[NUMBER] * (MOST_VALUES // 2)), of_file(*[NUMBER] * (MOST_VALUES // 2 + 1))),
    ],
)
def test_what_is_damaged_or_announces_more_than_it_has_is_none(wrong: bytes) -> None:
    assert read_tnef(wrong).files == ()


LYING = struct.pack("<I", 2**32 - 1)
PIECES = [
    NUMBER,
    SHORTS,
    NONE,
    FLAG,
    NAMED,
    UNKNOWN,
    LYING,
    b"\0\0\0\0",
    b"\1\0\0\0",
    text(LONG, NAME),
    counted(DATA, 0x0D, b"x"),
    b"\x02\x10\1\0",
]


@given(
    st.lists(
        st.tuples(
            st.sampled_from([MESSAGE, ATTACHMENT]),
            st.sampled_from([tnef.PROPERTIES, tnef.PROPERTIES_OF_FILE, tnef.CODEPAGE, tnef.BODY, 0x9004]),
            st.lists(st.sampled_from(PIECES), max_size=12).map(b"".join),
        ),
        max_size=6,
    ),
    st.integers(0, 20),
)
def test_whatever_it_says_it_is_read_in_its_own_size(said: list[tuple[int, int, bytes]], cut: int) -> None:
    data = winmail(*(attribute(*one) for one in said))
    found, peak = traced(read_tnef, data[: len(data) - cut])
    assert isinstance(found, Tnef) and peak < 100_000


def message(data: bytes, head: str = "") -> bytes:
    inner = "Content-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return f"From: a@b.example\r\nSubject: x\r\n{head}{inner}".encode() + base64.encodebytes(data)


def test_the_text_of_a_message_that_has_no_other_is_in_it() -> None:
    plain, html = text(PLAIN, "The printer is broken"), counted(HTML, 0x102, "<p>Käse</p>".encode("cp1252"))
    read = parse_message(message(winmail(of_message(plain, html))))
    assert (read.text, read.html, len(read.attachments)) == ("The printer is broken", "<p>Käse</p>", 1)
    utf8 = counted(HTML, 0x102, "<p>Käse Ж</p>".encode())
    read = parse_message(message(SIGNATURE + of_message(utf8, number(0x3FDE, 65001))))
    assert read.text.strip() == "Käse Ж" and [one.name for one in read.attachments] == ["winmail.dat"]
    old = attribute(MESSAGE, tnef.CODEPAGE, struct.pack("<I", 1251)) + attribute(
        MESSAGE, tnef.BODY, "Отчёт\r\n".encode("cp1251") + b"\0"
    )
    assert parse_message(message(SIGNATURE + old)).text == "Отчёт\n"


def test_the_text_in_it_is_no_other_where_the_message_has_one_or_it_is_attached_mail() -> None:
    data = winmail(of_message(text(PLAIN, "in Outlook's way")))
    head = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nin the usual way\r\n--b\r\n"
    assert parse_message(message(data, head)).text.strip() == "in the usual way"
    head = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: y\r\n"
    assert parse_message(message(data, head)).text == ""


@pytest.mark.parametrize("said", ["application/vnd.ms-tnef", "application/octet-stream; name=WinMail.dat"])
def test_it_is_known_by_its_type_or_its_name(said: str) -> None:
    raw = f"From: a@b.example\r\nContent-Type: {said}\r\nContent-Transfer-Encoding: base64\r\n\r\n".encode()
    read = parse_message(raw + base64.encodebytes(winmail(of_message(text(PLAIN, "The printer is broken")))))
    assert read.text == "The printer is broken"


def test_mail_whose_text_is_rich_text_alone_keeps_it_as_a_file() -> None:
    read = parse_message(message(SIGNATURE + of_message(counted(0x1009, 0x102, b"compressed"))))
    assert read.text == "" and [one.name for one in read.attachments] == ["winmail.dat"]


def test_its_text_is_read_like_any_other() -> None:
    """Without the words of Exchange Online, and the pictures in its HTML are files."""
    words = "[You don't often get email from ana@x.example. Learn why this is important at https://aka.ms/LearnAboutSenderIdentification ]"
    picture = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(9_000)).decode()
    html = f'<p>See <img src="data:image/png;base64,{picture}"></p>'
    read = parse_message(message(winmail(of_message(text(PLAIN, f"{words}\n\n#T=0.5"), counted(HTML, 0x102, html.encode())))))
    assert (read.text, read.html) == ("#T=0.5", '<p>See <img src="data:,"></p>')
    assert [one.content_type for one in read.attachments] == ["application/octet-stream", "image/png"]
