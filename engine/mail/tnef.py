"""Outlook's `winmail.dat` (TNEF) to the files in it."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from engine.mail.decode import decode_bytes

MOST_ATTRIBUTES = 2_000
MOST_COPIED = 4_000_000_000  # bytes: the library copies what is left for each attribute, which takes a second
DEEPEST = 3
_HEAD = struct.Struct("<BHHI")  # of an attribute: level, name, type, length of the data; a checksum of two bytes follows that
_MAPI_PROPERTIES, _RECIPIENTS, _ATTACHMENT = 0x9003, 0x9004, 0x9005
# Sizes of what a MAPI property holds, by its type; all other types hold counted bytes (MS-OXTNEF 2.1.3.5, MS-OXCDATA 2.11.1).
_SIZES = {0x02: 2, 0x0B: 2, 0x03: 4, 0x04: 4, 0x0A: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x14: 8, 0x40: 8, 0x48: 16}
_SEVERAL, _NAMED = 0x1000, 0x8000
_EMBEDDED = bytes.fromhex("0703020000000000c000000000000046")


def unpack_tnef(data: bytes) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of each file. Nothing where the data is no TNEF: the caller then keeps it as it is."""
    from tnefparse import TNEF  # seldom needed

    try:
        _check(data, 0)
        parsed = TNEF(data, do_checksum=False)
        for found in parsed.attachments:
            name = found.long_filename() or found.name or ""
            yield (name if isinstance(name, str) else decode_bytes(name, None)), bytes(found.data)
    except Exception:  # a damaged winmail.dat is kept whole
        return


def _check(data: bytes, depth: int) -> None:
    """Raises an error where there is less than the data says: the library makes an object of each thing that is announced."""
    if depth > DEEPEST:
        raise ValueError("messages nested too deep")
    place, attributes = 6, 0
    while place + _HEAD.size + 2 < len(data):
        _, name, _, length = _HEAD.unpack_from(data, place)
        block = data[place + _HEAD.size : place + _HEAD.size + length]
        place += _HEAD.size + length + 2
        attributes += 1
        if attributes > MOST_ATTRIBUTES or attributes * len(data) > MOST_COPIED:
            raise ValueError("too many attributes")
        if name in (_MAPI_PROPERTIES, _ATTACHMENT):
            _properties(block, 0, depth)
        elif name == _RECIPIENTS:
            end = 4
            for _ in range(_count(block, 0, 4)):
                end = _properties(block, end, depth)


def _count(data: bytes, place: int, least: int) -> int:
    """How many things are announced; each takes `least` bytes at least."""
    count: int = struct.unpack_from("<I", data, place)[0]
    if count * least > len(data) - place:
        raise ValueError("more is announced than there is")
    return count


def _properties(data: bytes, place: int, depth: int) -> int:
    """The place behind them."""
    count = _count(data, place, 4)
    place += 4
    for _ in range(count):
        kind, name = struct.unpack_from("<HH", data, place)
        place += 4
        if name >= _NAMED:
            place += 20
            by_name = struct.unpack_from("<I", data, place - 4)[0]
            place += 4 + (_padded(_count(data, place, 1)) if by_name else 0)
        values, several = 1, bool(kind & _SEVERAL)
        kind &= ~_SEVERAL
        if several:
            values = _count(data, place, 2)
            place += 4
        if kind in _SIZES:
            place += values * _SIZES[kind]
            if _SIZES[kind] == 2 and values % 2:
                place += 2
        else:
            if not several:
                values = _count(data, place, 4)
                place += 4
            for _ in range(values):
                length = _count(data, place, 1)
                if data.startswith(_EMBEDDED, place + 4):
                    _check(data[place + 4 + len(_EMBEDDED) : place + 4 + length], depth + 1)
                place += 4 + _padded(length)
        if place > len(data) + 3:  # the last may come without its padding
            raise ValueError("a property is cut off")
    return place


def _padded(length: int) -> int:
    return length + -length % 4
