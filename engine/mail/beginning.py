"""The beginning of a message that is larger than what is taken at all: its head tells to whom the refusal goes.

The rest is counted and digested as it goes by, and never kept: a mailbox may hold more in one message than the machine has memory.
"""

from __future__ import annotations

import hashlib

from msgspec import Struct

from engine.mail.known import digest_of_bytes


class Beginning(Struct, frozen=True):
    """`raw`: the first bytes, one more than is taken, so that by themselves they are too large too. The rest tells of the whole.

    `size` in bytes; `sha256` and `identity` in hexadecimal, the latter what it is known by if it has no Message-ID.
    """

    raw: bytes
    size: int
    sha256: str
    identity: str


Raw = bytes | Beginning


def bytes_of(raw: Raw) -> bytes:
    """All of them, or those that are there."""
    return raw if isinstance(raw, bytes) else raw.raw


class Gathering:
    """A message gathered piece by piece, `most` bytes of it kept at the most (and one more)."""

    def __init__(self, most: int) -> None:
        self._most = most + 1
        self._kept = bytearray()
        self._size = 0
        self._whole, self._identity = hashlib.sha256(), digest_of_bytes()

    def add(self, piece: bytes | bytearray) -> None:
        self._size += len(piece)
        if self._size < self._most:
            self._kept += piece
            return
        if self._size - len(piece) < self._most:
            self._digest(self._kept)
        self._digest(piece)
        self._kept += piece[: self._most - len(self._kept)]

    def _digest(self, piece: bytes | bytearray) -> None:
        self._whole.update(piece)
        self._identity.update(piece)

    def end(self) -> Raw:
        raw = bytes(self._kept)
        if self._size < self._most:
            return raw
        return Beginning(raw, self._size, self._whole.hexdigest(), self._identity.hexdigest())
