"""Bytes cut down to what a parser can take: Python's makes objects of every header field and part, whatever their number."""

from __future__ import annotations

import re

from engine.mail.head import head_end
from engine.mail.headers import LONGEST_FIELD

MOST_FIELDS = 2_000
MOST_BOUNDARIES = 2_000
_SMALL = 64 * 1024  # nothing below this can do harm
_FIELD_END = re.compile(rb"\r?\n(?![ \t])")
_BOUNDARY = re.compile(rb"boundary(?:\*\d{0,3}\*?)?[ \t]{0,20}=[ \t]{0,20}\"?([^\"\s;]{1,200})", re.IGNORECASE)


def bounded(raw: bytes, defects: list[str]) -> bytes:
    """Too many fields, too long ones, and parts beyond the 2,000th are left out, and `defects` says so.

    Lines that end by a carriage return alone, as old Macs wrote them, end by a line feed from here on: much that reads mail,
    Python's decoder of quoted-printable too, takes all lines of such a message for one.
    """
    if b"\n" not in raw:
        raw = raw.replace(b"\r", b"\n")
    if len(raw) <= _SMALL:
        return raw
    found = head_end(raw)
    end = found.start() if found else len(raw)
    head, rest = raw[:end], raw[end:]
    if end > _SMALL:
        head = _head(head, defects)
    low = head.lower()
    return head + (_parts(head, rest, defects) if b"multipart" in low or b"message/" in low else rest)


def _head(head: bytes, defects: list[str]) -> bytes:
    fields: list[bytes] = []
    start = 0
    for found in _FIELD_END.finditer(head):
        fields.append(head[start : found.start()][:LONGEST_FIELD])
        start = found.end()
        if len(fields) == MOST_FIELDS:
            defects.append(f"only the first {MOST_FIELDS} header fields are read")
            return b"\n".join(fields)
    fields.append(head[start:][:LONGEST_FIELD])
    return b"\n".join(fields)


def _parts(head: bytes, rest: bytes, defects: list[str]) -> bytes:
    boundaries = {found[1] for found in _BOUNDARY.finditer(head)}
    boundaries |= {found[1] for found in _BOUNDARY.finditer(rest[: 16 * _SMALL])}
    for boundary in list(boundaries)[:50]:
        line = b"\n--" + boundary
        if rest.count(line) > MOST_BOUNDARIES:
            place = 0
            for _ in range(MOST_BOUNDARIES):
                place = rest.find(line, place) + 1
            defects.append(f"only the first {MOST_BOUNDARIES} parts are read")
            rest = rest[:place]
    return rest
