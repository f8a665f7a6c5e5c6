"""Unicode's normal forms in linear time, whatever the text (Unicode Standard Annex 15)."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Literal

from engine.late import late_pattern

# No script needs more marks on one letter: the annex's Stream-Safe Text Format. What is beyond them would be sorted in quadratic time:
# 80,000 took five seconds.
MOST_MARKS = 30
# What decomposes into marks alone beside what is a mark itself: halfwidth katakana's and Tibetan's.
_MADE_OF_MARKS = "\uff9e\uff9f\u0f73\u0f75\u0f81"
# Old scripts' letters and marks. A pattern that tells these apart takes 25 times as long, so what it finds is looked at once more.
_FAR = "\U00010000-\U0001efff"
_FAR_RUN = late_pattern(f"[{_FAR}]+")


def normalized(form: Literal["NFC", "NFKC", "NFKD"], text: str) -> str:
    """Without marks beyond the thirtieth on one letter."""
    # Only marks that are out of order are sorted, and that is seen before any work is done.
    if text.isascii() or unicodedata.is_normalized(form, text):
        return text
    return unicodedata.normalize(form, _towers().sub(_lower, text))


def without_marks(text: str) -> str:
    """Without accents and all else that stands on, in or below a letter, in NFKD."""
    return _FAR_RUN.sub(_bare, _heaps().sub("", normalized("NFKD", text)))


@cache
def _marks() -> str:
    blocks = (range(0x300, 0x3100), range(0xA600, 0xAC00), range(0xFB00, 0xFE30))  # no other below U+10000 has any
    return re.escape("".join(letter for block in blocks for letter in map(chr, block) if unicodedata.combining(letter)))


@cache
def _heaps() -> re.Pattern[str]:
    return re.compile(f"[{_marks()}]+")


@cache
def _towers() -> re.Pattern[str]:
    """More than thirty; what stands before the first is asked for, so that each is looked at once."""
    mark = f"[{_marks()}{_MADE_OF_MARKS}{_FAR}]"
    return re.compile(f"{mark}(?<!{mark}{{2}}){mark}{{{MOST_MARKS},}}")


def _bare(found: re.Match[str]) -> str:
    return "".join(letter for letter in found[0] if not unicodedata.combining(letter))


def _lower(found: re.Match[str]) -> str:
    kept, height = [], 0
    for letter in found[0]:
        height = height + 1 if unicodedata.combining(letter) or letter in _MADE_OF_MARKS else 0
        if height <= MOST_MARKS:
            kept.append(letter)
    return "".join(kept)
