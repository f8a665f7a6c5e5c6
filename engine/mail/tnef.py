"""Outlook's `winmail.dat` (TNEF) to the files and the text in it, by MS-OXTNEF 2.1.

Read here and not by a library: tnefparse believes each count that it meets, and a `winmail.dat` of 4 KB made it take all memory.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from msgspec import Struct, field

from engine.mail.decode import decode_bytes

MOST_ATTRIBUTES = 2_000
MOST_VALUES = 10_000  # of all properties: a message has some hundred, a file some thirty
_SIGNATURE = 0x223E9F78
_HEAD = struct.Struct("<BHHI")  # of an attribute: level, name, type, length of the data; a checksum of two bytes follows that
_NUMBER = struct.Struct("<I")
_OF_MESSAGE, _OF_FILE = 1, 2
_CODEPAGE, _BODY, _MESSAGE_PROPERTIES = 0x9007, 0x800C, 0x9003
_BEGINS, _DATA, _TITLE, _TRANSPORT_NAME, _FILE_PROPERTIES = 0x9002, 0x800F, 0x8010, 0x9001, 0x9005
# Sizes of what a MAPI property holds, by its type; the others hold counted bytes (MS-OXTNEF 2.1.3.5, MS-OXCDATA 2.11.1).
_SIZES = {0x02: 2, 0x0B: 2, 0x03: 4, 0x04: 4, 0x0A: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x14: 8, 0x40: 8, 0x48: 16}
_UNSPECIFIED, _OBJECT, _TEXT, _UNICODE, _BINARY = 0x00, 0x0D, 0x1E, 0x1F, 0x102
_COUNTED = {_UNSPECIFIED, _OBJECT, _TEXT, _UNICODE, _BINARY}
_SEVERAL, _NAMED = 0x1000, 0x8000
_TEXT_BODY, _HTML_BODY, _HTML_CODEPAGE = 0x1000, 0x1013, 0x3FDE
_DATA_OBJECT, _SHOWN_NAME, _SHORT_NAME, _LONG_NAME = 0x3701, 0x3001, 0x3704, 0x3707
_INTERFACE = 16  # bytes before an object's own, which say what it is
_CHARSETS = {
    20127: "us-ascii",
    20866: "koi8-r",
    21866: "koi8-u",
    50220: "iso-2022-jp",
    51932: "euc-jp",
    65000: "utf-7",
    65001: "utf-8",
}


class Tnef(Struct, frozen=True):
    """`files` are (name, bytes). Bodies are as they came, each with the charset that it declares."""

    files: tuple[tuple[str, bytes], ...] = ()
    text: tuple[bytes, str] | None = None
    html: tuple[bytes, str] | None = None


class _File(Struct):
    """`names` by what holds them: a property, or the attribute of the title."""

    data: bytes = b""
    names: dict[int, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        best = (_LONG_NAME, _SHORT_NAME, _TITLE, _TRANSPORT_NAME, _SHOWN_NAME)
        return next((name for name in map(self.names.get, best) if name), "")


def read_tnef(data: bytes) -> Tnef:
    """Nothing where the data is no TNEF, or damaged: the caller then keeps it as it is."""
    try:
        return _Reader(data).read()
    except (struct.error, ValueError):
        return Tnef()


class _Reader:
    """Whatever is announced is held against the bytes that there are; each byte is looked at a few times at the most."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._charset = ""
        self._values = 0
        self._files: list[_File] = []
        self._bodies: dict[int, tuple[bytes, str]] = {}

    def read(self) -> Tnef:
        if _number(self._data, 0) != _SIGNATURE:
            raise ValueError("no TNEF")
        for level, name, block in self._attributes():
            if name == _CODEPAGE:
                self._charset = _charset(_number(block, 0))
            elif level == _OF_MESSAGE:
                self._message(name, block)
            else:
                self._file(name, block)
        return Tnef(
            tuple((file.name, file.data) for file in self._files), self._bodies.get(_TEXT_BODY), self._bodies.get(_HTML_BODY)
        )

    def _attributes(self) -> Iterator[tuple[int, int, bytes]]:
        """(level, name, data) of each, up to what is none: programs add a few bytes at the end."""
        place, count = 6, 0
        while place + _HEAD.size + 2 <= len(self._data):
            level, name, _, length = _HEAD.unpack_from(self._data, place)
            if level not in (_OF_MESSAGE, _OF_FILE):
                return
            place += _HEAD.size
            count += 1
            if count > MOST_ATTRIBUTES or place + length > len(self._data):
                raise ValueError("too many attributes, or one that is cut off")
            yield level, name, self._data[place : place + length]
            place += length + 2

    def _message(self, name: int, block: bytes) -> None:
        if name == _BODY:
            self._bodies[_TEXT_BODY] = _ended(block, _TEXT), self._charset
        elif name == _MESSAGE_PROPERTIES:
            charset = self._charset
            for which, kind, value in self._properties(block):
                if which == _HTML_CODEPAGE and kind == 0x03:
                    charset = _charset(_number(value, 0))
                elif which in (_TEXT_BODY, _HTML_BODY) and kind in _COUNTED:
                    self._bodies[which] = _ended(value, kind), "utf-16-le" if kind == _UNICODE else charset

    def _file(self, name: int, block: bytes) -> None:
        if name == _BEGINS or not self._files:
            self._files.append(_File())
        file = self._files[-1]
        if name == _DATA:
            file.data = block
        elif name in (_TITLE, _TRANSPORT_NAME):
            file.names[name] = self._letters(block, _TEXT)
        elif name == _FILE_PROPERTIES:
            for which, kind, value in self._properties(block):
                if which == _DATA_OBJECT and kind in (_OBJECT, _BINARY):
                    file.data = value[_INTERFACE:] if kind == _OBJECT else value
                elif which in (_LONG_NAME, _SHORT_NAME, _SHOWN_NAME) and kind in (_TEXT, _UNICODE):
                    file.names[which] = self._letters(value, kind)

    def _letters(self, value: bytes, kind: int) -> str:
        text = value.decode("utf-16-le", "replace") if kind == _UNICODE else decode_bytes(_ended(value, kind), self._charset)
        return text.partition("\0")[0]

    def _properties(self, block: bytes) -> Iterator[tuple[int, int, bytes]]:
        """(name, type, bytes) of each value, up to one of a type that nobody knows: where that ends is not known either."""
        count, place = _number(block, 0), 4
        for _ in range(count):
            kind, which = struct.unpack_from("<HH", block, place)
            place += 4
            if which >= _NAMED:
                place += 20
                has_words = _number(block, place - 4)
                place += 4 + (_padded(_number(block, place)) if has_words else 0)
            size = _SIZES.get(kind & ~_SEVERAL)
            if size is None and kind & ~_SEVERAL not in _COUNTED:
                return
            values = 1
            if kind & _SEVERAL or size is None:
                values = _number(block, place)
                place += 4
            self._values += max(values, 1)
            if self._values > MOST_VALUES:
                raise ValueError("too many values")
            for _ in range(values):
                length = size
                if length is None:
                    length = _number(block, place)
                    place += 4
                if place + length > len(block):
                    raise ValueError("a property is cut off")
                yield which, kind, block[place : place + length]
                place += length if size is not None else _padded(length)
            place += -place % 4


def _number(data: bytes, place: int) -> int:
    """Of four bytes. Raises `struct.error` behind the end."""
    number: int = _NUMBER.unpack_from(data, place)[0]
    return number


def _ended(text: bytes, kind: int) -> bytes:
    """Without the letter of value 0 that ends it."""
    return text.removesuffix(b"\0\0" if kind == _UNICODE else b"\0")


def _padded(length: int) -> int:
    return length + -length % 4


def _charset(codepage: int) -> str:
    if 28591 <= codepage <= 28605:
        return f"iso-8859-{codepage - 28590}"
    return _CHARSETS.get(codepage, f"cp{codepage}")
