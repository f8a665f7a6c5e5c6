"""Bytes to a message and its parts, without a look at each line: Python's own parser keeps every line as an object, and asks each whether
it is one of the boundaries around it.

It makes of a message what that parser makes (`tests/mail/test_split.py`), but for what senders' broken programs do to boundaries and to
parameters.
"""

from __future__ import annotations

import email
import re
from email.message import Message

from msgspec import Struct

from engine.mail.content import boundaries_of, type_of
from engine.mail.head import MOST_FIELDS, bounded, mended
from engine.mail.part import Part

_END = r"(?:\r\n?|\n)"  # of a line
# A whole field (RFC 5322 2.2), folded lines with it, and those with parameters that scripts forget to indent. It takes 400 bytes of memory
# a folded line: without a limit, 28 MB of such lines took 3 GB.
_FOLDED = rf"{_END}[ \t][^\r\n]*|(?<=;){_END}[A-Za-z][A-Za-z0-9*-]{{0,40}}=[^\r\n]*"


def _field(folded: int) -> re.Pattern[str]:
    """Name and value, with so many folded lines at the most."""
    return re.compile(rf"([!-9;-~]+):[ \t]*([^\r\n]*(?:{_FOLDED}){{0,{folded}}})(?:{_END}|\Z)")


_FIELD = _field(10_000)
# Where no more is read: what parts and texts cannot do without, and of all else the first line.
_CONTENT, _BEGINNING = _field(200), _field(0)
# The same in a header of which each line ends alike: what may be in a line is said without a set, which is four times as fast.
_ORDINARY_FIELD = {
    end: re.compile(rf"^([!-9;-~]++):[ \t]*+([^{end[0]}]*+(?:{end}[ \t][^{end[0]}]*+)*){end}", re.MULTILINE)
    for end in ("\r\n", "\n")
}
_FIELD_END = re.compile(r"(?:\r\n|\r(?!\n)|\n)(?![ \t])")
# What that parser passes over: a field without a name, what is folded before the first field, the envelope's line of an mbox. As the last
# line, such a one is rather the text's first.
_NO_FIELD = re.compile(rf"[: \t][^\r\n]*(?:{_END}|\Z)")
_ENVELOPE = re.compile(rf"From [^\r\n]*(?:{_END}|\Z)")
_BLANK = re.compile(_END)
_LINE = re.compile(r"(?:[!-9;-~]*:|[ \t]|From )")  # of a header
_REST = re.compile(rf"(--)?[ \t]*(?:{_END}|\Z)")
_FIRST_DELIMITER = re.compile(r"\s*+^(--[^\r\n]{1,200}?)(?<!--)[ \t]*\r?\n(?=content-)", re.ASCII | re.IGNORECASE | re.MULTILINE)
_BLANK_LINE = re.compile(rf"{_END}(?={_END})")
# Python looks for parameters in quadratic time, and each part has such fields. What is true in them stands early.
_ORDINARY = 500
_ORDINARY_HEADER = 65_536  # bytes, that nothing in it can be too much
_LONGEST_CONTENT = 4_000
_MOST_PARAMETERS = 64  # a long name comes in pieces of a line each (RFC 2231 3)
_DEEPEST = 20  # what is within more is one text
_MOST_LINES = 50_000  # of all headers in it
_MOST_LETTERS = 3_000_000  # of all headers: each encoded word takes two microseconds. What Content-... says is read all the same
_MOST_PARTS = 2_000  # together
_MOST_LOOKS = 500_000  # at what may be a boundary
_MOST_REPORTS = 5
_LONGEST_REPORT = 20_000


Fields = list[tuple[str, str]]


class Room(Struct):
    """What may still be read, of one message and of all those that stand encoded in it; it bounds the time that they take."""

    lines: int = _MOST_LINES
    letters: int = _MOST_LETTERS
    parts: int = _MOST_PARTS
    looks: int = _MOST_LOOKS
    reports: int = _MOST_REPORTS


