"""Bytes to Python's message object, without a look at each line: Python's own parser keeps every line as an object, and asks each whether
it is one of the boundaries around it.

It makes of a message what that parser makes (`tests/mail/test_split.py`), but for what senders' broken programs do to boundaries and to
parameters.
"""

from __future__ import annotations

import email
import re
from email.message import Message as Parsed

from engine.mail.bounded import MOST_FIELDS
from engine.mail.content import boundaries_of, type_of
from engine.mail.head import HEAD_END, mended

_END = r"(?:\r\n?|\n)"  # of a line
# A whole field (RFC 5322 2.2), folded lines with it, and those with parameters that scripts forget to indent.
_FIELD = re.compile(
    rf"([!-9;-~]+):[ \t]*([^\r\n]*(?:{_END}[ \t][^\r\n]*|(?<=;){_END}[A-Za-z][A-Za-z0-9*-]{{0,40}}=[^\r\n]*)*)(?:{_END}|\Z)"
)
# What that parser passes over: a field without a name, what is folded before the first field, the envelope's line of an mbox. As the last
# line, such a one is rather the text's first.
_NO_FIELD = re.compile(rf"[: \t][^\r\n]*(?:{_END}|\Z)")
_ENVELOPE = re.compile(rf"From [^\r\n]*(?:{_END}|\Z)")
_BLANK = re.compile(_END)
_LINE = re.compile(r"(?:[!-9;-~]*:|[ \t]|From )")  # of a header
_REST = re.compile(rf"(--)?[ \t]*(?:{_END}|\Z)")
_FIRST_DELIMITER = re.compile(r"\s*+^(--[^\r\n]{1,200}?)(?<!--)[ \t]*\r?\n(?=content-)", re.IGNORECASE | re.MULTILINE)
_HEAD_END = re.compile(HEAD_END.pattern.decode())
# Fields whose parameters Python looks for in quadratic time. What is true in them stands early.
_WITH_PARAMETERS = ("content-type", "content-disposition")
_LONGEST_PARAMETERS = 4_000
_DEEPEST = 20  # what is within more is one text
_MOST_PARTS = 2_000
_LONGEST_REPORT = 20_000


class Enclosed(Parsed):
    """A message within a message."""

    _whole, _start, _end = "", 0, 0

    @property
    def source(self) -> bytes:
        """All of it, as it came."""
        return self._whole[self._start : self._end].encode("ascii", "surrogateescape")

    def stands_in(self, whole: str, start: int, end: int) -> None:
        self._whole, self._start, self._end = whole, start, end


def split(raw: bytes, defects: list[str]) -> Parsed:
    """Never raises: where the parts cannot be told apart, it is one text, and `defects` says so."""
    try:
        text = raw.decode("ascii", "surrogateescape")
        if not _BLANK.match(text, _fields(Parsed(), text, 0, len(text))):
            better = mended(raw, defects)
            text = better.decode("ascii", "surrogateescape") if better is not raw else text
        parsed = Parsed()
        place = _fields(parsed, text, 0, len(text))
        if place < len(text) and not _BLANK.match(text, place):
            defects.append("the text begins in the header, at a line that is no field")
        _body(parsed, text, place, len(text), 0)
        return parsed
    except Exception as error:  # whatever Python's own functions meet
        defects.append(f"the parts cannot be told apart: {error!r}"[:200])
        head, _, rest = raw.partition(b"\r\n\r\n" if b"\r\n\r\n" in raw[:1_000_000] else b"\n\n")
        only_head = email.message_from_bytes(head + b"\n\n")
        for name in ("Content-Type", "Content-Transfer-Encoding"):
            del only_head[name]
        only_head.set_payload(rest[:1_000_000].decode("latin-1"))
        return only_head


def _entity(entity: Parsed, text: str, start: int, end: int, depth: int) -> None:
    """A message or a part (RFC 2045 2.4), which stands in text[start:end]."""
    _body(entity, text, _fields(entity, text, start, end), end, depth)


