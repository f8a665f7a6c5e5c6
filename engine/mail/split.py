"""Bytes to Python's message object. Mail of one part, which most mail is, is split without a look at each line of its text."""

from __future__ import annotations

import email
import re
from email.message import Message as Parsed
from email.policy import compat32

_OBSOLETE_NAME = re.compile(rb"^([!-9;-~]+)[ \t]+:", re.MULTILINE)
# A head of nothing but whole fields (RFC 5322 2.2) whose lines all end alike. Anything else is left to Python's parser.
_FIELD = re.compile(r"([!-9;-~]+):[ \t]*([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)(?:\r?\n|$)")


def split(raw: bytes, defects: list[str]) -> Parsed:
    """Never raises: where the parts cannot be told apart, it is one text, and `defects` says so."""
    try:
        return _of_one_part(raw) or _parse(raw)
    except Exception as error:  # nested deeper than Python recurses, and whatever else the parser meets
        defects.append(f"the parts cannot be told apart: {error!r}"[:200])
        head, _, rest = raw.partition(b"\r\n\r\n" if b"\r\n\r\n" in raw[:1_000_000] else b"\n\n")
        only_head = email.message_from_bytes(head + b"\n\n", policy=compat32)
        for name in ("Content-Type", "Content-Transfer-Encoding"):
            del only_head[name]
        only_head.set_payload(rest[:1_000_000].decode("latin-1"))
        return only_head


def _parse(raw: bytes) -> Parsed:
    parsed = email.message_from_bytes(raw, policy=compat32)
    if not parsed.keys() and _OBSOLETE_NAME.match(raw[:2000]):
        # `From   : John Doe`: white space before the colon (RFC 5322 4.5), which Python's parser does not take.
        head, blank, rest = (
            re.split(rb"(\r?\n\r?\n)", raw, maxsplit=1) if b"\n\n" in raw or b"\r\n\r\n" in raw else (raw, b"", b"")
        )
        parsed = email.message_from_bytes(_OBSOLETE_NAME.sub(rb"\1:", head) + blank + rest, policy=compat32)
    return parsed


def _of_one_part(raw: bytes) -> Parsed | None:
    """The same as Python's parser makes of it, or None where that must look at each line: parts, or an odd head."""
    end, gap = raw.find(b"\r\n\r\n"), 4
    short = raw.find(b"\n\n", 0, end if end >= 0 else len(raw))
    if short >= 0:
        end, gap = short, 2
    if end <= 0:
        return None
    low = raw[:end].lower()
    if b"multipart" in low or b"message/" in low or b"\r\r" in low:
        return None
    head = raw[: end + gap // 2].decode("ascii", "surrogateescape")
    parsed = Parsed(policy=compat32)
    place = 0
    while place < len(head):
        field = _FIELD.match(head, place)
        if field is None:
            return None
        parsed.set_raw(field[1], field[2])
        place = field.end()
    parsed.set_payload(raw[end + gap :].decode("ascii", "surrogateescape"))
    return parsed
