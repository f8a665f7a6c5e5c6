"""What a CMS file holds (RFC 5652), as S/MIME puts a whole mail into one, `smime.p7m` (RFC 8551 3.3, 3.5.2).

Read by hand: cryptography reads DER only, and mail programs write BER (X.690 8.1) of which the length is told by nobody;
asn1crypto joins a content's chunks in quadratic time: 7.5 s for 30 MB as openssl writes them, which take 0.05 s here.
Signatures are not looked at: they make nobody known.
"""

from __future__ import annotations

from msgspec import Struct

MOST_ELEMENTS = 200_000  # of 1 KB and more each, as mail programs cut a content into
DEEPEST = 16
_SEQUENCE, _CONTENT, _OID, _OCTETS, _CHUNKS = 0x30, 0xA0, 0x06, 0x04, 0x24
_SIGNED = bytes.fromhex("2a864886f70d010702")  # 1.2.840.113549.1.7.2
_ENCRYPTED = {
    bytes.fromhex("2a864886f70d010703"),  # enveloped-data, 1.2.840.113549.1.7.3
    bytes.fromhex("2a864886f70d0109100117"),  # authEnveloped-data, RFC 5083
}


class Cms(Struct, frozen=True):
    """`signed` is what was signed, None where there is nothing: other kinds, certificates alone, a signature alone."""

    signed: bytes | None = None
    encrypted: bool = False


def read_cms(data: bytes) -> Cms:
    """Never raises: what cannot be read holds nothing."""
    try:
        return _read(_Reader(data))
    except (IndexError, ValueError):
        return Cms()


def _read(reader: _Reader) -> Cms:
    reader.enter(_SEQUENCE)
    kind = reader.value(_OID)
    if kind in _ENCRYPTED:
        return Cms(encrypted=True)
    if kind != _SIGNED:
        return Cms()
    reader.enter(_CONTENT)
    reader.enter(_SEQUENCE)
    reader.skip()  # version
    reader.skip()  # digests
    end = reader.enter(_SEQUENCE)
    reader.value(_OID)
    if reader.place == end:  # a signature alone; where no end is told, two zeros stand next, which are no content
        return Cms()
    reader.enter(_CONTENT)
    return Cms(signed=reader.octets())


class _Reader:
    """Goes through the elements one by one. What is cut off, or is not what it should be, raises IndexError or ValueError."""

    def __init__(self, data: bytes) -> None:
        self.place = 0
        self._data = data
        self._elements = 0

    def enter(self, tag: int) -> int | None:
        """Into an element that is made of others; the place where it ends, None where nothing tells it."""
        found, length = self._head()
        if found != tag:
            raise ValueError(f"{found:#x} instead of {tag:#x}")
        return None if length is None else self.place + length

    def value(self, tag: int) -> bytes:
        end = self.enter(tag)
        if end is None:
            raise ValueError("a value without an end")
        return self._take(end)

    def skip(self) -> None:
        """Behind an element, with all that is in it."""
        depth = 0
        while True:
            tag, length = self._head()
            if length is None:
                depth += 1
            elif (tag, length) == (0, 0) and depth:
                depth -= 1
            else:
                self._take(self.place + length)
            if not depth:
                return

    def octets(self) -> bytes:
        """An octet string; in BER it may come in chunks, and they in chunks (X.690 8.7.3)."""
        content = bytearray()
        ends: list[int | None] = []
        while True:
            tag, length = self._head()
            if tag == _CHUNKS and len(ends) < DEEPEST:
                ends.append(None if length is None else self.place + length)
            elif tag == _OCTETS and length is not None:
                content += self._take(self.place + length)
            elif (tag, length) == (0, 0) and ends and ends[-1] is None:
                ends.pop()
            else:
                raise ValueError(f"{tag:#x} in an octet string")
            while ends and ends[-1] == self.place:
                ends.pop()
            if not ends:
                return bytes(content)

    def _head(self) -> tuple[int, int | None]:
        """Tag and length; the length None where two zeros tell the end (X.690 8.1.3.6)."""
        self._elements += 1
        if self._elements > MOST_ELEMENTS:
            raise ValueError("too many elements")
        tag, length = self._data[self.place], self._data[self.place + 1]
        self.place += 2
        if tag & 0x1F == 0x1F:
            raise ValueError("a tag that CMS has not")
        if length == 0x80:
            return tag, None
        if length > 0x80:
            length = int.from_bytes(self._take(self.place + (length & 0x7F)))
        return tag, length

    def _take(self, end: int) -> bytes:
        if end > len(self._data):
            raise ValueError("cut off")
        taken = self._data[self.place : end]
        self.place = end
        return taken
