"""Forms of numbers (`T{date:%Y%m%d}.{seq:04d}`): writing one, and finding them in a subject line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache

from msgspec import Struct

from engine.late import late_pattern

_FIELD = late_pattern(r"\{(date|seq)(?::([^}]*))?\}")
_DATE_CODES = {"%Y": r"\d{4}", "%y": r"\d\d", "%m": r"\d\d", "%d": r"\d\d", "%j": r"\d{3}", "%H": r"\d\d"}
_CODE = late_pattern(f"({'|'.join(_DATE_CODES)})")
_MOST_DIGITS = 12
_COUNTER = rf"\d{{1,{_MOST_DIGITS}}}"


def _no_brace(literal: str) -> None:
    if "{" in literal or "}" in literal:
        raise ValueError(f"'{literal.strip()}' is not understood; use {{date:...}} and {{seq:...}}")


class NumberForm(Struct, frozen=True):
    """A number's form. `series` and `write` together count within a date; `pattern` finds a number in any case.

    `_whole` takes one apart, a group for each piece: its letters, or none where it is digits (`_letters`). `_counter` is a group of it.
    """

    form: str
    pattern: str
    _whole: str
    _letters: tuple[str, ...]
    _counter: int
    _parts: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, form: str) -> NumberForm:
        """Raises `ValueError` with what is wrong with the form."""
        if form != form.strip():
            raise ValueError(f"'{form}' has a space at an end, where no subject keeps one; leave it out")
        parts: list[tuple[str, str]] = []
        pieces: list[tuple[str, str]] = []
        counter = position = 0
        for found in (*_FIELD.finditer(form), None):
            literal = form[position : found.start() if found else None]
            _no_brace(literal)
            parts.append(("text", literal))
            pieces.append((literal, re.escape(literal)))
            if found is None:
                break
            kind, spec = found[1], found[2] or ""
            if kind == "date":
                pieces += _date_pieces(spec)
            else:
                width = _width(spec)
                spec = f"0{width}d"
                pieces.append(("", rf"\d{{{width},{_MOST_DIGITS}}}"))
                counter = len(pieces)
            parts.append((kind, spec))
            position = found.end()
        if [kind for kind, _ in parts].count("seq") != 1:
            raise ValueError("the form needs {seq} exactly once")
        groups = (_COUNTER if group == counter else one for group, (_, one) in enumerate(pieces, 1))
        return cls(
            form,
            "".join(one for _, one in pieces),
            "".join(f"({one})" for one in groups),
            tuple(letters for letters, _ in pieces),
            counter,
            tuple(parts),
        )

    def series(self, day: datetime) -> str:
        """What counts together: the number with its date filled in and its counter open."""
        before, _, after = _dated(self, day.replace(minute=0, second=0, microsecond=0))
        return f"{before}{{}}{after}"

    def write(self, day: datetime, sequence: int) -> str:
        before, counter, after = _dated(self, day.replace(minute=0, second=0, microsecond=0))
        return f"{before}{sequence:{counter}}{after}"

    def split(self, number: str) -> tuple[str, int] | None:
        """(series, sequence) of a number that was written in this form."""
        found = re.fullmatch(self._whole, number)
        if not found:
            return None
        start, end = found.span(self._counter)
        return f"{number[:start]}{{}}{number[end:]}", int(number[start:end])

    def recased(self, number: str) -> str | None:
        """The same with letters as the form has them; None where it is not of this form."""
        found = re.fullmatch(self._whole, number, re.IGNORECASE | re.ASCII)
        if not found:
            return None
        return "".join(letters or digits for letters, digits in zip(self._letters, found.groups(), strict=True))


def _date_pieces(spec: str) -> list[tuple[str, str]]:
    """(letters, pattern) of each piece of a date's form. Raises `ValueError`."""
    pieces = [("", _DATE_CODES[one]) if one in _DATE_CODES else (one, re.escape(one)) for one in _CODE.split(spec)]
    if not spec or any("%" in letters for letters, _ in pieces):
        raise ValueError(f"the date form '{spec}' is not understood; use %Y, %y, %m, %d, %j or %H")
    return pieces


def _width(spec: str) -> int:
    """How many digits a counter has at least. Raises `ValueError`."""
    found = re.fullmatch(r"0?(\d+)d", spec or "1d")
    if not found or not 1 <= int(found[1]) <= _MOST_DIGITS:
        raise ValueError(f"the counter's form '{spec}' is not understood; use a form such as 04d, at most {_MOST_DIGITS:02}d")
    return int(found[1])


def in_any_case(number: str, forms: Iterable[NumberForm]) -> list[str]:
    """As it stands, and with letters as the forms have them."""
    return list(dict.fromkeys([number, *filter(None, (form.recased(number) for form in forms))]))


@lru_cache(maxsize=64)
def _dated(form: NumberForm, hour: datetime) -> tuple[str, str, str]:
    """What stands before the counter, the counter's own form, and what stands after it. No form tells minutes."""
    filled = [(kind, hour.strftime(text) if kind == "date" else text) for kind, text in form._parts]
    at = [kind for kind, _ in filled].index("seq")
    return "".join(text for _, text in filled[:at]), filled[at][1], "".join(text for _, text in filled[at + 1 :])


def finder(forms: Iterable[NumberForm]) -> re.Pattern[str]:
    """One pattern that finds any of the forms, not inside a longer word. Linear: digits and fixed text only."""
    either = "|".join(dict.fromkeys(form.pattern for form in forms))
    return re.compile(rf"(?<![\w.])(?:{either})(?![\w])", re.IGNORECASE | re.ASCII)
