"""Amounts as people write them (`30 MB`, `5 minutes`, `250 characters`) to numbers, and back."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

SIZE_UNITS = {"bytes": 1, "byte": 1, "kb": 1024, "mb": 1024**2, "gb": 1024**3}
SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
_TOO_LONG = 100_000 * 86400  # less than this before or after a day of ours there is a day still
_LARGEST = 10**18
_AMOUNT = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*([A-Za-z]+)\s*$")


def parse_size(text: str) -> int:
    """Bytes. `30 MB` counts 1024 * 1024 to the MB. Raises `ValueError`."""
    number, unit = _split(text)
    if unit not in SIZE_UNITS:
        raise ValueError(f"'{text}' is not a size")
    if number > _LARGEST:
        raise ValueError(f"'{text}' is too large")
    return int(number * SIZE_UNITS[unit])


def parse_duration(text: str) -> timedelta:
    """A length of time. Raises `ValueError`."""
    number, unit = _split(text)
    unit = unit.removesuffix("s")
    if unit not in SECONDS:
        raise ValueError(f"'{text}' is not a length of time")
    if number * SECONDS[unit] >= _TOO_LONG:
        raise ValueError(f"'{text}' is too long: 99999 days at the most")
    return timedelta(seconds=number * SECONDS[unit])


_SHORT = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse_since(text: str) -> timedelta | datetime:
    """`7d`, `12h`, `7 days` as how long ago; `2026-11-01` as a day in UTC. Raises `ValueError`."""
    short = re.fullmatch(r"(\d+)([mhdw])", text.strip())
    if short:
        return parse_duration(f"{short[1]} {_SHORT[short[2]]}")
    try:
        return parse_duration(text)
    except ValueError:
        found = datetime.fromisoformat(text)
        return found if found.tzinfo else found.replace(tzinfo=UTC)


def parse_characters(text: str) -> int:
    """A number of characters. Raises `ValueError`."""
    number, unit = _split(text)
    if unit not in ("character", "characters"):
        raise ValueError(f"'{text}' is not a number of characters")
    return int(number)


def _split(text: str) -> tuple[float, str]:
    found = _AMOUNT.match(text)
    if not found:
        raise ValueError(f"'{text}' is not an amount")
    return float(found[1]), found[2].lower()


def show_size(size: int) -> str:
    """`5 MB`, `1.5 KB`, `12 bytes`."""
    for unit, name in ((1024**3, "GB"), (1024**2, "MB"), (1024, "KB")):
        if size >= unit:
            return f"{size / unit:.1f}".removesuffix(".0") + f" {name}"
    return f"{size} bytes"


def show_duration(length: timedelta) -> str:
    """`5 minutes`, `1 hour`."""
    seconds = length.total_seconds()
    for name in ("week", "day", "hour", "minute"):
        if seconds >= SECONDS[name] and seconds % SECONDS[name] == 0:
            count = int(seconds // SECONDS[name])
            return counted(count, name)
    return f"{seconds:g} seconds"


def counted(count: int, one: str, many: str = "") -> str:
    """`1 message`, `2,000 messages`. `many`, where it is not `one` with an s."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def further(count: int, shown: int, what: str = "") -> list[str]:
    """`and 9,950 more`, where there are more than are shown."""
    return [f"and {count - shown:,} more {what}".rstrip()] if count > shown else []
