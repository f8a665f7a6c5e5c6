"""The header of a message: its fields as they are read, and what the message is known by."""

from __future__ import annotations

import hashlib
from email.message import Message as Parsed

from msgspec import Struct

from engine.mail.content import charset_of_headers
from engine.mail.decode import as_letters, decode_header, is_bare, plain_header
from engine.mail.head import MOST_FIELDS
from engine.mail.headers import LONGEST_FIELD
from engine.mail.message import Headers
from engine.text import clean, collapse

_SHORT_FIELD = 2_000
_PLAIN = {"authentication-results"}


class Head(Struct, frozen=True):
    """`letters`: fields with addresses, their encoded words not decoded yet; `came`: what a message is known by, as it came."""

    headers: Headers
    letters: dict[str, list[str]]
    came: dict[str, list[str]]


def read_head(parsed: Parsed, defects: list[str], only: frozenset[str] | None = None) -> Head:
    """`only`: the fields that are wanted, in lower case; then no more than the beginning of each."""
    longest = LONGEST_FIELD if only is None else _SHORT_FIELD
    items = [(name, value) for name, value in parsed.raw_items() if only is None or name.lower() in only]
    charset = charset_of_headers(parsed) if any(is_bare(value) for _, value in items) else None
    letters: dict[str, list[str]] = {"from": [], "to": [], "cc": []}
    came: dict[str, list[str]] = {"from": [], "date": [], "subject": []}
    shown: list[tuple[str, str]] = []
    for number, (name, value) in enumerate(items):
        if number == MOST_FIELDS:
            defects.append(f"only the first {MOST_FIELDS} header fields are read")
            break
        low = name.lower()
        if low.startswith("x-postroom"):
            continue  # headers that we ourselves write and read are nobody else's to set (`behaviour.md` 3.1)
        if low in came:
            came[low].append(value)
        value = as_letters(value, charset)[:longest]
        if low in letters:
            letters[low].append(value)
        decode = plain_header if low in _PLAIN else decode_header
        shown.append((clean(name), decode(value)))
    return Head(Headers(shown), letters, came)


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
    parts = [message_id, *("".join(came[name]) for name in ("from", "date", "subject"))]
    normal = "\0".join(collapse(part) for part in parts)
    return hashlib.sha256(normal.encode("utf-8", "surrogatepass")).hexdigest()
