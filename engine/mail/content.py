"""What a part says that it is: type, charset, disposition, file name (RFC 2045, 2183, 2231); and what it is made of."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from email.message import Message as Parsed
from functools import cached_property, lru_cache
from typing import Any

from msgspec import Struct

from engine.mail.decode import as_letters, charset_of_bytes, decode_bytes, decode_header, is_bare, legacy
from engine.mail.parameters import ordinary_parameters
from engine.text import clean

_SHORT = 200
_COMMENT = re.compile(r"\(.*", re.DOTALL)
_TYPE = re.compile(r"\s*([^\s/]+)\s*/\s*([^\s/,]+)")
_CHARSET = re.compile(r"\bcharset\s*=\s*[\"']?([\w.:-]{1,100})", re.IGNORECASE | re.ASCII)
_WITH_PARAMETERS = ("content-type", "content-disposition")
_LONGEST_NAME = 2_000
_FARTHEST_TEXT = 10
_MOST_LOOKED_AT = 50
_FIRST_WORD = re.compile(r'"([^"]+)"|([^\s"]+)')
_LINE_END = re.compile(r"\r?\n")


class _Said(Struct, frozen=True, dict=True):
    """What a part's Content-Type says, read when it is asked for, since Python reads all of a field for each parameter. `ordinary`: those
    of a field that is written as nearly all are."""

    part: Parsed
    ordinary: dict[str, str] | None

    @cached_property
    def kind(self) -> str:
        found = self.ordinary[""] if self.ordinary else ""
        return found if "/" in found else _kind(self.part)

    @cached_property
    def charset(self) -> str | None:
        if self.ordinary is None:
            return _charset(self.part)
        return self.ordinary.get("charset", "").lower() or _loose_charset(self.part)

    @cached_property
    def flow(self) -> tuple[bool, bool]:
        """Whether its paragraphs are broken into lines by `format=flowed`, and whether with `delsp=yes` (RFC 3676)."""
        is_flowed = self._parameter("format") == "flowed"
        return is_flowed, is_flowed and self._parameter("delsp") == "yes"

    @property
    def boundary(self) -> str:
        if self.ordinary is None:
            return _read(self.part.get_boundary) or ""
        return self.ordinary.get("boundary", "").rstrip()

    def _parameter(self, name: str) -> str:
        said = _read(self.part.get_param, name) if self.ordinary is None else self.ordinary.get(name)
        return str(said).lower()


def type_of(part: Parsed) -> str:
    """`text/plain` and the like, in lower case."""
    return _said_by(part).kind


def charset_of(part: Parsed) -> str | None:
    return _said_by(part).charset


def flow_of(part: Parsed) -> tuple[bool, bool]:
    return _said_by(part).flow


def _said_by(part: Parsed) -> _Said:
    value = part.get("Content-Type")
    if not isinstance(value, str):  # none, or one with bytes beyond ASCII
        return _Said(part, None)
    return _said(value) if len(value) < _SHORT else _Said(part, ordinary_parameters(value))


# Few values stand in most mail.
@lru_cache(maxsize=1024)
def _said(value: str) -> _Said:
    part = Parsed()
    part.set_raw("Content-Type", value)
    return _Said(part, ordinary_parameters(value))


def _read(parameter: Callable[..., Any], *given: str) -> Any:
    """What Python's parser makes of a parameter; None where it raises, as for a charset with a NUL in its name."""
    try:
        return parameter(*given)
    except Exception:
        return None


def _kind(part: Parsed) -> str:
    """Type and subtype, without what stands behind them and behind no semicolon, and without quotation marks around them."""
    said = _COMMENT.sub("", part.get_content_type()).replace('"', "")
    found = _TYPE.match(said)
    return f"{found[1]}/{found[2]}" if found else "".join(said.split())


def boundaries_of(part: Parsed) -> Iterator[str]:
    """What may part its parts: as it is written, on one line; without the comment that RFC 2045 5.1 allows behind it; its first word."""
    boundary = _LINE_END.sub("", _said_by(part).boundary)
    if boundary:
        first = _FIRST_WORD.match(boundary)
        yield from dict.fromkeys((boundary, _without_comment(boundary), (first[1] or first[2]) if first else boundary))


