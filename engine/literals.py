"""Many fixed texts sought in one text, in one pass (Aho-Corasick)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Generic, TypeVar

from ahocorasick_rs import BytesAhoCorasick, Implementation

Value = TypeVar("Value")

# A search gives all that it found at once: so much of a text at a time keeps that small, whatever the text repeats.
_PIECE = 65_536
# A full table of states is three times as fast as one packed, and takes about a kilobyte for each character sought.
_FULL_TABLE = 20_000


class Literals(Generic[Value]):
    """What is sought, each with what it stands for. Empty texts are found nowhere."""

    def __init__(self, values: Mapping[str, Value]) -> None:
        if "" in values:
            values = {text: value for text, value in values.items() if text}
        texts = list(values)
        self._values = list(values.values())
        self._lengths = list(map(len, texts))
        self._longest = max(self._lengths, default=0)
        # Of bytes, because to find the places in a `str` the library makes a table of all its letters each time.
        table = Implementation.DFA if sum(self._lengths) <= _FULL_TABLE else Implementation.ContiguousNFA
        self._automaton = BytesAhoCorasick(list(map(_bytes, texts)), implementation=table) if texts else None

    def find(self, text: str) -> Iterable[tuple[int, int, Value]]:
        """(start, end, value) of each place by its end, which is behind it; also of those within others."""
        if self._automaton is None:
            return ()
        if len(text) > _PIECE:
            return self._in_pieces(text)
        return [(start, end, self._values[which]) for which, start, end in self._places(text)]

    def _in_pieces(self, text: str) -> Iterator[tuple[int, int, Value]]:
        for start in range(0, len(text), _PIECE):
            # What began in the piece before is found in this one, and what ended there is not told again.
            before = max(start - self._longest + 1, 0)
            for which, first, end in self._places(text[before : start + _PIECE]):
                if before + end > start:
                    yield before + first, before + end, self._values[which]

    def _places(self, text: str) -> Iterable[tuple[int, int, int]]:
        """(which of the texts, start, end) in characters."""
        assert self._automaton is not None
        data = _bytes(text)
        found = self._automaton.find_matches_as_indexes(data, overlapping=True)
        return found if len(data) == len(text) else self._in_characters(data, found)

    def _in_characters(self, data: bytes, found: list[tuple[int, int, int]]) -> Iterator[tuple[int, int, int]]:
        """They come by their ends, and each end stands between two characters: what lies between ends is counted once."""
        behind = characters = 0
        for which, _, end in found:
            characters += len(data[behind:end].decode("utf-8", "surrogatepass"))
            behind = end
            yield which, characters - self._lengths[which], characters


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
