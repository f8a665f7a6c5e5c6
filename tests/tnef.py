"""A winmail.dat, piece by piece (MS-OXTNEF 2.1)."""

from __future__ import annotations

import struct

MESSAGE, ATTACHMENT = 1, 2
_SIGNATURE = struct.pack("<IH", 0x223E9F78, 1)


def attribute(level: int, name: int, data: bytes) -> bytes:
    """With a checksum of zeros, which nobody reads."""
    return struct.pack("<BHHI", level, name, 6, len(data)) + data + b"\0\0"


def winmail(*more: bytes) -> bytes:
    """One file of three bytes, and these attributes behind it."""
    file = attribute(ATTACHMENT, 0x9002, b"") + attribute(ATTACHMENT, 0x800F, b"abc")
    return _SIGNATURE + file + b"".join(more) + b"\0" * 12
