"""Bytes and encoded words to text, as well as can be: declared charset, then UTF-8, then a guess. Never raises."""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from collections.abc import Iterable
from contextlib import suppress
from itertools import islice

from engine.late import late_pattern
from engine.mail.guess import SAMPLE, guess, wide_of
from engine.mail.japanese import CODEC, decode_japanese
from engine.text import clean

_WORD = re.compile(r"=\?([^?*\s]+)(?:\*[^?]*)?\?([bBqQ])\?([^?]*)\?=")
_CUT_WORD = re.compile(r"=\?([^?\s]{1,40})\?([bBqQ])\?([^?]*)\??\Z")
_CUT_BYTE = re.compile(r"=[0-9A-Fa-f]?\Z")
_BETWEEN = re.compile(r"(\?=)\s+(=\?[^?\s]+\?[bBqQ]\?)")
# What senders write and Python does not know.
_CALLED = {
    "ks_c_5601-1987": "cp949",
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8",
    "unicode-1-1-utf-7": "utf-7",
    "unicode-1-1-utf-8": "utf-8",
    "utf8mb4": "utf-8",
    "windows-31j": "cp932",
    "cswindows31j": "cp932",
    "latin-9": "iso8859-15",
    "mac-ce": "mac_latin2",
}
# `windows-874`, `cp-850`, `dos-862`
_PAGE = re.compile(r"(?:windows|cp|dos|ibm)[-_]?(\d{3,4})")
# What Python finds, and what senders mean by it (WHATWG's Encoding standard).
_MEANT = {
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "iso2022_jp": CODEC,
}
# Codecs of Python's that are no charsets of mail; some of them take quadratic time.
_NEVER = {"unicode_escape", "raw_unicode_escape", "punycode", "idna", "undefined", "mbcs", "oem", "unicode-escape"}
# Written in ASCII's bytes: where one is broken, what UTF-8 makes of all of them is no text.
_SEVEN_BIT = {"iso2022_kr", "hz", "utf-7", "iso2022_jp_1", "iso2022_jp_2", "iso2022_jp_3", "iso2022_jp_2004"}
_ESCAPE = "\x1b"
_SOME = 1_000  # bytes of a header that tell its charset: a message may have thousands of fields, and each guess takes its time
# A byte a letter: whatever bytes come, they "are" text of these.
_SINGLE_BYTE = re.compile(r"iso8859|cp125|cp437|cp8[567]|koi8|mac-")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_ENOUGH = 4
# Latin letters, and all that takes three bytes or more (dashes, quotes, the euro, Chinese, emoji).
_LIKELY = late_pattern(r"[\u00a0-\u017f\u0800-\U0010ffff]+")


def codec_of(charset: str) -> str | None:
    """Python's name for a declared charset, or None when there is no such text encoding."""
    name = charset.strip().strip("\"'").lower()
    found = _looked_up(_CALLED.get(name, name))
    if found is None:
        name = name.removeprefix("x-")
        page = _PAGE.fullmatch(name)
        found = _looked_up(f"cp{page[1]}" if page else _CALLED.get(name, name))
    return _MEANT.get(found, found) if found else None


def _looked_up(name: str) -> str | None:
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    if found.name in _NEVER or not getattr(found, "_is_text_encoding", True):
        return None
    return found.name


def decode_bytes(data: bytes, charset: str | None) -> str:
    """Text of a body or a header's raw bytes."""
    if (wide := wide_of(data)) is not None:
        return clean(data.decode(wide, "replace"))
    codec = codec_of(charset) if charset else None
    if codec == CODEC or (codec not in _SEVEN_BIT and _is_japanese(data)):
        return clean(decode_japanese(data))
    if codec in _SEVEN_BIT and data.isascii():
        return clean(data.decode(codec, "replace"))
    if codec and not data.isascii() and _SINGLE_BYTE.match(codec):
        really = _utf8_by_another_name(data)
        if really is not None:
            return clean(really)
    if codec and codec != "utf-8":
        with suppress(ValueError):
            return clean(data.decode(codec))
    try:
        return clean(data.decode("utf-8"))
    except UnicodeDecodeError as broken:
        if _is_mostly_utf8(data, broken):
            return clean(data.decode("utf-8", "replace"))
    if codec and codec not in ("ascii", "utf-8"):
        return clean(data.decode(codec, "replace"))
    return clean(data.decode(_guessed(data), "replace"))


def _guessed(data: bytes) -> str:
    return codec_of(guess(data)) or "cp1252"


def _is_japanese(data: bytes) -> bool:
    """ISO-2022-JP says what it is by its escape sequences, also where nobody declares it."""
    return b"\x1b" in data and b"\x1b$" in data and data.isascii()  # one byte is sought much faster than two


