"""Files within a plain text, as `uuencode file file | mail` sends them (POSIX `uuencode`, the historical algorithm)."""

from __future__ import annotations

import re
from binascii import a2b_uu
from itertools import islice

# At the beginning of a line. Where the letters stand is found first, and then what is before them: much faster than line by line.
_BEGIN = re.compile(rb"begin (?<![^\n]begin )[0-7]{3,4} (\S[^\r\n]{0,254})\r?\n")
# 45 bytes in 60 characters, maybe with one that is a sum; spaces at the end, which are zeros, may have gone on the way.
_WHOLE = re.compile(rb"M([ -`]{0,61})\r?\n")
_END = re.compile(rb"(?:([!-L])([ -`]{0,61})\r?\n)?(?:[ `]{0,2}\r?\n)?end[ \t]{0,5}(?:\r?\n|\Z)")
_MOST = 100  # lines that may begin one


def without_files(text: bytes) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """The text without the files in it, and these, each with its name. What does not go on to its end as a file does stays text."""
    kept: list[bytes] = []
    files: list[tuple[bytes, bytes]] = []
    behind = 0
    for begin in islice(_BEGIN.finditer(text), _MOST):
        if begin.start() < behind:
            continue
        data, place = bytearray(), begin.end()
        while (line := _WHOLE.match(text, place)) is not None:
            data += _decoded(b"M", line[1])
            place = line.end()
        end = _END.match(text, place)
        if end is not None:
            if end[1]:
                data += _decoded(end[1], end[2])
            kept.append(text[behind : begin.start()])
            files.append((begin[1].strip(), bytes(data)))
            behind = end.end()
    return (b"".join([*kept, text[behind:]]), files) if files else (text, [])


def _decoded(length: bytes, letters: bytes) -> bytes:
    most = ((length[0] - 32) * 8 + 5) // 6  # behind them it wants spaces, and programs fill up with what they like
    return a2b_uu(length + letters[:most])
