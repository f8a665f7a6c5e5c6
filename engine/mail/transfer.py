"""A part's bytes without their transfer encoding (RFC 2045 6). Never raises: what cannot be decoded stands as it came."""

from __future__ import annotations

import re
from binascii import Error, a2b_base64, a2b_qp
from email.message import Message as Parsed

from engine.mail.part import Part

_ENCODING = re.compile(r"[\w-]+")
_UUENCODED = {"x-uuencode", "uuencode", "uue", "x-uue"}
_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_BASE64 = _LETTERS + b"="
_NOT_LETTERS = bytes(set(range(256)) - set(_LETTERS))
_LONGEST_FIRST = 1_000  # of a line
_FIRST_LINE = re.compile(rb"\s*+([^\r\n]{1,%d})" % _LONGEST_FIRST)
_OTHER = re.compile(rb"[^A-Za-z0-9+/=\s]|[^\s][ \t]+[^\s]")  # than base64, which has no words
_PADDING = re.compile(rb"=+")
_PIECE = re.compile(rb"[A-Za-z0-9+/]+(?:={1,2}|\Z)")
_FOOTER = 50_000  # bytes at the end: to look at each of 30 MB takes a second
_MOST_PIECES = 10_000


def encoding_of(part: Parsed) -> str:
    """`base64` and the like, in lower case; empty where it says none."""
    said = _ENCODING.search(str(part.get("Content-Transfer-Encoding", "")))
    return said[0].lower() if said else ""


def as_it_came(part: Parsed) -> bytes:
    """Its lines, still in their transfer encoding; none where it has parts."""
    return part.lines if isinstance(part, Part) else b""


def decoded(part: Parsed) -> bytes:
    return decoded_from(encoding_of(part), as_it_came(part))


def decoded_from(encoding: str, lines: bytes) -> bytes:
    if encoding == "quoted-printable":
        # Behind a soft line break without a line feed, the decoder passes over all text up to the next line feed.
        if lines.count(b"=\r") > lines.count(b"=\r\n"):  # a pattern took three seconds for 30 MB of them
            lines = lines.replace(b"=\r", b"=\r\n").replace(b"=\r\n\n", b"=\r\n")
        return a2b_qp(lines)
    if encoding == "base64":
        return _from_base64(lines)
    return _from_uuencode(lines) if encoding in _UUENCODED else lines


def _from_base64(lines: bytes) -> bytes:
    first = _FIRST_LINE.match(lines)
    if first is None:
        return b""
    if _is_text(first[1]):
        return lines  # a program said so of what it did not encode
    end = max(first.end(), len(lines) - _FOOTER)
    # The pattern takes two milliseconds for it; most has nothing that it could find.
    if lines[end:].translate(None, _BASE64 + b"\r\n") and (other := _OTHER.search(lines, end)):
        lines = lines[: lines.rfind(b"\n", 0, other.start() + 1) + 1] or lines  # below it a list or a gateway wrote its own
    letters = lines.translate(None, b"\r\n\t ")
    data = from_letters(letters)
    padding = _PADDING.match(letters, letters.find(b"="))  # to search for it with the pattern took 7 ms a megabyte
    return data + _pieces(letters, padding.end()) if padding else data


def from_letters(letters: bytes) -> bytes:
    """What base64 without white space stands for, also where its end is missing."""
    try:
        return a2b_base64(letters + b"==")  # more of them than are needed do no harm
    except Error:  # cut off: one letter by itself says nothing
        only = letters.translate(None, _NOT_LETTERS)
        return a2b_base64(only[: len(only) // 4 * 4])


def _is_text(line: bytes) -> bool:
    """Whether it has the spaces of one. Where a gateway made spaces of the ends of lines, what stands between them is in fours."""
    if 10 * len(line.translate(None, _BASE64)) > len(line):
        return True
    words = line.split() if len(line) < _LONGEST_FIRST else []
    return len(words) > 1 and any(len(word) % 4 for word in words)


def _pieces(letters: bytes, place: int) -> bytes:
    """What stands behind the first padding, where decoders end: some programs encode piece by piece, and each has its own."""
    found = bytearray()
    for _ in range(_MOST_PIECES):
        piece = _PIECE.match(letters, place)
        if piece is None or len(piece[0]) % 4:
            break
        found += a2b_base64(piece[0])
        place = piece.end()
    return bytes(found)


def _from_uuencode(lines: bytes) -> bytes:
    alone = Parsed()
    alone["Content-Transfer-Encoding"] = "x-uuencode"
    alone.set_payload(lines.decode("ascii", "surrogateescape"))
    try:
        data = alone.get_payload(decode=True)
    except Exception:  # whatever Python's own decoder meets
        return lines
    return data if isinstance(data, bytes) else b""
