"""What generated mail is made of: words, the senders that `configure` writes into the directory, and a clock."""

from __future__ import annotations

import base64
import random
from datetime import datetime, timedelta

SEED = 20261125
SECOND = datetime(2021, 11, 1, 8)
WORDS = [
    "printer",
    "screen",
    "laptop",
    "mail",
    "server",
    "office",
    "user",
    "account",
    "password",
    "drive",
    "network",
    "cable",
    "phone",
    "meeting",
    "invoice",
    "update",
    "version",
    "error",
    "message",
    "folder",
    "window",
    "button",
    "report",
    "monday",
    "morning",
    "nobody",
    "can",
    "open",
    "since",
    "works",
    "again",
    "please",
    "thank",
    "you",
    "the",
    "a",
    "of",
    "to",
    "in",
    "and",
    "is",
    "it",
    "for",
    "with",
    "that",
    "this",
    "on",
    "was",
    "are",
    "be",
    "have",
    "from",
    "or",
    "but",
    "not",
    "what",
    "when",
    "where",
    "who",
    "will",
    "would",
    "could",
    "there",
    "their",
]


def words(rng: random.Random, size: int) -> str:
    """Lines of ordinary length, `size` bytes of them at least."""
    lines: list[str] = []
    have = 0
    while have < size:
        line = " ".join(rng.choices(WORDS, k=rng.randint(5, 13))).capitalize() + "."
        lines.append(line)
        have += len(line) + 2
    return "\r\n".join(lines)


def sender(number: int, contacts: int) -> str:
    """A contact of the directory that `configure` writes."""
    one = number * 7919 % contacts
    return f"contact{one}@customer{one % customers(contacts)}.example"


def customers(contacts: int) -> int:
    return max(4, contacts // 5)


def when(number: int) -> str:
    """The Date of a message: one each 97 seconds."""
    return f"{SECOND + timedelta(seconds=97 * number):%a, %d %b %Y %H:%M:%S} +0000"


def encoded(data: bytes) -> str:
    """In base64, on lines."""
    return base64.encodebytes(data).decode().replace("\n", "\r\n")
