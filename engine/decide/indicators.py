"""The line of indicators that a resource may write first: `#T=0.5 #R=Engineer #S=Complete #A=Approved` (`behaviour.md` 3.4)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct

from engine.config.model import Picklists
from engine.late import late_pattern

_INDICATOR = late_pattern(r"(?:^|\s+)#([TRSA])=", re.IGNORECASE)
_HOURS = late_pattern(r"(\d{1,3}(?:[.,]\d{1,4})?|[.,]\d{1,4})")
_CLOCK = late_pattern(r"(\d{1,2}):([0-5]\d)")
_MINUTES = late_pattern(r"(\d{1,4})\s?m(?:in)?", re.IGNORECASE)
MOST_HOURS = 24


class Indicators(Struct, frozen=True):
    """What the line says. `text` is the body without it; `errors` say why nothing is booked or set."""

    hours: float | None
    role: str | None
    status: str | None
    approval: str | None
    errors: tuple[str, ...]
    text: str
    line: str


def read_indicators(body: str, picklists: Picklists) -> Indicators | None:
    """None where the first line is ordinary text. Names compare without case; a value runs to the next indicator."""
    line, _, rest = body.lstrip("\ufeff\r\n\t \u00a0").partition("\n")  # a list of all lines would take 16 times their size
    line = line.strip()
    found = list(_INDICATOR.finditer(line[:1000]))
    if not found or line[: found[0].start()].strip():
        return None
    values: dict[str, str] = {}
    errors: list[str] = []
    for index, match in enumerate(found):
        end = found[index + 1].start() if index + 1 < len(found) else len(line)
        key, value = match[1].upper(), line[match.end() : end].strip()
        if key in values:
            errors.append(f"#{key}= stands twice")
        values[key] = value
    rest = rest.strip("\n")
    hours, has_text = _hours(values.get("T"))
    if has_text:
        return None  # `#T=0.5 changed the toner`: a line with any other text on it is text
    if "T" not in values:
        # Role and status go with time only: without it they stay text, and an approval stands for itself.
        stay = " ".join(f"#{key}={value}" for key, value in values.items() if key in "RS")
        if "A" not in values:
            return None
        rest = f"{stay}\n{rest}" if stay else rest
        values = {"A": values["A"]}
    elif hours is None:
        errors.append(f"'{values['T']}' is no time of more than 0 and at most {MOST_HOURS} hours (#T=0.5, #T=0:30 or #T=30m)")
    return Indicators(
        hours,
        _known("role", values.get("R"), picklists.roles, errors),
        _known("status", values.get("S"), picklists.active_statuses, errors),
        _known("approval", values.get("A"), picklists.approvals, errors),
        tuple(errors),
        rest,
        line,
    )


def _hours(value: str | None) -> tuple[float | None, bool]:
    """(hours, whether other text follows a good number)."""
    if value is None:
        return None, False
    first, _, more = value.partition(" ")
    for text, other in ((value, False), (first, bool(more.strip()))):
        number: float | None = None
        if match := _CLOCK.fullmatch(text):
            number = int(match[1]) + int(match[2]) / 60
        elif match := _MINUTES.fullmatch(text):
            number = int(match[1]) / 60
        elif match := _HOURS.fullmatch(text):
            number = float(match[1].replace(",", "."))
        if number is not None:
            return (round(number, 4) if 0 < number <= MOST_HOURS else None), other
    return None, False


def _known(what: str, value: str | None, known: Iterable[str], errors: list[str]) -> str | None:
    if value is None:
        return None
    names = {name.casefold(): name for name in known}
    found = names.get(value.casefold())
    if found is None:
        errors.append(f"unknown {what} '{value[:60]}' (known are: {', '.join(names.values())})")
    return found
