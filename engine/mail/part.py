"""A message, or a part of one, that keeps no copy of its lines."""

from __future__ import annotations

from email.message import Message
from typing import Any

from engine.mail.head import MOST_FIELDS


class Part(Message):
    """It stands in whole[start:end]; its lines are taken out of there each time that somebody asks for them.

    Python's own keeps them as text: another two copies of all that is mailed, where one byte of it is beyond ASCII.
    Its fields are given once, all of them (`begin_fields`).
    """

    def __init__(self, whole: bytes, start: int, end: int) -> None:
        super().__init__()
        self._whole, self._start, self._end = whole, start, end
        self._lines = start
        self.came: dict[str, list[str]] = {}  # its fields by name, in lower case, as they came
        self.has_more_fields = False

    def begin_fields(self, fields: list[tuple[str, str]]) -> None:
        """The first of them: more than `MOST_FIELDS` nobody reads."""
        self.has_more_fields = len(fields) > MOST_FIELDS
        for name, value in fields[:MOST_FIELDS]:
            self.set_raw(name, value)
            self.came.setdefault(name.lower(), []).append(value)

    def get(self, name: str, failobj: Any = None) -> Any:
        values = self.came.get(name.lower())
        if values is None:
            return failobj
        return values[0] if values[0].isascii() else super().get(name, failobj)

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