def split(raw: bytes, defects: list[str], room: Room | None = None) -> Part:
    """Never raises: where the parts cannot be told apart, it is one text, and `defects` says so. What it reads is taken from `room`."""
    if b"\n" not in raw:
        # As old Macs wrote lines. Much that reads mail, Python's decoder of quoted-printable too, takes such a message for one line.
        raw = raw.replace(b"\r", b"\n")
    raw = bounded(raw, defects)
    try:
        message = _Splitter(raw, room or Room())
        if message.is_odd:
            better = mended(raw, defects)
            message = message if better is raw else _Splitter(better, room or Room())
            if message.is_odd:
                defects.append("the text begins in the header, at a line that is no field")
        whole = message.whole()
        if message.is_cut:
            defects.append(f"only the first {_MOST_LETTERS // 1_000_000} MB of all headers are read")
        return whole
    except Exception as error:  # whatever Python's own functions meet
        defects.append(f"the parts cannot be told apart: {error!r}"[:200])
        head, _, rest = raw.partition(b"\r\n\r\n" if b"\r\n\r\n" in raw[:1_000_000] else b"\n\n")
        one_text = Part(rest, 0, 1_000_000)
        fields = email.message_from_bytes(head + b"\n\n").raw_items()
        of_its_parts = ("content-type", "content-transfer-encoding")
        one_text.begin_fields([(name, value) for name, value in fields if name.lower() not in of_its_parts])
        return one_text