def _charset(part: Parsed) -> str | None:
    try:
        found = part.get_content_charset()
    except Exception:
        return None
    if not found:
        return _loose_charset(part)
    return _without_comment(str(found)) or None


def _loose_charset(part: Parsed) -> str | None:
    """Behind no semicolon."""
    loose = _CHARSET.search(str(part.get("Content-Type", ""))[:_SHORT])
    return loose[1] if loose else None


def _without_comment(parameter: str) -> str:
    before, comment, _ = parameter.partition("(")
    return before.strip(' \t"') if comment else parameter


def disposition_and_filename(part: Parsed, charset: Callable[[], str | None]) -> tuple[str, str]:
    """`inline` or `attachment` in lower case, and the name as the sender wrote it, decoded; each empty where there is none.

    `charset`: what bare bytes in it are that are no UTF-8, where it does not say; asked where there are such.
    """
    said = str(part.get("Content-Disposition", ""))
    named = "name" in said.lower() or "name" in str(part.get("Content-Type", "")).lower()
    return said.partition(";")[0].strip().lower(), _filename(part, charset) if named else ""


def _filename(part: Parsed, charset: Callable[[], str | None]) -> str:
    try:
        part = _with_letters(part, charset)
        name = _parameter(part, "content-disposition", "filename") or _parameter(part, "content-type", "name")
    except Exception:
        return ""
    return decode_header(clean(name)[:_LONGEST_NAME])


def _parameter(part: Parsed, field: str, name: str) -> str:
    """In the form that has a charset (RFC 2231 4), if it is there twice: the other is for programs that cannot read it."""
    if (ordinary := ordinary_parameters(str(part.get(field, "")))) is not None:
        return ordinary.get(name, "")
    values = [value for key, value in part.get_params([], field) if key.lower() == name]
    extended = next((value for value in values if isinstance(value, tuple)), None)
    return _extended(*extended) if extended else str(next(iter(values), ""))


def _with_letters(part: Parsed, charset: Callable[[], str | None]) -> Parsed:
    """The same with letters for bytes beyond ASCII, each of which is U+FFFD in what Python's `get` gives."""
    said = {name.lower(): value for name, value in reversed(list(part.raw_items())) if name.lower() in _WITH_PARAMETERS}
    if not any(map(is_bare, said.values())):
        return part
    other, letters = Parsed(), legacy(charset_of(part)) or charset()
    for name, value in said.items():
        other.set_raw(name, as_letters(value, letters))
    return other


def _extended(charset: str | None, language: str | None, value: str) -> str:
    """RFC 2231 4. Python has made a letter of each byte."""
    try:
        return decode_bytes(value.encode("latin-1"), charset)
    except UnicodeEncodeError:
        return value


def charset_of_headers(message: Parsed) -> str | None:
    """What bytes in its header are that are no UTF-8: the charset of its first text, or a guess at them; None where there are none."""
    text = message
    for _ in range(_FARTHEST_TEXT):
        children = parts_of(text)
        if not children:
            break
        text = children[0]
    return legacy(charset_of(text)) or charset_of_bytes(value for _, value in message.raw_items())


def calendar_method_of(part: Parsed) -> str:
    method = _read(part.get_param, "method")
    return method.strip().lower() if isinstance(method, str) else ""


def parts_of(part: Parsed) -> list[Parsed] | None:
    """What it is made of; None where it has lines of its own.

    `get_payload` itself decodes such lines by a charset that they name, which raises for some.
    """
    if not part.is_multipart():
        return None
    return [one for one in part.get_payload() if not isinstance(one, str)]


def own_parts(parsed: Parsed | None) -> Iterator[tuple[Parsed, str]]:
    """Fifty of them at the most, each with its type. What a message is made of that is attached is somebody else's, and says nothing of this one."""
    waiting = [parsed] if parsed is not None else []
    for _ in range(_MOST_LOOKED_AT):
        if not waiting:
            break
        part = waiting.pop()
        kind = type_of(part)
        yield part, kind
        if not kind.startswith("message/"):
            waiting += (parts_of(part) or [])[:20]
