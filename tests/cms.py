"""A CMS file, piece by piece (RFC 5652 5.1, X.690 8.1)."""

from __future__ import annotations

SIGNED, ENVELOPED = bytes.fromhex("06092a864886f70d010702"), bytes.fromhex("06092a864886f70d010703")
_DATA = bytes.fromhex("06092a864886f70d010701")
END = b"\0\0"


def element(tag: int, content: bytes) -> bytes:
    return head(tag, len(content)) + content


def head(tag: int, length: int) -> bytes:
    """With the length in four bytes, which BER allows."""
    return bytes([tag, 0x84]) + length.to_bytes(4)


def endless(tag: int, content: bytes) -> bytes:
    """Two zeros tell its end."""
    return bytes([tag, 0x80]) + content + END


def chunks(content: bytes, size: int) -> bytes:
    return b"".join(element(0x04, content[at : at + size]) for at in range(0, len(content), size))


def before(octets: int) -> bytes:
    """All that stands before an octet string of that many bytes, its own head too, with a length for each."""
    start = element(0x02, b"\1") + element(0x31, b"")
    inner = _DATA + head(0xA0, octets)
    signed = start + head(0x30, len(inner) + octets) + inner
    content = head(0x30, len(signed) + octets) + signed
    whole = SIGNED + head(0xA0, len(content) + octets) + content
    return head(0x30, len(whole) + octets) + whole


def signed(octets: bytes) -> bytes:
    """`octets` is the octet string as it stands there."""
    return before(len(octets)) + octets


def streamed(octets: bytes) -> bytes:
    """As a program writes it that does not know the end yet, with another element behind the content."""
    inner = endless(0x30, _DATA + endless(0xA0, octets))
    digests = endless(0x31, endless(0x30, SIGNED) + element(0x30, SIGNED))
    return endless(0x30, SIGNED + endless(0xA0, endless(0x30, element(0x02, b"\1") + digests + inner + element(0xA0, b"\xff"))))