class _Splitter:
    """One message, its fields read."""

    def __init__(self, raw: bytes, room: Room) -> None:
        self._raw, self._text = raw, raw.decode("latin-1")  # a letter a byte
        self._room = room
        self._message = Part(raw, 0, len(raw))
        self._place = self._fields(self._message, 0, len(self._text))

    @property
    def is_odd(self) -> bool:
        """Whether its fields end at a line that is none."""
        return self._place < len(self._text) and self._text[self._place] not in "\r\n"

    @property
    def is_cut(self) -> bool:
        return self._room.letters < 0

    def whole(self) -> Part:
        self._body(self._message, self._place, len(self._text), 0)
        return self._message

    def _entity(self, entity: Part, start: int, end: int, depth: int) -> None:
        """A message or a part (RFC 2045 2.4), which stands in text[start:end]."""
        self._body(entity, self._fields(entity, start, end), end, depth)

    def _fields(self, entity: Part, place: int, end: int) -> int:
        """Where they end: at a blank line, at a line that is none, or at the end."""
        ordinary = self._ordinary_fields(place, end)
        fields, place = ordinary if ordinary is not None else self._fields_one_by_one(place, end)
        entity.begin_fields(fields)
        return place

    def _ordinary_fields(self, place: int, end: int) -> tuple[Fields, int] | None:
        """All of a header as nearly all programs write it, in one search; None where there is anything else in it."""
        text, room, most = self._text, self._room, min(end, place + _ORDINARY_HEADER)
        line_end = "\r\n" if text.startswith("\r", text.find("\n", place, most) - 1) else "\n"
        blank = text.find(f"\n{line_end}", place, most)
        head = text[place : blank + 1]
        is_mixed = head.count("\r\n") != head.count("\n") if line_end == "\r\n" else "\r" in head
        if blank < 0 or is_mixed or len(head) > room.letters:
            return None
        # What is before the first field, its name, its value, what is between it and the next, ...
        pieces = _ORDINARY_FIELD[line_end].split(head)
        number = len(pieces) // 3
        if any(pieces[::3]) or number > min(MOST_FIELDS, room.lines):
            return None
        values = pieces[2::3] if head.isascii() else [value if value.isascii() else _came(value) for value in pieces[2::3]]
        fields = [
            (name, value if len(value) <= _ORDINARY else self._cut(name, value))
            for name, value in zip(pieces[1::3], values, strict=True)
        ]
        room.lines -= number
        room.letters -= len(head)
        return fields, blank + 1

    def _fields_one_by_one(self, place: int, end: int) -> tuple[Fields, int]:
        text, room, first, number, passed = self._text, self._room, place, 0, 0
        fields: Fields = []
        most = min(MOST_FIELDS, room.lines)
        while place < end:
            if room.letters >= 0:
                field = _FIELD.match(text, place, end)
            else:  # most folded lines are passed over, for each takes half a microsecond to match
                field = (_CONTENT if text[place : place + 8].lower() == "content-" else _BEGINNING).match(text, place, end)
            if field is not None:
                name, value = field[1], field[2] if field[2].isascii() else _came(field[2])
                room.letters -= len(value)
                fields.append((name, self._cut(name, value) if len(value) > _ORDINARY or room.letters < 0 else value))
                number += 1
                if number > most:  # whoever reads them says that there are more
                    blank = _BLANK_LINE.search(text, place, end)
                    place = blank.end() if blank else end
                    break
            elif number and text[place] in " \t":  # the rest of one with too many lines
                found = _FIELD_END.search(text, place, end)
                place = found.end() if found else end
                continue
            else:
                field = _NO_FIELD.match(text, place, end) or _ENVELOPE.match(text, place, end)
                is_text = field is None or (place > first and text[place] == "F" and not _LINE.match(text, field.end(), end))
                if field is None or is_text or passed >= most:
                    break
                passed += 1
            place = field.end()
        room.lines -= number + passed
        return fields, place

    def _cut(self, name: str, value: str) -> str:
        """What is read of a long field, or of one when there are too many letters."""
        if name[:8].lower() == "content-":
            return ";".join(value[:_LONGEST_CONTENT].split(";", _MOST_PARAMETERS)[:_MOST_PARAMETERS])
        return value[: self._room.letters] if self._room.letters < 0 else value

    def _body(self, entity: Part, place: int, end: int, depth: int) -> None:
        blank = _BLANK.match(self._text, place, end)
        start = blank.end() if blank else place
        entity.begin_lines(start)
        kind = type_of(entity)
        parts: list[Message | str] = []
        if depth <= _DEEPEST and kind.startswith("multipart/"):
            parts += self._parts(entity, start, end, depth + 1, is_digest=kind == "multipart/digest")
        elif depth <= _DEEPEST and kind == "message/delivery-status" and self._room.reports:
            self._room.reports -= 1
            parts += _blocks(_came(self._text[start : min(end, start + _LONGEST_REPORT)]))
        elif depth <= _DEEPEST and kind.startswith("message/"):
            enclosed = Part(self._raw, start, end)
            self._entity(enclosed, start, end, depth + 1)
            parts.append(enclosed)
        if parts:
            entity.set_payload(parts)

    def _parts(self, entity: Part, start: int, end: int, depth: int, *, is_digest: bool) -> list[Part]:
        """What stands between the lines of the boundary (RFC 2046 5.1.1); nothing where it has none, and is one text.

        Where no such line is there, the body's first line is taken for one, if a part's header follows it.
        """
        delimiters = [f"--{boundary}".encode("utf-8", "surrogateescape").decode("latin-1") for boundary in boundaries_of(entity)]
        if (first := _FIRST_DELIMITER.match(self._text, start, end)) is not None:
            delimiters.append(first[1])
        places = next(filter(None, (self._between(delimiter, start, end) for delimiter in dict.fromkeys(delimiters))), [])
        parts: list[Part] = []
        self._room.parts -= len(places)
        for begin, last in places:
            part = Part(self._raw, begin, last)
            if is_digest:
                part.set_default_type("message/rfc822")  # RFC 2046 5.1.5
            self._entity(part, begin, last, depth)
            parts.append(part)
        return parts

    def _between(self, delimiter: str, place: int, end: int) -> list[tuple[int, int]]:
        """Where parts begin and end.

        Those behind the last delimiter are parts too: where two multiparts have one boundary, the inner one's end is not the outer's.
        """
        text = self._text
        places: list[tuple[int, int]] = []
        begin: int | None = None
        first = place
        while len(places) < self._room.parts and self._room.looks and (at := text.find(delimiter, place, end)) >= 0:
            self._room.looks -= 1
            place = at + len(delimiter)
            if at > first and text[at - 1] not in "\r\n":
                continue
            rest = _REST.match(text, place, end)
            if rest is None:
                continue
            # Of delimiters that follow each other, all but the last part nothing.
            if begin is not None and (at > begin or rest[1]):
                # The end of the line before the delimiter belongs to the delimiter.
                last = at - 2 if text.startswith("\r\n", at - 2) else at - 1
                places.append((begin, max(begin, last)))
            begin = None if rest[1] else rest.end()
        if begin is not None and len(places) < self._room.parts:
            places.append((begin, end))
        return places


def _came(text: str) -> str:
    """As Python's parser gives what came: a byte beyond ASCII is a lone surrogate."""
    return text.encode("latin-1").decode("ascii", "surrogateescape")


def _blocks(body: str) -> list[Message]:
    """The blocks of fields of a delivery report (RFC 3464 2.1), each a message to Python's parser. Real ones are short."""
    found = email.message_from_string(f"Content-Type: message/delivery-status\n\n{body}")
    blocks = found.get_payload()
    return [block for block in blocks if not isinstance(block, str)] if isinstance(blocks, list) else []
