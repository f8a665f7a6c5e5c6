"""Which rules can have to do with each other: of thousands, those that ask for the same texts (`needed`)."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Sequence

from engine.analysis.needed import Clause, Needed, Text
from engine.literals import Literals


class Neighbours:
    """`needed`: for each rule, in order, what it cannot do without."""

    def __init__(self, needed: Sequence[Needed]) -> None:
        self._needed = needed
        self._free = [index for index, one in enumerate(needed) if not one.clauses]
        # Each rule is found by the clause of which fewest others have a text.
        often = Counter(text for one in needed for clause in one.clauses for text in clause)
        self._anchors: list[Clause] = [
            min(one.clauses, key=lambda clause: (sum(often[text] for text in clause), sorted(clause)), default=frozenset())
            for one in needed
        ]
        self._owners: dict[Text, list[int]] = defaultdict(list)
        for index, anchor in enumerate(self._anchors):
            for text in anchor:
                self._owners[text].append(index)
        self._holders: dict[Text, list[int]] = defaultdict(list)
        self._held = self._held_by_each()
        for index, held in enumerate(self._held):
            for text in held:
                self._holders[text].append(index)

    def _held_by_each(self) -> list[set[Text]]:
        """Anchors' texts that stand in those of each rule."""
        sought: dict[str, dict[str, Text]] = defaultdict(dict)
        for operand, text in self._owners:
            sought[operand][text] = operand, text
        literals = {operand: Literals(texts) for operand, texts in sought.items()}
        return [
            {
                found
                for operand, text in frozenset().union(*one.clauses)
                if operand in literals
                for _, _, found in literals[operand].find(text)
            }
            for one in self._needed
        ]

    def before(self, index: int, most: int) -> list[int]:
        """Rules before this one that may imply it or be implied by it, in order; the nearest `most` of them."""
        own = self._needed[index]
        near: set[int] = set()
        if own.clauses:
            lists = [self._free, *(self._owners[text] for text in self._held[index])]
            lists += [self._holders[text] for text in self._anchors[index]]
            for one in lists:
                end = bisect_left(one, index)
                near.update(one[max(0, end - most) : end])
        else:
            near.update(range(max(0, index - most), index))
        found = [other for other in sorted(near) if self._related(self._needed[other], own)]
        return found[-most:]

    @staticmethod
    def _related(first: Needed, second: Needed) -> bool:
        return first.may_imply(second) or second.may_imply(first)
