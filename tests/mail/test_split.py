"""The short ways of parsing say the same as the long ones, whatever the bytes."""

from __future__ import annotations

import email
import re
from email.message import Message as Parsed
from email.policy import compat32

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.mail import blocks, head, headers
from engine.mail.content import charset_of, type_of
from engine.mail.part import Part
from engine.mail.split import Room, _Splitter, split

PIECES = [
    b"From: Ana <ana@contoso.example>",
    b"Subject: a",
    b"subject : b",
    b"Content-Type: text/plain; charset=utf-8",
    b"Content-Type: multipart/mixed; boundary=b",
    b"Content-Type: multipart/alternative; boundary=bb",
    b"Content-Type: message/rfc822",
    b"--bb",
    b"--b \t",
    b"--bb--",
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
ENDS = [b"\r\n", b"\n", b"\n", b"\r\n", b"\n\n", b"\r\n\r\n", b"\r", b"\r\r"]
raw_mail = st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from(ENDS)), max_size=14).map(
    lambda lines: b"".join(piece + end for piece, end in lines)
)


# What Python's parser takes away: all of a multipart that has an end only.
_END_ONLY = re.compile(r"^--bb?--[ \t]*$.*", re.MULTILINE | re.DOTALL)


def _shape(part: Parsed) -> object:
    """Fields and texts of all parts. The end of a text's last line counts as no difference: within an attached message
    Python's parser takes it off once or twice."""
    payload = part._payload  # type: ignore[attr-defined]
    if isinstance(part, Part) and payload is None:
        payload = part.lines.decode("ascii", "surrogateescape")
    kind = type_of(part)
    if isinstance(payload, list):
        return list(part.raw_items()), kind, [_shape(child) for child in payload]
    text = re.sub("\r\n?", "\n", payload)
    text = _END_ONLY.sub("", text).strip() if kind.startswith("multipart/") else text
    return list(part.raw_items()), kind, text.rstrip("\n")


def _split(raw: bytes) -> Parsed:
    return _Splitter(raw, Room()).whole()


# What it leaves in one text: parts behind the last delimiter, those between lines that are not the boundary's, and those of a boundary
# with something behind it. An end that follows a beginning at once is none to it.
BETTER = [
    re.compile(rb"(?:^|[\r\n])--(bb?)--[ \t]*[\r\n](?:.*[\r\n])?--\1[ \t]*(?:[\r\n]|$)", re.DOTALL),
    re.compile(rb"[\r\n]--bb?[ \t]*[\r\n]+Content-", re.IGNORECASE),
    re.compile(rb"boundary=bb?(?:\r\n?|\n)[ \t]"),
    re.compile(rb"(?:^|[\r\n])--(bb?)[ \t]*(?:\r\n?|\n)--\1--"),
    re.compile(
        rb"From [^\r\n]*(?:\r\n?|\n)(?:[\r\n]|$)"
    ),  # an mbox's line that is the text's first, and the blank line behind it
]


@given(raw_mail)
@example(b"Subject: a\r\n\r\ntext")
@example(b"Subject: a\n\r\n\r\nb")
@example(b"Subject: a\r\rX: b\r\n\r\ntext")
@example(b"Content-Type: multipart/mixed; boundary=b\r\n\r\nbefore\r\n--b\r\n\r\none\r\n--b \r\n\r\ntwo\r\n--b--\r\nafter")
@example(b"Content-Type: multipart/mixed; boundary=b\n\n--b\n--b\n\n--bb\n--b--")
def test_it_is_what_pythons_parser_makes_of_it(raw: bytes) -> None:
    if not any(pattern.search(raw) for pattern in BETTER):
        assert _shape(_split(raw)) == _shape(email.message_from_bytes(raw, policy=compat32))


def texts(raw: bytes) -> list[object]:
    found = _split(raw)
    return [part.get_payload() for part in found.walk() if not part.is_multipart()]


def test_parts_behind_the_end_are_parts() -> None:
    """Of two multiparts with one boundary, where the inner one's end came first."""
    raw = (
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\none\n--b--\n\n"
        b"--b\n\ntwo\n--b--\nafter\n"
    )
    assert texts(raw) == ["", "one", "two"]


@pytest.mark.parametrize("before", [b"", b"\r\n\r\n"])
def test_a_first_line_with_a_header_behind_it_parts_where_no_boundary_does(before: bytes) -> None:
    head = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    parts = b"--other\r\nContent-Type: text/plain\r\n\r\none\r\n--other\r\n\r\ntwo\r\n--other--\r\n"
    assert texts(head + before + parts) == ["one", "two"]
    assert texts(head + b"See:\r\n" + parts) == ["See:\r\n" + parts.decode()]


