"""Files within a plain text, as `uuencode file file | mail` sends them (POSIX `uuencode`, the historical algorithm)."""

from __future__ import annotations

import re
from binascii import a2b_uu

_BEGIN = re.compile(r"^begin [0-7]{3,4} (\S[^\n]{0,254})\n", re.MULTILINE)
# 45 bytes in 60 characters, maybe with one that is a sum; spaces at the end, which are zeros, may have gone on the way.
_WHOLE = re.compile(r"M([ -`]{0,61})\n")
_END = re.compile(r"(?:([!-L])([ -`]{0,61})\n)?(?:[ `]{0,2}\n)?end[ \t]{0,5}(?:\n|\Z)")
_MOST = 100  # lines that may begin one


def without_files(text: str) -> tuple[str, list[tuple[str, bytes]]]:
    """The text without the files in it, and these, each with its name. What does not go on to its end as a file does stays text."""
    if "begin " not in text:
        return text, []
    kept: list[str] = []
    files: list[tuple[str, bytes]] = []
    place = start = 0
    for _ in range(_MOST):
        begin = _BEGIN.search(text, place)
        if begin is None:
            break
        data, place = bytearray(), begin.end()
        while (line := _WHOLE.match(text, place)) is not None:
            data += _decoded("M", line[1])
            place = line.end()
        end = _END.match(text, place)
        if end is not None:
            if end[1]:
                data += _decoded(end[1], end[2])
            kept.append(text[start : begin.start()])
            files.append((begin[1].strip(), bytes(data)))
            start = place = end.end()
    return "".join([*kept, text[start:]]), files


def _decoded(length: str, letters: str) -> bytes:
    most = ((ord(length) - 32) * 8 + 5) // 6  # behind them it wants spaces, and programs fill up with what they like
    return a2b_uu(length + letters[:most])
