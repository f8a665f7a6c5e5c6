"""What every source yields: where a message is, and how to read it."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from engine.errors import SourceError
from engine.mail.beginning import Raw


class Item(Struct, frozen=True):
    """`read` gives the raw bytes, or the beginning of a message too large to be taken, and may raise `OSError`.

    `source_id` says where it is, in words for people.
    """

    source_id: str
    read: Callable[[], Raw]


UNREADABLE = (OSError, MemoryError)


def why_unread(error: BaseException) -> str:
    """In words, what one of `UNREADABLE` says."""
    if isinstance(error, MemoryError):
        return "there is not enough memory for it; lower limits.message in settings.yaml"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def contents(item: Item) -> Raw:
    """For those that need each item. Raises `SourceError`."""
    try:
        return item.read()
    except UNREADABLE as error:
        raise SourceError.of(
            f"{item.source_id} cannot be read: {why_unread(error)}", "take it out, or mend its rights"
        ) from error