def test_three_megabytes_of_all_headers_are_read_and_what_a_part_says_it_is() -> None:
    defects: list[str] = []
    part = f"--b\nSubject: {'s' * 40_000}\nContent-Type: message/rfc822\n\nSubject: {'t' * 40_000}\n\nx\n"
    found = split(f"Content-Type: multipart/mixed; boundary=b\n\n{part * 100}--b--\n".encode(), defects)
    children = found.get_payload()
    sizes = [len(one["Subject"]) for child in children for one in (child, *child.get_payload())]
    assert len(children) == 100 and abs(sum(sizes) - 3_000_000) < 10_000 and sizes[:70] == [40_000] * 70
    assert defects == ["only the first 3 MB of all headers are read"]


@given(raw_mail)
@example(b"Subject: a\r\n b\r\nX:\r\nContent-Type: text/plain;\r\n\tcharset=utf-8\r\n\r\nx")
@example(b"X: a\nY: b\r\n\r\nx")
def test_an_ordinary_header_is_read_as_any_other(raw: bytes) -> None:
    splitter = _Splitter(raw, Room())
    ordinary = splitter._ordinary_fields(0, len(raw))
    assert ordinary is None or ordinary == splitter._fields_one_by_one(0, len(raw))


def test_plain_mail_is_read_in_the_ordinary_way() -> None:
    for end in (b"\r\n", b"\n"):
        raw = end.join([b"Subject: a", b"\tb", b"X: \xe9", b"", b"text"])
        assert _Splitter(raw, Room())._ordinary_fields(0, len(raw)) is not None


def test_what_may_be_a_boundary_is_looked_at_half_a_million_times() -> None:
    part = "--b\nContent-Type: text/plain\n\nx\n"
    for few, parts in ((499_000, 3), (501_000, 2)):
        raw = f"Content-Type: multipart/mixed; boundary=b\n\n{part * 2}{'--b=' * few}\n{part}--b--\n"
        assert len(split(raw.encode(), []).get_payload()) == parts


def test_parts_in_parts() -> None:
    inner = b"Content-Type: multipart/alternative; boundary=bb\r\n\r\n--bb\r\n\r\ninner\r\n--bb--\r\n"
    raw = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + inner + b"--b\r\n\r\nouter\r\n--b--\r\n"
    found = _split(raw)
    assert [part.get_payload() for part in found.walk() if not part.is_multipart()] == ["inner", "outer"]


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


@given(st.text(alphabet="From: ：Sentd\n>*_ x\u00a0é", max_size=80))
@example("a" * 60 + " From: x")
@example("\n" + " " * 20 + "From    : x")
@example("From: a")
def test_a_label_is_found_where_a_look_at_each_line_finds_one(text: str) -> None:
    assert blocks.may_have_header_block(text) == any(blocks._field(line)[0] for line in text.split("\n"))


@given(
    st.lists(
        st.sampled_from(["text/plain", "text", "/", ";", " ", "(c)", 'charset="utf-8"', "charset=", "x", "é", "\r\n "]),
        max_size=7,
    ).map("".join)
)
def test_what_a_part_says_is_read_once_for_all(value: str) -> None:
    part = Parsed()
    part.set_raw("Content-Type", value)
    long = Parsed()
    long.set_raw("Content-Type", f"{value};{' ' * 200}")  # this is not kept
    assert (type_of(part), charset_of(part)) == (type_of(long), charset_of(long))
    if "(" in value:
        return  # Python's parser knows no comments
    whole = part.get_content_type().replace('"', "").split()
    assert "".join(whole).startswith(type_of(part))  # without what stands behind it and behind no semicolon
    if len(whole) == 1:
        assert type_of(part) == whole[0]
    try:
        charset = part.get_content_charset()
    except Exception:
        charset = None
    if charset or "charset=" not in value:
        assert charset_of(part) == (str(charset) if charset else None)


@given(st.text("\r\na", max_size=9).map(str.encode))
@example(b"\r\r\n\n\r\na")
def test_the_end_of_a_header_is_found_where_the_pattern_finds_it(raw: bytes) -> None:
    found, pattern = head.head_end(raw), head._HEAD_END.search(raw)
    assert (found and found.span()) == (pattern and pattern.span())


def test_a_field_of_more_lines_than_are_read_ends_where_it_ends() -> None:
    behind = b"Subject: behind\r\n\r\ntext\r\n"
    for end in (b"\r\n", b"\n", b"\r"):
        folded = b"Received: x" + (end + b"\ty") * 30_000 + end
        enclosed = b"Content-Type: message/rfc822\r\n\r\n" + folded + behind
        (inner,) = split(enclosed, []).get_payload()
        assert [(name, len(value)) for name, value in inner.raw_items()] == [
            ("Received", 1 + 10_000 * (len(end) + 2)),
            ("Subject", 6),
        ]
        assert inner.lines == b"text\r\n"
