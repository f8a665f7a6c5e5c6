"""Forms of numbers (`T{date:%Y%m%d}.{seq:04d}`): writing one, and finding them in a subject line."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache

from msgspec import Struct

_FIELD = re.compile(r"\{(date|seq)(?::([^}]*))?\}")
_DATE_CODES = {"%Y": r"\d{4}", "%y": r"\d\d", "%m": r"\d\d", "%d": r"\d\d", "%j": r"\d{3}", "%H": r"\d\d"}


class NumberForm(Struct, frozen=True):
    """A number's form. `prefix` and `write` together count within a date; `pattern` finds a number in any case, `_counted`
    takes one apart."""

    form: str
    pattern: str
    _counted: str
    _parts: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, form: str) -> NumberForm:
        """Raises `ValueError` with what is wrong with the form."""
        parts: list[tuple[str, str]] = []
        pattern, counted, position = "", "", 0
        for found in _FIELD.finditer(form):
            literal = form[position : found.start()]
            parts.append(("text", literal))
            pattern += re.escape(literal)
            counted += re.escape(literal)
            kind, spec = found[1], found[2] or ""
            if kind == "date":
                rest = spec
                for code, digits in _DATE_CODES.items():
                    rest = rest.replace(code, digits)
                if "%" in rest or not spec:
                    raise ValueError(f"the date form '{spec}' is not understood; use %Y, %y, %m, %d, %j or %H")
                pattern += rest
                counted += rest
            else:
                width = re.fullmatch(r"0?(\d+)d", spec or "1d")
                if not width:
                    raise ValueError(f"the counter's form '{spec}' is not understood; use a form such as 04d")
                spec = f"0{width[1]}d"
                pattern += rf"\d{{{width[1]},12}}"
                counted += r"(\d{1,12})"
            parts.append((kind, spec))
            position = found.end()
        literal = form[position:]
        if "{" in literal or "}" in literal:
            raise ValueError("a brace stands open; use {date:...} and {seq:...}")
        parts.append(("text", literal))
        if [kind for kind, _ in parts].count("seq") != 1:
            raise ValueError("the form needs {seq} exactly once")
        return cls(form, pattern + re.escape(literal), counted + re.escape(literal), tuple(parts))

    def series(self, day: datetime) -> str:
        """What counts together: the number with its date filled in and its counter open."""
        before, _, after = _dated(self, day.replace(minute=0, second=0, microsecond=0))
        return f"{before}{{}}{after}"

    def write(self, day: datetime, sequence: int) -> str:
        before, counter, after = _dated(self, day.replace(minute=0, second=0, microsecond=0))
        return f"{before}{sequence:{counter}}{after}"

    def split(self, number: str) -> tuple[str, int] | None:
        """(series, sequence) of a number that was written in this form."""
        found = re.fullmatch(self._counted, number)
        if not found:
            return None
        return number[: found.start(1)] + "{}" + number[found.end(1) :], int(found[1])


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
