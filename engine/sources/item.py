"""What every source yields: where a message is, and how to read it."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct


class Item(Struct, frozen=True):
    """`read` gives the raw bytes, and may raise `OSError`. `source_id` says where it is, in words for people."""

    source_id: str
    read: Callable[[], bytes]
