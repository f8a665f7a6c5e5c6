"""ISO-2022-JP as Microsoft's and Apple's programs write it: with the characters of their own that it has no room for.

Such are ① and the 髙 of many names. Python's codec knows none of them, its `cp932` does, and both number their characters alike
(JIS X 0208, of which Shift JIS is another encoding).
"""

from __future__ import annotations

import re

_ESCAPE = re.compile(rb"\x1b(?:\$[@B]|\([BIJ])")
_LONGEST = 500_000  # bytes: each character is looked at


def decode_japanese(data: bytes) -> str:
    """Never raises."""
    if len(data) > _LONGEST:
        return data.decode("iso2022_jp_ext", "replace")
    pieces: list[bytes] = []
    kind, start = b"", 0
    for escape in _ESCAPE.finditer(data):
        pieces.append(_shift_jis(kind, data[start : escape.start()]))
        kind, start = escape[0][1:], escape.end()
    pieces.append(_shift_jis(kind, data[start:]))
    return b"".join(pieces).decode("cp932", "replace")


def _shift_jis(kind: bytes, piece: bytes) -> bytes:
    if kind == b"(I":  # katakana of half the width
        return bytes(byte | 0x80 if byte > 0x20 else byte for byte in piece)
    if not kind.startswith(b"$"):
        return piece
    result = bytearray()
    waiting = iter(piece)
    for row in waiting:
        if row <= 0x20 or row > 0x7E:  # a line's end
            result.append(row)
            continue
        cell = next(waiting, 0x20)
        result.append((row + 1) // 2 + (0x70 if row < 0x5F else 0xB0))
        result.append(cell + 0x7E if row % 2 == 0 else cell + 0x1F + (cell > 0x5F))
    return bytes(result)
