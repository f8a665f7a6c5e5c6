"""Bytes to Python's message object, without a look at each line: Python's own parser keeps every line as an object.

Whatever is odd is left to that parser. Where both can, they make the same (`tests/mail/test_split.py`), but for what senders' broken
programs do to boundaries (`_parts`, `_between`) and to parameters (`_FIELD`).
"""

from __future__ import annotations

import email
import re
from email.errors import MissingHeaderBodySeparatorDefect
from email.message import Message as Parsed
from itertools import islice

from engine.mail.content import boundaries_of, type_of
from engine.mail.head import mended

# A whole field (RFC 5322 2.2), folded lines with it, and those with parameters that scripts forget to indent. A head is nothing but such;
# anything else is left to Python's parser.
_FIELD = re.compile(
    r"([!-9;-~]+):[ \t]*([^\r\n]*(?:\r?\n[ \t][^\r\n]*|(?<=;)\r?\n[A-Za-z][A-Za-z0-9*-]{0,40}=[^\r\n]*)*)(?:\r?\n|\Z)"
)
_REST = re.compile(r"(--)?[ \t]*(?:\r?\n|\Z)")
# Fields whose parameters Python's parser looks for in quadratic time. What is true in them stands early.
_WITH_PARAMETERS = ("content-type", "content-disposition")
_LONGEST_PARAMETERS = 4_000
_TOO_LONG = re.compile(
    rb"^(content-(?:type|disposition)[ \t]*:(?:[^\r\n]|\r?\n[ \t]){%d}+)(?:[^\r\n]+|\r?\n[ \t])++" % _LONGEST_PARAMETERS,
    re.IGNORECASE | re.MULTILINE,
)
_FIRST_DELIMITER = re.compile(r"\s*+^(--[^\r\n]{1,200}?)(?<!--)[ \t]*\r?\n(?=content-)", re.IGNORECASE | re.MULTILINE)
_REPORT = re.compile(rb"message/delivery-status", re.IGNORECASE)
_DASHES = re.compile(rb"[\r\n]--")
_BLANK_LINE = re.compile(rb"\n(?=\r?\n)")
_DEEPEST = 40
_LONGEST_REPORT = 20_000
_MOST_BLOCKS = 2_000
_MOST_DASHES = 20_000
_MOST_PARTS = 2_000  # many times as many as are looked at


class Enclosed(Parsed):
    """A message within a message. `source`: all of it as it came; empty where that is within yet another, or not known."""

    source = ""


class _Odd(Exception):
    """Python's parser must look at it."""


def split(raw: bytes, defects: list[str]) -> Parsed:
    """Never raises: where the parts cannot be told apart, it is one text, and `defects` says so."""
    try:
        try:
            return _entity(Parsed(), raw.decode("ascii", "surrogateescape"), 0)
        except _Odd:
            return _parse(raw, defects)
    except Exception as error:  # nested deeper than Python recurses, and whatever else the parser meets
        defects.append(f"the parts cannot be told apart: {error!r}"[:200])
        head, _, rest = raw.partition(b"\r\n\r\n" if b"\r\n\r\n" in raw[:1_000_000] else b"\n\n")
        only_head = email.message_from_bytes(head + b"\n\n")
        for name in ("Content-Type", "Content-Transfer-Encoding"):
            del only_head[name]
        only_head.set_payload(rest[:1_000_000].decode("latin-1"))
        return only_head


def _parse(raw: bytes, defects: list[str]) -> Parsed:
    raw = _few_parts(_few_blocks(_TOO_LONG.sub(rb"\1", raw), defects), defects)
    parsed = email.message_from_bytes(mended(raw, defects))
    if any(isinstance(one, MissingHeaderBodySeparatorDefect) for one in parsed.defects):
        defects.append("the text begins in the header, at a line that is no field")
    return parsed


def _few_blocks(raw: bytes, defects: list[str]) -> bytes:
    """Python's parser makes a message of each block of a delivery report, and blank lines part them (RFC 3464 2.1)."""
    report = _REPORT.search(raw)
    if report is not None:
        for blank in islice(_BLANK_LINE.finditer(raw, report.start()), _MOST_BLOCKS, None):
            defects.append(f"only the first {_MOST_BLOCKS} blocks of the delivery report are read")
            return raw[: blank.start()]
    return raw


