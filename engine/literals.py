"""Many fixed texts sought in one text, in one pass (Aho-Corasick)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

from ahocorasick_rs import BytesAhoCorasick, Implementation

Value = TypeVar("Value")
Place = tuple[int, int, int]

# A search gives all that it found at once: so much of a text at a time keeps that small, whatever the text repeats.
_PIECE = 65_536
# Characters in all. A full table of states is three times as fast as one packed, and takes about a kilobyte for each character sought.
FEW = 20_000
# UTF-8 has no such byte: this is found nowhere. The library puts the states that end a text before all others, and takes time by the square of
# those divided by these: 1.6 seconds for 100,000 texts that differ in a number at their end, and 0.05 with these others.
_OTHERS = b"\xff" * 8_192


class Automaton:
    """What is sought, in UTF-8, none of it empty. Fastest where it is sorted."""

    def __init__(self, texts: Sequence[bytes]) -> None:
        self._longest = max(map(len, texts), default=0)
        self._before = 0
        table = Implementation.DFA
        if sum(map(len, texts)) > FEW:
            self._before, table, texts = 1, Implementation.ContiguousNFA, [_OTHERS, *texts]
        # Of bytes, because to find the places in a `str` the library makes a table of all its letters each time.
        self._automaton = BytesAhoCorasick(texts, implementation=table) if texts else None

    def places(self, text: str) -> Iterable[Place]:
        """(which of the texts, start, end) of each place by its end, which is behind it, in characters; also of those within others."""
        if self._automaton is None:
            return ()
        return self._places(text) if len(text) <= _PIECE else self._in_pieces(text)

    def _in_pieces(self, text: str) -> Iterator[Place]:
        for start in range(0, len(text), _PIECE):
            # What began in the piece before is found in this one, and what ended there is not told again.
            before = max(start - self._longest + 1, 0)
            for which, first, end in self._places(text[before : start + _PIECE]):
                if before + end > start:
                    yield which, before + first, before + end

    def _places(self, text: str) -> Iterable[Place]:
        assert self._automaton is not None
        data = _bytes(text)
        found = self._automaton.find_matches_as_indexes(data, overlapping=True)
        if self._before:
            found = [(which - 1, start, end) for which, start, end in found]
        return found if len(data) == len(text) else _in_characters(data, found)


class Literals(Generic[Value]):
    """What is sought, each with what it stands for. Empty texts are found nowhere."""

    def __init__(self, values: Mapping[str, Value]) -> None:
        if "" in values:
            values = {text: value for text, value in values.items() if text}
        self._values = list(values.values())
        self._automaton = Automaton(list(map(_bytes, values)))

    def find(self, text: str) -> Iterator[tuple[int, int, Value]]:
        """(start, end, value) of each place, as `Automaton.places`."""
        values = self._values
        return ((start, end, values[which]) for which, start, end in self._automaton.places(text))


def _in_characters(data: bytes, found: list[Place]) -> Iterator[Place]:
    """They come by their ends, and each end stands between two characters: what lies between ends is counted once."""
    behind = characters = 0
    for which, start, end in found:
        characters += len(data[behind:end].decode("utf-8", "surrogatepass"))
        behind = end
        yield which, characters - len(data[start:end].decode("utf-8", "surrogatepass")), characters


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