def _utf8_by_another_name(data: bytes) -> str | None:
    """Web forms and scripts write UTF-8 and call it ISO-8859-1.

    Text of one byte a letter is hardly ever whole UTF-8 by chance: each capital such as `Ã` would have to be followed by signs
    such as `©`. A few that are (`CAFÉ` before a hard space) mostly give letters that nobody wrote.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    letters = "".join(letter[0] for letter in islice(_NOT_ASCII.finditer(text), _ENOUGH))
    return text if len(letters) == _ENOUGH or _LIKELY.fullmatch(letters) else None


def _is_mostly_utf8(data: bytes, broken: UnicodeDecodeError) -> bool:
    """UTF-8 that was cut within its last character, or has some byte of another charset in it: four of five characters are whole.

    Text in another charset has hardly any that are, by chance.
    """
    if broken.reason == "unexpected end of data" and not data[: broken.start].isascii():
        return True
    found = data[:SAMPLE].decode("utf-8", "replace")
    lost = found.count("\ufffd")
    whole = len(found) - len(found.encode("ascii", "ignore")) - lost
    return whole >= 4 * lost


def is_bare(value: str) -> bool:
    """Whether a raw header value has letters beyond ASCII that are not encoded, if only in a charset of ASCII's bytes."""
    return not value.isascii() or _ESCAPE in value


def as_letters(value: str, charset: str | None) -> str:
    """A raw header value (as `email` keeps it, bytes beyond ASCII as surrogates) with letters for such bytes.

    They are UTF-8 (RFC 6532), or, from older programs, in this charset; where it is None, a guess.
    """
    if not is_bare(value):
        return value
    data = value.encode("utf-8", "surrogateescape")
    if _ESCAPE in value:
        return decode_bytes(data, charset)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as broken:
        if _is_mostly_utf8(data, broken):
            return clean(data.decode("utf-8", "replace"))
    return decode_bytes(data, charset or _guessed(data[:_SOME]))


def charset_of_bytes(values: Iterable[str]) -> str | None:
    """The charset of all raw header values that are neither ASCII nor UTF-8, guessed once; None where there are none."""
    odd = b""
    for value in values:
        if not value.isascii() and len(odd) < _SOME:
            data = value.encode("utf-8", "surrogateescape")
            try:
                data.decode("utf-8")
            except UnicodeDecodeError:
                odd += data[:_SOME] + b" "
    return _guessed(odd) if odd else None


def legacy(charset: str | None) -> str | None:
    """The charset, if it is known, and other than what is tried before it."""
    return charset if charset and codec_of(charset) not in (None, "ascii", "utf-8") else None


def decode_header(value: str) -> str:
    """A header value (`as_letters`) to text on one line."""
    value = _unfold(value)
    if "=?" in value:
        value = _decode_words(value)
    return clean(value).strip()


def plain_header(value: str) -> str:
    """The same for a field that has no encoded words (RFC 2047 5): what looks like one there, a stranger may have made up."""
    return clean(_unfold(value)).strip()


def _unfold(value: str) -> str:
    if "\n" in value or "\r" in value:
        # Not with a pattern: one that takes white space on both sides of a line's end looks at long runs of it again and again.
        value = " ".join(filter(None, map(str.strip, value.replace("\r", "\n").split("\n"))))
    return value


def _decode_words(value: str) -> str:
    """RFC 2047. Adjacent words of one charset are joined as bytes, for senders split characters between them."""
    value = _BETWEEN.sub(r"\1\2", _mended(value))
    result: list[str] = []
    pending, pending_charset = b"", ""
    position = 0

    def flush() -> None:
        nonlocal pending
        if pending:
            result.append(decode_bytes(pending, pending_charset))
            pending = b""

    for word in _WORD.finditer(value):
        if word.start() > position:
            flush()
            result.append(value[position : word.start()])
        charset, encoding, payload = word[1], word[2].lower(), word[3]
        data = _payload(encoding, payload)
        if data is None:
            flush()
            result.append(word[0])
        else:
            if pending and charset.lower() != pending_charset:
                flush()
            pending, pending_charset = pending + data, charset.lower()
        position = word.end()
    flush()
    result.append(value[position:])
    # Decoded words may smuggle line breaks in: a header value is one line.
    return re.sub(r"[\r\n]+", " ", "".join(result))


def _mended(value: str) -> str:
    """The last word with its end, where a program cut the field; a letter that was cut goes."""
    cut = _CUT_WORD.match(value, value.rfind("=?"))
    if not cut:
        return value
    data = _payload(cut[2].lower(), _CUT_BYTE.sub("", cut[3])) or b""
    if codec_of(cut[1]) == "utf-8":
        data = data.decode("utf-8", "ignore").encode()
    return f"{value[: cut.start()]}=?{cut[1]}?b?{base64.b64encode(data).decode()}?="


def _payload(encoding: str, payload: str) -> bytes | None:
    if encoding == "q":
        return binascii.a2b_qp(payload.encode("utf-8", "replace"), header=True)
    letters = re.sub(r"[^A-Za-z0-9+/]", "", payload)
    if len(letters) % 4 == 1:
        letters = letters[:-1]
    try:
        return base64.b64decode(letters + "=" * (-len(letters) % 4))
    except (binascii.Error, ValueError):
        return None
