"""A header cut down to what a parser can take, and without the lines that senders' broken programs put there."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from itertools import islice

from engine.mail.headers import LONGEST_FIELD

MOST_FIELDS = 2_000
_SMALL = 64 * 1024  # no header below this can do harm
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_FIELD_END = re.compile(rb"\r?\n(?![ \t])")
_LOGICAL_LINE = re.compile(rb"(?<=\n)(?![ \t])")  # where one begins: what is folded belongs to the line before (RFC 5322 2.2.3)
_CR = re.compile(rb"\r(?!\n)")
_NAME = re.compile(rb"([!-9;-~]+)([ \t]*):")
_MBOX = (b"From ", b">From ")  # an mbox's line, which is no part of the message
_NEEDED = {b"from", b"subject"}
_OF_MIME = {b"mime-version", b"content-type"}


def head_end(raw: bytes) -> re.Match[bytes] | None:
    """The first empty line, with the end of the line before it."""
    # The pattern alone takes half a second for a header of 30 MB.
    crlf = raw.find(b"\n\r\n")
    lf = raw.find(b"\n\n", 0, crlf + 1 if crlf >= 0 else len(raw))
    first = lf if lf >= 0 else crlf
    return _HEAD_END.search(raw, max(first - 1, 0)) if first >= 0 else None


def look_at_line_ends(raw: bytes, defects: list[str]) -> None:
    """`defects` says where line ends of more than one kind make that other programs may see the header's end elsewhere."""
    found = head_end(raw)
    if found is None:
        return
    head, end = raw[: found.end()], found[0]
    # Where a program put lines with CRLF above a message that has LF, its end is certain all the same.
    if _CR.search(head) or (end != b"\r\n\r\n" and b"\r\n" in head and b"\r\n" in raw[found.end() :]):
        defects.append("line ends of more than one kind: where the header ends is not certain")


def from_its_header(raw: bytes, defects: list[str]) -> bytes:
    """The message without empty lines, or such of white space alone, before its header: a pipe, a file or a web page brought them in."""
    rest = raw.lstrip(b" \t\r\n")
    before = raw[: len(raw) - len(rest)]
    if not before.lstrip(b" \t") or not before.endswith((b"\r", b"\n")) or not (_NAME.match(rest) or rest.startswith(_MBOX)):
        return raw
    defects.append("empty lines stand before the header")
    return rest


def bounded(raw: bytes, defects: list[str]) -> bytes:
    """The message without too many fields, and without what is too long in one; `defects` says of the first."""
    if len(raw) <= _SMALL:
        return raw
    found = head_end(raw)
    end = found.start() if found else len(raw)
    if end <= _SMALL:
        return raw
    fields: list[bytes] = []
    start = 0
    for field in islice(_FIELD_END.finditer(raw, 0, end), MOST_FIELDS):
        fields.append(raw[start : field.start()][:LONGEST_FIELD])
        start = field.end()
    if len(fields) == MOST_FIELDS:
        defects.append(f"only the first {MOST_FIELDS} header fields are read")
    else:
        fields.append(raw[start:end][:LONGEST_FIELD])
    return b"\n".join(fields) + raw[end:]


def mended(raw: bytes, defects: list[str]) -> bytes:
    """The message without such lines, white space before a colon (RFC 5322 4.5), or a byte order mark, where it is worth it.

    To Python's parser the text begins at the first such line. It may: some send no blank line before their text. So nothing changes
    unless the header begins in this way, or the sender, the subject or what the text is made of stands behind it.
    """
    if raw.startswith(BOM_UTF8):
        raw = raw[len(BOM_UTF8) :]
        defects.append("a byte order mark stands before the header")
    end = found.start() if (found := head_end(raw)) else len(raw)
    lines = _LOGICAL_LINE.split(raw[:end])
    if lines[0].startswith(_MBOX) and not _NAME.match(lines[0]):
        raw, end = raw[len(lines[0]) :], end - len(lines[0])
        del lines[0]
    fields = [_NAME.match(line) for line in lines]
    first = next((place for place, field in enumerate(fields) if field is None or field[2]), None)
    if first is None:
        return raw
    before, behind = ({field[1].lower() for field in some if field} for some in (fields[:first], fields[first:]))
    is_needed = bool((_NEEDED - before) & behind) or (behind >= _OF_MIME and not _OF_MIME & before)
    if not (is_needed if first else fields[0]):
        return raw
    if passed_over := fields.count(None):
        defects.append(f"lines of the header that are no fields, and are passed over: {passed_over}")
    return b"".join(field[1] + line[field.end() - 1 :] for field, line in zip(fields, lines, strict=True) if field) + raw[end:]
