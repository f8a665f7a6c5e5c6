"""A winmail.dat, piece by piece (MS-OXTNEF 2.1)."""

from __future__ import annotations

import struct

MESSAGE, ATTACHMENT = 1, 2
SIGNATURE = struct.pack("<IH", 0x223E9F78, 1)
BEGIN_FILE, FILE_DATA, TITLE, PROPERTIES_OF_FILE, PROPERTIES, BODY, CODEPAGE = (
    0x9002,
    0x800F,
    0x8010,
    0x9005,
    0x9003,
    0x800C,
    0x9007,
)


def attribute(level: int, name: int, data: bytes) -> bytes:
    """With a checksum of zeros, which nobody reads."""
    return struct.pack("<BHHI", level, name, 6, len(data)) + data + b"\0\0"


def properties(*each: bytes, announced: int | None = None) -> bytes:
    return struct.pack("<I", len(each) if announced is None else announced) + b"".join(each)


def text(name: int, value: str) -> bytes:
    data = (value + "\0").encode("utf-16-le")
    return struct.pack("<HHII", 0x1F, name, 1, len(data)) + _padded(data)


def counted(name: int, kind: int, value: bytes) -> bytes:
    return struct.pack("<HHII", kind, name, 1, len(value)) + _padded(value)


def number(name: int, value: int) -> bytes:
    return struct.pack("<HHi", 0x03, name, value)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)


def file(*more: bytes, data: bytes = b"abc") -> bytes:
    """A file and attributes of it."""
    return attribute(ATTACHMENT, BEGIN_FILE, b"") + attribute(ATTACHMENT, FILE_DATA, data) + b"".join(more)


def winmail(*more: bytes) -> bytes:
    """One file of three bytes, and these attributes behind it."""
    return SIGNATURE + file() + b"".join(more)