def _few_parts(raw: bytes, defects: list[str]) -> bytes:
    """Any line that begins so may part it, for a boundary can be written in more ways than `bounded` knows."""
    for line in islice(_DASHES.finditer(raw), _MOST_DASHES, None):
        defects.append(f"only what stands before the {_MOST_DASHES}th line that may part it is read")
        return raw[: line.start()]
    return raw


def _entity(entity: Parsed, text: str, depth: int) -> Parsed:
    """A message or a part (RFC 2045 2.4), of which this is the text. Raises `_Odd`."""
    if depth > _DEEPEST:
        raise _Odd
    place = 0
    while field := _FIELD.match(text, place):
        value = field[2]
        if len(value) > _LONGEST_PARAMETERS and field[1].lower() in _WITH_PARAMETERS:
            value = value[:_LONGEST_PARAMETERS]
        entity.set_raw(field[1], value)
        place = field.end()
    if text.startswith("\r\n", place):
        place += 2
    elif text.startswith("\n", place):
        place += 1
    elif place < len(text) or not place:
        raise _Odd  # a line that is no field, or nothing at all
    body = text[place:]
    kind = type_of(entity)
    if kind == "multipart/digest":
        raise _Odd  # its parts are messages where they do not say what they are
    if kind.startswith("multipart/"):
        parts = _parts(entity, body, depth)
        entity.set_payload(body if parts is None else parts)
    elif kind.startswith("message/"):
        entity.set_payload(_blocks(body) if kind == "message/delivery-status" else [_enclosed(body, depth + 1)])
    else:
        entity.set_payload(body)
    return entity


def _enclosed(text: str, depth: int) -> Parsed:
    enclosed = Enclosed()
    _entity(enclosed, text, depth)
    for inner in enclosed.walk():
        if isinstance(inner, Enclosed):
            inner.source = ""  # each would be another copy
    enclosed.source = text
    return enclosed


def _blocks(body: str) -> list[Parsed | str]:
    """The blocks of fields of a delivery report (RFC 3464 2.1), each a message to Python's parser. Real ones are short."""
    found = email.message_from_string(f"Content-Type: message/delivery-status\n\n{body[:_LONGEST_REPORT]}")
    blocks = found.get_payload()
    return [block for block in blocks if not isinstance(block, str)] if isinstance(blocks, list) else []


def _parts(entity: Parsed, body: str, depth: int) -> list[Parsed | str] | None:
    """What stands between the lines of the boundary (RFC 2046 5.1.1); None where it has none, and the body is one text.

    Where no such line is there, its first line is taken for one, if a part's header follows it.
    """
    if body.count("\r") != body.count("\r\n"):
        raise _Odd  # to Python's parser, a carriage return alone ends a line too
    delimiters = [f"--{boundary}" for boundary in boundaries_of(entity)]
    for delimiter in delimiters:
        if parts := _between(delimiter, body, depth):
            return parts
    if any(delimiter in body for delimiter in delimiters):
        raise _Odd  # only an end, or none that stands alone in its line
    first = _FIRST_DELIMITER.match(body)
    return (_between(first[1], body, depth) or None) if first else None


def _between(delimiter: str, body: str, depth: int) -> list[Parsed | str]:
    """Parts behind the last delimiter are parts too: where two multiparts have one boundary, the inner one's end is not the outer's."""
    parts: list[Parsed | str] = []
    start: int | None = None
    place = 0
    while (at := body.find(delimiter, place)) >= 0:
        place = at + len(delimiter)
        rest = _REST.match(body, place)
        if rest is None or (at and body[at - 1] != "\n"):
            continue
        if start is not None:
            # The end of the line before the delimiter belongs to the delimiter.
            end = at - 2 if body.startswith("\r\n", at - 2) else at - 1
            parts.append(_entity(Parsed(), body[start : max(start, end)], depth + 1))
            if len(parts) == _MOST_PARTS:
                return parts
        start = None if rest[1] else rest.end()
    if start is not None:
        parts.append(_entity(Parsed(), body[start:], depth + 1))
    return parts
