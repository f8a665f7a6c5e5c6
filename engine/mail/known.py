"""The header of a message: its fields as they are read, and what the message is known by."""

from __future__ import annotations

import hashlib

from msgspec import Struct

from engine.mail.content import charset_of_headers
from engine.mail.decode import as_letters, decode_header, is_bare, plain_header
from engine.mail.head import MOST_FIELDS
from engine.mail.headers import LONGEST_FIELD
from engine.mail.message import Headers
from engine.mail.part import Part
from engine.text import collapse

_SHORT_FIELD = 2_000
_PLAIN = {"authentication-results"}
_ADDRESSES = ("from", "to", "cc")


class Head(Struct, frozen=True):
    """`letters`: fields with addresses, their encoded words not decoded yet; `came`: all fields by name, as they came."""

    headers: Headers
    letters: dict[str, list[str]]
    came: dict[str, list[str]]


def read_head(parsed: Part, defects: list[str], only: frozenset[str] | None = None) -> Head:
    """`only`: the fields that are wanted, in lower case; then no more than the beginning of each."""
    if parsed.has_more_fields:
        defects.append(f"only the first {MOST_FIELDS} header fields are read")
    if only is None:
        # What we ourselves write and read is nobody else's to set (`behaviour.md` 3.1).
        came = {name: values for name, values in parsed.came.items() if not name.startswith("x-postroom")}
    else:
        came = {name: values for name, values in parsed.came.items() if name in only}
    longest = LONGEST_FIELD if only is None else _SHORT_FIELD
    charset = charset_of_headers(parsed) if is_bare("".join(map("".join, came.values()))) else None

    def decoded(name: str, value: str) -> str:
        if value.isprintable() and "=?" not in value:  # bytes beyond ASCII are surrogates here, which cannot be printed
            return value[:longest].strip()  # as it stands: most are on one line, and need nothing of what follows
        value = as_letters(value, charset)[:longest]
        return plain_header(value) if name in _PLAIN else decode_header(value)

    letters = {name: [as_letters(value, charset)[:longest] for value in came.get(name, ())] for name in _ADDRESSES}
    return Head(Headers(came, decoded), letters, came)


def digest_of_bytes() -> hashlib._Hash:
    """What a message without Message-ID is known by, before its first byte."""
    return hashlib.sha256(b"raw\0")


def identity(raw: bytes, message_id: str, came: dict[str, list[str]]) -> str:
    """`behaviour.md` 1.1: Message-ID, From, Date and Subject together, or the raw bytes where there is no Message-ID.

    The fields as they came: how they are decoded may become better, and a message stays the same one.
    """
    if not message_id:
        digest = digest_of_bytes()
        digest.update(raw)
        return digest.hexdigest()
    parts = [message_id, *("".join(came.get(name, ())) for name in ("from", "date", "subject"))]
    normal = "\0".join(collapse(part) for part in parts)
    return hashlib.sha256(normal.encode("utf-8", "surrogatepass")).hexdigest()
