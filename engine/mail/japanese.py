"""ISO-2022-JP as Microsoft's and Apple's programs write it: with the characters of their own that it has no room for.

Such are ① and the 髙 of many names. Python's codec knows none of them, its `cp932` does, and both number their characters alike
(JIS X 0208, of which Shift JIS is another encoding).
"""

from __future__ import annotations

import codecs

CODEC = "iso2022_jp_ext"
_BY_CP932 = "postroom.by_cp932"
_MOST = 1_000  # of a text with more, something else is wrong, and each takes a microsecond


def decode_japanese(data: bytes) -> str:
    """Never raises."""
    text = data.decode(CODEC, "replace")
    return data.decode(CODEC, _BY_CP932) if 0 < text.count("\ufffd") <= _MOST else text


def _by_cp932(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    pair = error.object[error.start : error.end]
    for place, byte in enumerate(pair[1:], error.start + 1):
        if byte < 0x21:  # the end of a line or an escape sequence: no half of a character, and what it begins is not lost
            return "\ufffd", place
    if len(pair) != 2 or max(pair) > 0x7E or pair[0] < 0x21:
        return "\ufffd", error.end
    row, cell = pair
    first = (row + 1) // 2 + (0x70 if row < 0x5F else 0xB0)
    second = cell + 0x7E if row % 2 == 0 else cell + 0x1F + (cell > 0x5F)
    return bytes((first, second)).decode("cp932", "replace"), error.end


codecs.register_error(_BY_CP932, _by_cp932)
