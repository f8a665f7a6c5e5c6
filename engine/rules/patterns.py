"""All patterns that ask about one operand: only those are tried for which the text has what they need."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Set
from functools import cached_property
from typing import Any

import re2
from msgspec import Struct

from engine.literals import Literals
from engine.normal import normalized
from engine.rules.required import Need, required


class _Pattern(Struct, frozen=True):
    compiled: Any
    source: str
    atom: int


class _Needs(Struct, frozen=True):
    """`always`: those of which nobody can tell what they need; the others by the first thing that they need, with what they need too."""

    always: list[_Pattern]
    by_text: dict[str, list[tuple[_Pattern, tuple[Need, ...]]]]
    texts: Literals[str]


class Patterns:
    """In linear time (RE2): a pattern takes five microseconds and more of each value, and a search for what all of them need not two."""

    def __init__(self) -> None:
        self._all: list[_Pattern] = []

    def add(self, source: str, flags: str, atom: int) -> None:
        """A pattern, and the atom that it makes true. All of them are there before the first text is."""
        self._all.append(_Pattern(re2.compile((f"(?{flags})" if flags else "") + source), source, atom))

    def __bool__(self) -> bool:
        return bool(self._all)

    @cached_property
    def _needs(self) -> _Needs:
        always: list[_Pattern] = []
        by_text: dict[str, list[tuple[_Pattern, tuple[Need, ...]]]] = defaultdict(list)
        sought: set[str] = set()
        for pattern in self._all:
            first, *others = required(pattern.source) or (None,)
            if first is None:
                always.append(pattern)
                continue
            for text in first:
                by_text[text].append((pattern, tuple(others)))
            sought.update(first, *others)
        return _Needs(always, by_text, Literals({text: text for text in sought}))

    def matching(self, value: str, known: Set[int]) -> Iterator[int]:
        """The atoms that this value makes true, without those that are `known` to be. A pattern sees the text as it is written, but
        for Unicode's many ways to write it; its flags say whether case counts."""
        written = normalized("NFKC", value)
        needs = self._needs
        tried = {pattern.atom: pattern for pattern in needs.always}
        there = {text for _, _, text in needs.texts.find(written.lower())}
        for text in there & needs.by_text.keys():
            for pattern, others in needs.by_text[text]:
                if not any(map(there.isdisjoint, others)):
                    tried[pattern.atom] = pattern
        for atom, pattern in tried.items():
            if atom not in known and pattern.compiled.search(written):
                yield atom
