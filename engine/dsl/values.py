"""The values that rules compare with and set, each with its place in the file."""

from __future__ import annotations

from datetime import date, time, timedelta

from msgspec import Struct

from engine.errors import Position


class Text(Struct, frozen=True):
    """Words in quotes, or a bare word: they mean the same, but a bare word may also name a list."""

    text: str
    quoted: bool
    position: Position


class Number(Struct, frozen=True):
    number: float
    position: Position


class Size(Struct, frozen=True):
    """Bytes."""

    size: int
    position: Position


class Duration(Struct, frozen=True):
    """`unit` is second, minute, hour, day or week, as it was written; `business`: time of `business_hours` only."""

    length: timedelta
    business: bool
    position: Position
    unit: str = "hour"


class Moment(Struct, frozen=True):
    """A time of day, or a day."""

    value: time | date
    position: Position


class Pattern(Struct, frozen=True):
    """A regular expression in RE2's syntax; `flags` from i, m, s."""

    pattern: str
    flags: str
    position: Position


class ListName(Struct, frozen=True):
    """A list by its name, or `organization domains`."""

    name: str
    position: Position


class Texts(Struct, frozen=True):
    """A list written where it is used: `("a", "b")`."""

    texts: tuple[Text, ...]
    position: Position


Value = Text | Number | Size | Duration | Moment | Pattern | ListName | Texts


def texts_of(value: Value | None) -> tuple[Text, ...]:
    """The texts that a condition compares with; none of a list, which is known by its name only."""
    if isinstance(value, Texts):
        return value.texts
    return (value,) if isinstance(value, Text) else ()
