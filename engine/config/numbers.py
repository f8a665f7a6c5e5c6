"""Forms of numbers (`T{date:%Y%m%d}.{seq:04d}`): writing one, and finding them in a subject line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache

from msgspec import Struct

_FIELD = re.compile(r"\{(date|seq)(?::([^}]*))?\}")
_DATE_CODES = {"%Y": r"\d{4}", "%y": r"\d\d", "%m": r"\d\d", "%d": r"\d\d", "%j": r"\d{3}", "%H": r"\d\d"}
_CODE = re.compile(f"({'|'.join(_DATE_CODES)})")
_COUNTER = r"\d{1,12}"


class NumberForm(Struct, frozen=True):
    """A number's form. `prefix` and `write` together count within a date; `pattern` finds a number in any case.

    `_pieces` of a number, each as (its letters, or none where it is digits; the pattern of it).
    """

    form: str
    pattern: str
    _pieces: tuple[tuple[str, str], ...]
    _parts: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, form: str) -> NumberForm:
        """Raises `ValueError` with what is wrong with the form."""
        parts: list[tuple[str, str]] = []
        pieces: list[tuple[str, str]] = []
        pattern, position = "", 0
        for found in _FIELD.finditer(form):
            literal = form[position : found.start()]
            parts.append(("text", literal))
            pieces.append((literal, re.escape(literal)))
            pattern += re.escape(literal)
            kind, spec = found[1], found[2] or ""
            if kind == "date":
                dated = [("", _DATE_CODES[one]) if one in _DATE_CODES else (one, re.escape(one)) for one in _CODE.split(spec)]
                if not spec or any("%" in letters for letters, _ in dated):
                    raise ValueError(f"the date form '{spec}' is not understood; use %Y, %y, %m, %d, %j or %H")
                pieces += dated
                pattern += "".join(one for _, one in dated)
            else:
                width = re.fullmatch(r"0?(\d+)d", spec or "1d")
                if not width:
                    raise ValueError(f"the counter's form '{spec}' is not understood; use a form such as 04d")
                spec = f"0{width[1]}d"
                pieces.append(("", _COUNTER))
                pattern += rf"\d{{{width[1]},12}}"
            parts.append((kind, spec))
            position = found.end()
        literal = form[position:]
        if "{" in literal or "}" in literal:
            raise ValueError("a brace stands open; use {date:...} and {seq:...}")
        parts.append(("text", literal))
        pieces.append((literal, re.escape(literal)))
        if [kind for kind, _ in parts].count("seq") != 1:
            raise ValueError("the form needs {seq} exactly once")
        return cls(form, pattern + re.escape(literal), tuple(pieces), tuple(parts))

    def series(self, day: datetime) -> str:
        """What counts together: the number with its date filled in and its counter open."""
        before, _, after = _dated(self, day.replace(minute=0, second=0, microsecond=0))
        return f"{before}{{}}{after}"

    def write(self, day: datetime, sequence: int) -> str:
        before, counter, after = _dated(self, day.replace(minute=0, second=0, microsecond=0))
        return f"{before}{sequence:{counter}}{after}"

    def split(self, number: str) -> tuple[str, int] | None:
        """(series, sequence) of a number that was written in this form."""
        found = re.fullmatch("".join(f"({one})" if one == _COUNTER else one for _, one in self._pieces), number)
        if not found:
            return None
        return number[: found.start(1)] + "{}" + number[found.end(1) :], int(found[1])

    def recased(self, number: str) -> str | None:
        """The same with letters as the form has them; None where it is not of this form."""
        found = re.fullmatch("".join(f"({one})" for _, one in self._pieces), number, re.IGNORECASE | re.ASCII)
        if not found:
            return None
        return "".join(letters or digits for (letters, _), digits in zip(self._pieces, found.groups(), strict=True))


def in_any_case(number: str, forms: Iterable[NumberForm]) -> list[str]:
    """As it stands, and with letters as the forms have them."""
    return list(dict.fromkeys([number, *filter(None, (form.recased(number) for form in forms))]))


@lru_cache(maxsize=64)
def _dated(form: NumberForm, hour: datetime) -> tuple[str, str, str]:
    """What stands before the counter, the counter's own form, and what stands after it. No form tells minutes."""
    filled = [(kind, hour.strftime(text) if kind == "date" else text) for kind, text in form._parts]
    at = [kind for kind, _ in filled].index("seq")
    return "".join(text for _, text in filled[:at]), filled[at][1], "".join(text for _, text in filled[at + 1 :])


def finder(forms: list[NumberForm]) -> re.Pattern[str]:
    """One pattern that finds any of the forms, not inside a longer word. Linear: digits and fixed text only."""
    either = "|".join(dict.fromkeys(form.pattern for form in forms))
    return re.compile(rf"(?<![\w.])(?:{either})(?![\w])", re.IGNORECASE | re.ASCII)
