"""Files within a plain text, as `uuencode file file | mail` sends them (POSIX `uuencode`, the historical algorithm)."""

from __future__ import annotations

import re
from binascii import a2b_uu
from collections.abc import Iterator
from itertools import islice

from engine.literals import Literals

_LINES = Literals({"\nbegin ": None})  # `str.find` takes thirty times as long
_BEGIN = re.compile(r"begin [0-7]{3,4} (\S[^\n]{0,254})\n")
# 45 bytes in 60 characters, maybe with one that is a sum; spaces at the end, which are zeros, may have gone on the way.
_WHOLE = re.compile(r"M([ -`]{0,61})\n")
_END = re.compile(r"(?:([!-L])([ -`]{0,61})\n)?(?:[ `]{0,2}\n)?end[ \t]{0,5}(?:\n|\Z)")
_MOST = 100  # lines that may begin one


def without_files(text: str) -> tuple[str, list[tuple[str, bytes]]]:
    """The text without the files in it, and these, each with its name. What does not go on to its end as a file does stays text."""
    kept: list[str] = []
    files: list[tuple[str, bytes]] = []
    behind = 0
    for start in islice(_beginnings(text), _MOST):
        begin = _BEGIN.match(text, start)
        if begin is None or start < behind:
            continue
        data, place = bytearray(), begin.end()
        while (line := _WHOLE.match(text, place)) is not None:
            data += _decoded("M", line[1])
            place = line.end()
        end = _END.match(text, place)
        if end is not None:
            if end[1]:
                data += _decoded(end[1], end[2])
            kept.append(text[behind:start])
            files.append((begin[1].strip(), bytes(data)))
            behind = end.end()
    return ("".join([*kept, text[behind:]]), files) if files else (text, [])


def _beginnings(text: str) -> Iterator[int]:
    """Where lines begin that may begin a file."""
    if text.startswith("begin "):
        yield 0
    for start, _, _ in _LINES.find(text):
        yield start + 1


def _decoded(length: str, letters: str) -> bytes:
    most = ((ord(length) - 32) * 8 + 5) // 6  # behind them it wants spaces, and programs fill up with what they like
    return a2b_uu(length + letters[:most])
