"""What a configuration may have a hundred thousand of, as the next start takes it: in a few large pieces, of which a row is made when it is
asked for. To make a dict of so many takes a tenth of a start with 100,000 contacts; a sorted list is there at once, and bisecting it takes a
microsecond.
"""

from __future__ import annotations

from abc import abstractmethod
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import accumulate
from typing import Generic, TypeVar

from msgspec import msgpack

from engine.config.people import Contact

T = TypeVar("T")
_encode = msgpack.Encoder().encode
_texts = msgpack.Decoder(list[str]).decode
_text = msgpack.Decoder(str).decode
_contact = msgpack.Decoder(Contact).decode


def numbers(values: Iterable[int]) -> bytes:
    """As C's unsigned ints."""
    return array("I", values).tobytes()


def as_numbers(packed: bytes) -> memoryview:
    return memoryview(packed).cast("I")


class _Column(Mapping[str, T], Generic[T]):
    """Rows by key: `keys` sorted, and behind each other in this order the `rows` in msgpack, each from one of `ends` to the next. `order`: the
    places of the keys as the file has them."""

    def __init__(self, keys: bytes, ends: bytes, rows: bytes, order: bytes) -> None:
        self._packed = keys, ends, rows, order
        self._ends, self._rows, self._order = as_numbers(ends), rows, as_numbers(order)

    @cached_property
    def _keys(self) -> list[str]:
        return _texts(self._packed[0])

    @classmethod
    def of(cls, values: Mapping[str, T]) -> _Column[T]:
        keys = sorted(values)
        rows = [_encode(values[key]) for key in keys]
        place = {key: number for number, key in enumerate(keys)}
        ends = accumulate(map(len, rows), initial=0)
        return cls(_encode(keys), numbers(ends), b"".join(rows), numbers(place[key] for key in values))

    def __reduce__(self) -> tuple[type, tuple[bytes, ...]]:
        return type(self), self._packed

    def __getitem__(self, key: str) -> T:
        place = self._place(key)
        if place is None:
            raise KeyError(key)
        return self._row(self._rows[self._ends[place] : self._ends[place + 1]])

    @staticmethod
    @abstractmethod
    def _row(packed: bytes) -> T: ...

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self._place(key) is not None

    def __iter__(self) -> Iterator[str]:
        return map(self._keys.__getitem__, self._order)

    def __len__(self) -> int:
        return len(self._order)

    def _place(self, key: str) -> int | None:
        place = bisect_left(self._keys, key)
        return place if place < len(self._keys) and self._keys[place] == key else None


class Contacts(_Column[Contact]):
    """By their ids."""

    @staticmethod
    def _row(packed: bytes) -> Contact:
        return _contact(packed)


class Owners(_Column[str]):
    """Contacts' ids by their primary addresses."""

    @staticmethod
    def _row(packed: bytes) -> str:
        return _text(packed)
