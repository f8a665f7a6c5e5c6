"""Days that indexes begin with.

What came on one day stands together in such an index, so what a message writes to a large database lies in pages that those before it have
just written. With the organization or the sender first, each message had a page of its own in each index.
"""

from __future__ import annotations

from datetime import date, timedelta

_MOST_DAYS = 3  # that are asked for one by one; a longer time is asked for at once, by an index without days


def day_of(column: str) -> str:
    """The day of a time in a column: in these very words in an index and in a question, or it does not find."""
    return f"substr({column}, 1, 10)"


def is_long(time: timedelta | None) -> bool:
    """None: since ever."""
    return time is None or time > timedelta(days=_MOST_DAYS)


def days_between(since: str, until: str) -> list[str]:
    """The newest first. Of times as tables keep them, or days; an empty one is no time before the other."""
    first, last = since[:10], until[:10]
    if first >= last or not first:  # as for nearly every message
        return [last]
    return [
        str(date.fromordinal(day))
        for day in range(date.fromisoformat(last).toordinal(), date.fromisoformat(first).toordinal() - 1, -1)
    ]
