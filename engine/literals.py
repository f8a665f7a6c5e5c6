"""Many fixed texts sought in one text, in one pass (Aho-Corasick)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

from ahocorasick_rs import AhoCorasick, Implementation

Value = TypeVar("Value")

# A search gives all that it found at once: so much of a text at a time keeps that small, whatever the text repeats.
_PIECE = 65_536
# A full table of states is two to three times as fast as one packed, and takes about a kilobyte for each character sought.
_FULL_TABLE = 20_000


class Literals(Generic[Value]):
    """What is sought, each with what it stands for. Empty texts are found nowhere."""

    def __init__(self, values: Mapping[str, Value]) -> None:
        texts = [text for text in values if text]
        self._values = [values[text] for text in texts]
        self._longest = max(map(len, texts), default=0)
        table = Implementation.DFA if sum(map(len, texts)) <= _FULL_TABLE else Implementation.ContiguousNFA
        self._automaton = AhoCorasick(texts, implementation=table, store_patterns=False) if texts else None

    def find(self, text: str) -> Iterator[tuple[int, int, Value]]:
        """(start, end, value) of each place, `end` being behind it; also of those within others."""
        if self._automaton is None:
            return
        values = self._values
        for start in range(0, len(text), _PIECE):
            # What began in the piece before is found in this one, and what ended there is not told again.
            before = max(start - self._longest + 1, 0)
            for which, first, end in self._automaton.find_matches_as_indexes(text[before : start + _PIECE], overlapping=True):
                if before + end > start:
                    yield before + first, before + end, values[which]
