"""The short ways of parsing say the same as the long ones, whatever the bytes."""

from __future__ import annotations

import email
from email.message import Message as Parsed
from email.policy import compat32

from hypothesis import example, given
from hypothesis import strategies as st

from engine.mail import blocks, headers
from engine.mail.content import charset_of, type_of
from engine.mail.split import _of_one_part, split

PIECES = [
    b"From: Ana <ana@contoso.example>",
    b"Subject: a",
    b"subject : b",
    b"Content-Type: text/plain; charset=utf-8",
    b"Content-Type: multipart/mixed; boundary=b",
    b"Content-Transfer-Encoding: base64",
    b"--b",
    b"--b--",
    b" folded",
    b"\tfolded",
    b"From somebody Mon Nov 1",
    b"no field",
    b": no name",
    b"X:",
    b"\xff\x00\x0b\x0c\x1c\x85",
    b"",
]
ENDS = [b"\r\n", b"\n", b"\r", b"\r\r", b"\n\n", b"\r\n\r\n"]
raw_mail = st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from(ENDS)), max_size=14).map(
    lambda lines: b"".join(piece + end for piece, end in lines)
)


def _payload(part: Parsed) -> object:
    try:
        return part.get_payload(), part.get_payload(decode=True)
    except Exception as error:  # Python's own decoding raises for some bytes: then both do
        return type(error)


@given(raw_mail)
@example(b"Subject: a\r\n\r\ntext")
@example(b"Subject: a\n\r\n\r\nb")
@example(b"Subject: a\r\rX: b\r\n\r\ntext")
def test_mail_of_one_part_is_what_pythons_parser_makes_of_it(raw: bytes) -> None:
    fast = _of_one_part(raw)
    if fast is None:
        return
    slow = email.message_from_bytes(raw, policy=compat32)
    assert list(fast.raw_items()) == list(slow.raw_items())
    assert _payload(fast) == _payload(slow)
    assert type_of(fast) == slow.get_content_type()


def test_most_mail_takes_the_short_way() -> None:
    assert _of_one_part(b"From: a@b.example\r\nSubject: a\r\n folded\r\n\r\ntext\r\n") is not None
    assert _of_one_part(b"From: a@b.example\nSubject: a\n\ntext\n") is not None


@given(raw_mail)
def test_splitting_never_raises(raw: bytes) -> None:
    split(raw, [])


values = st.lists(
    st.sampled_from(
        ["Ana", "Diaz", " ", "  ", '"', "<", ">", "ana@contoso.example", "@", ".", ",", "-", "(x)", "é", "=?utf-8?q?a?=", "\r\n "]
    ),
    max_size=9,
).map("".join)


@given(values)
@example('"Diaz, Ana" <ana@contoso.example>')
@example("Ana Diaz <Ana@Contoso.example>")
def test_the_address_of_a_simple_field_is_that_of_the_long_way(value: str) -> None:
    assert headers._few(value) == tuple(headers._listed(value))


def test_simple_fields_take_the_short_way() -> None:
    for value in ("ana@contoso.example", "Ana Diaz <ana@contoso.example>", '"Diaz, Ana" <ana@contoso.example>'):
        assert headers._SIMPLE.fullmatch(value)


@given(st.text(alphabet="From: Sentd\n>*_ x\u00a0é", max_size=80))
@example("a" * 60 + " From: x")
@example("\n" + " " * 20 + "From    : x")
@example("From: a")
def test_a_label_is_found_where_a_search_over_all_lines_finds_one(text: str) -> None:
    assert blocks.may_have_header_block(text) == (blocks._ANY_LABEL.search(text) is not None)


@given(
    st.lists(
        st.sampled_from(["text/plain", "text", "/", ";", " ", 'charset="utf-8"', "charset=", "x", "é", "\r\n "]), max_size=7
    ).map("".join)
)
def test_what_a_part_says_is_read_once_for_all(value: str) -> None:
    part = Parsed()
    part.set_raw("Content-Type", value)
    assert type_of(part) == part.get_content_type()
    try:
        charset = part.get_content_charset()
    except Exception:
        charset = None
    assert charset_of(part) == (str(charset) if charset else None)