def _fields(entity: Parsed, text: str, place: int, end: int) -> int:
    """Where they end: at a blank line, at a line that is none, or at the end."""
    first, number = place, 0
    while place < end:
        field = _FIELD.match(text, place, end)
        if field is not None:
            value = field[2]
            if len(value) > _LONGEST_PARAMETERS and field[1].lower() in _WITH_PARAMETERS:
                value = value[:_LONGEST_PARAMETERS]
            entity.set_raw(field[1], value)
            number += 1
            if number > MOST_FIELDS:  # whoever reads them says that there are more
                rest = _HEAD_END.search(text, field.end(), end)
                return rest.start() + 1 if rest else end
        else:
            field = _NO_FIELD.match(text, place, end) or _ENVELOPE.match(text, place, end)
            if field is None or (place > first and text[place] == "F" and not _LINE.match(text, field.end(), end)):
                break
        place = field.end()
    return place


def _body(entity: Parsed, text: str, place: int, end: int, depth: int) -> None:
    blank = _BLANK.match(text, place, end)
    start = blank.end() if blank else place
    kind = type_of(entity)
    payload: str | list[Parsed | str] = ""
    if depth <= _DEEPEST and kind.startswith("multipart/"):
        payload = _parts(entity, text, start, end, depth + 1, is_digest=kind == "multipart/digest")
    elif depth <= _DEEPEST and kind == "message/delivery-status":
        payload = _blocks(text[start : min(end, start + _LONGEST_REPORT)])
    elif depth <= _DEEPEST and kind.startswith("message/"):
        enclosed = Enclosed()
        enclosed.stands_in(text, start, end)
        _entity(enclosed, text, start, end, depth + 1)
        payload = [enclosed]
    entity.set_payload(payload or text[start:end])


def _blocks(body: str) -> list[Parsed | str]:
    """The blocks of fields of a delivery report (RFC 3464 2.1), each a message to Python's parser. Real ones are short."""
    found = email.message_from_string(f"Content-Type: message/delivery-status\n\n{body}")
    blocks = found.get_payload()
    return [block for block in blocks if not isinstance(block, str)] if isinstance(blocks, list) else []


def _parts(entity: Parsed, text: str, start: int, end: int, depth: int, *, is_digest: bool) -> list[Parsed | str]:
    """What stands between the lines of the boundary (RFC 2046 5.1.1); nothing where it has none, and is one text.

    Where no such line is there, the body's first line is taken for one, if a part's header follows it.
    """
    delimiters = [f"--{boundary}" for boundary in boundaries_of(entity)]
    if (first := _FIRST_DELIMITER.match(text, start, end)) is not None:
        delimiters.append(first[1])
    for delimiter in dict.fromkeys(delimiters):
        places = _between(delimiter, text, start, end)
        if places:
            parts: list[Parsed | str] = []
            for first_letter, last in places:
                part = Parsed()
                if is_digest:
                    part.set_default_type("message/rfc822")  # RFC 2046 5.1.5
                _entity(part, text, first_letter, last, depth)
                parts.append(part)
            return parts
    return []


def _between(delimiter: str, text: str, place: int, end: int) -> list[tuple[int, int]]:
    """Where parts begin and end.

    Those behind the last delimiter are parts too: where two multiparts have one boundary, the inner one's end is not the outer's.
    """
    places: list[tuple[int, int]] = []
    begin: int | None = None
    first = place
    while len(places) < _MOST_PARTS and (at := text.find(delimiter, place, end)) >= 0:
        place = at + len(delimiter)
        rest = _REST.match(text, place, end)
        if rest is None or (at > first and text[at - 1] not in "\r\n"):
            continue
        if begin is not None and (at > begin or rest[1]):  # of delimiters that follow each other, all but the last part nothing
            # The end of the line before the delimiter belongs to the delimiter.
            last = at - 2 if text.startswith("\r\n", at - 2) else at - 1
            places.append((begin, max(begin, last)))
        begin = None if rest[1] else rest.end()
    if begin is not None and len(places) < _MOST_PARTS:
        places.append((begin, end))
    return places
