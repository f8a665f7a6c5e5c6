"""A message, or a part of one, that keeps no copy of its lines."""

from __future__ import annotations

from email.message import Message
from typing import Any


class Part(Message):
    """It stands in whole[start:end]; its lines are taken out of there each time that somebody asks for them.

    Python's own keeps them as text: another two copies of all that is mailed, where one byte of it is beyond ASCII.
    Its fields are given once, all of them (`begin_fields`).
    """

    def __init__(self, whole: bytes, start: int, end: int) -> None:
        super().__init__()
        self._whole, self._start, self._end = whole, start, end
        self._lines = start
        self._first: dict[str, str] = {}  # of the fields of a name: looked for ten times a message

    def begin_fields(self, fields: list[tuple[str, str]]) -> None:
        for name, value in fields:
            self.set_raw(name, value)
        self._first = {name.lower(): value for name, value in reversed(fields)}

    def get(self, name: str, failobj: Any = None) -> Any:
        value = self._first.get(name.lower())
        if value is None:
            return failobj
        return value if value.isascii() else super().get(name, failobj)

    @property
    def source(self) -> bytes:
        """All of it, as it came: header, blank line and lines."""
        return self._whole[self._start : self._end]

    @property
    def lines(self) -> bytes:
        """Still in their transfer encoding; none where it has parts."""
        return b"" if self.is_multipart() else self._whole[self._lines : self._end]

    def place_in(self, raw: bytes) -> int | None:
        """Where its lines begin, if these are the bytes that it stands in."""
        return self._lines if self._whole is raw else None

    def begin_lines(self, place: int) -> None:
        """Where its header ends."""
        self._lines = place

    def with_lines(self, lines: bytes) -> Part:
        """The same with others."""
        other = Part(lines, 0, len(lines))
        other.begin_fields(list(self.raw_items()))
        return other

    def get_payload(self, *how: Any, **named: Any) -> Any:
        """As Python's own functions ask for its lines, which then are kept."""
        if super().get_payload() is None:
            self.set_payload(self.lines.decode("ascii", "surrogateescape"))
        return super().get_payload(*how, **named)
