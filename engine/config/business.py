"""Business hours: the hours of each weekday and the holidays of `settings.yaml`, and counting in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

# Business time that does not come within so many days never comes.
MOST_DAYS = 3660
MIDNIGHT = time(0)


class BusinessHours(Struct, frozen=True):
    """`hours` by weekday (Monday is 0): (start, end) in order, local time; an end of 00:00 is the midnight after."""

    hours: Mapping[int, tuple[tuple[time, time], ...]]
    holidays: frozenset[date]
    timezone: ZoneInfo

    def add(self, moment: datetime, length: timedelta) -> datetime:
        """The moment (UTC) when `length` of business time has passed. Clocks that are set forward or back count as they run.

        Raises `OverflowError` where that takes more than ten years.
        """
        left = length
        for start, end in self._open_from(moment):
            begin = max(start, moment)
            if end <= begin:
                continue
            if end - begin >= left:
                return begin + left
            left -= end - begin
        raise OverflowError("no business hours within ten years")

    def covers(self, moment: datetime) -> bool:
        """Whether it is within them. An end is no part of its span."""
        day = moment.astimezone(self.timezone).date()
        return any(start <= moment < end for start, end in self._open_on(day))

    def _open_from(self, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Spans of business time in UTC, from the local day of `moment` on."""
        first = moment.astimezone(self.timezone).date()
        for offset in range(MOST_DAYS):
            yield from self._open_on(first + timedelta(days=offset))

    def _open_on(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """Those of one local day. None runs over midnight."""
        if day in self.holidays:
            return
        for start, end in self.hours.get(day.weekday(), ()):
            last = day + timedelta(days=1) if end == MIDNIGHT else day
            yield self._utc(day, start), self._utc(last, end)

    def _utc(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, self.timezone).astimezone(UTC)


WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def parse_hours(spans: str | list[str]) -> tuple[tuple[time, time], ...]:
    """`08:30-17:30`, or a list of such. Raises `ValueError` where one ends before it starts or starts in another."""
    found: list[tuple[time, time]] = []
    for text in [spans] if isinstance(spans, str) else spans:
        start, _, end = text.partition("-")
        found.append((time.fromisoformat(start), MIDNIGHT if end == "24:00" else time.fromisoformat(end)))
    found.sort()
    for index, (begin, stop) in enumerate(found):
        if stop != MIDNIGHT and stop <= begin:
            raise ValueError("a span ends before it starts")
        if index and (found[index - 1][1] == MIDNIGHT or begin < found[index - 1][1]):
            raise ValueError("two spans overlap")
    return tuple(found)
