"""Telephone numbers as people and exchanges write them, found in a text and compared: `+41 (0)44 123 45 67`, `0041441234567`, `044 123 45 67`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from msgspec import Struct

from engine.late import late_pattern

LEAST, MOST = 8, 15  # digits: the number of an order may have fewer, and E.164 has no more
_TRUNK = late_pattern(r"\( ?0 ?\)")  # dialled within the country only
_GROUP = late_pattern(r"(?:(\+ ?)|(?<!\w))([0-9]+)")  # not within a word
_BETWEEN = late_pattern(r"[ \u00a0./()\-\u2013]{1,3}")  # groups of one number
_WRITTEN = late_pattern(r"\+?[\d ./()\-\u00a0\u2013]+", re.ASCII)
_MOST_GROUPS = 300


class Phone(Struct, frozen=True):
    """`digits` without what only says how it is dialled; `abroad`: they begin with the country's code."""

    digits: str
    abroad: bool

    @property
    def key(self) -> str:
        """What all ways to write it have in common."""
        return self.digits[-LEAST:]

    def is_that(self, other: Phone) -> bool:
        """One without its country's code may be of any country."""
        if self.abroad == other.abroad:
            return self.digits == other.digits
        longer, shorter = (self, other) if self.abroad else (other, self)
        return longer.digits.endswith(shorter.digits)

    def __str__(self) -> str:
        return f"{'+' if self.abroad else '0'}{self.digits}"


def phone_of(text: str) -> Phone:
    """The one that stands there. Raises `ValueError` where it is none, or has too few digits."""
    text = _TRUNK.sub(" ", text).strip()
    found = _phone("".join(re.findall(r"[+\d]", text))) if _WRITTEN.fullmatch(text) else None
    if found is None:
        raise ValueError(f"'{text}' is no telephone number")
    return found


def phones_in(text: str) -> Iterator[Phone]:
    """All that may be one, by where they begin, and the longest first: `voicemail 30, 044 123 45 67` has other digits before it."""
    text = _TRUNK.sub(" ", text)
    groups = list(islice(_GROUP.finditer(text), _MOST_GROUPS))
    taken = 0  # after a country's code no other number begins before this one ends
    for first, start in enumerate(groups):
        if first < taken:
            continue
        written, found = "+" if start[1] else "", list[Phone]()
        for place in range(first, len(groups)):
            group = groups[place]
            if place > first and not _BETWEEN.fullmatch(text, groups[place - 1].end(), group.start()):
                break
            written += group[2]
            if len(written) > MOST + 3 or (place > first and group[1]):
                break
            phone = _phone(written)
            if phone is not None:
                found.append(phone)
                if phone.abroad:
                    taken = place + 1
        yield from reversed(found)


def _phone(written: str) -> Phone | None:
    """Digits, behind a `+` or not."""
    digits = written.lstrip("+0")
    return Phone(digits, written.startswith(("+", "00"))) if LEAST <= len(digits) <= MOST else None
