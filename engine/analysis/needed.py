"""What a condition cannot do without: clauses, each a few texts of which one must be there (`subject contains "a" or body contains "b"`).

Another condition can follow from it only if each clause of the other is in one of its own: whichever text of its own is there, one of the
other's is in it. That is told in microseconds; whether it does follow, `logic` finds out.
"""

from __future__ import annotations

from typing import Any, cast

from msgspec import Struct

from engine.analysis.logic import Logic
from engine.dsl.tree import And, Condition, Not, Or
from engine.rules.atoms import Leaf
from engine.text import collapse

# A clause of more texts than these, and a condition of more clauses, say little of which rules it has to do with.
MOST_TEXTS = 20
MOST_CLAUSES = 64
_OF_TEXT = frozenset({"is", "in", "has tag", "contains", "contains any of", "contains all of", "starts with", "ends with"})

Text = tuple[str, str]
Clause = frozenset[Text]


class Needed(Struct, frozen=True):
    """What a condition cannot do without.

    `clauses`: of each (operand, text) one must be there; `patterns`: (operand, pattern) that must match; `exact`: operands of which the whole
    text is named.
    """

    clauses: frozenset[Clause] = frozenset()
    patterns: frozenset[tuple[str, object]] = frozenset()
    exact: frozenset[str] = frozenset()

    def may_imply(self, other: Needed) -> bool:
        """Whether the other may follow from it. A pattern follows from itself, and from the whole text."""
        return all(map(self._holds, other.clauses)) and all(
            pattern in self.patterns or pattern[0] in self.exact for pattern in other.patterns
        )

    def _holds(self, clause: Clause) -> bool:
        return any(
            all(any(operand == mine and text in longer for operand, text in clause) for mine, longer in own)
            for own in self.clauses
        )


def needed(condition: Condition | None, logic: Logic, *, holds: bool = True) -> Needed:
    """Of a condition that holds, or does not."""
    if condition is None:
        return Needed()
    if isinstance(condition, Not):
        return needed(condition.part, logic, holds=not holds)
    if isinstance(condition, And | Or):
        parts = [needed(part, logic, holds=holds) for part in condition.parts]
        return _by_all(parts) if isinstance(condition, And) == holds else _by_any(parts)
    return _by_one(logic.leaf(condition), logic) if holds else Needed()


def _by_one(leaf: Leaf, logic: Logic) -> Needed:
    (kind, operand), value = leaf.operand, cast(Any, leaf.value)
    if leaf.operator == "matches":
        return Needed() if logic.is_finite(leaf) else Needed(patterns=frozenset([(operand, value)]))
    if leaf.operator not in _OF_TEXT or not isinstance(value, str | tuple):
        return Needed()
    texts = [(operand, collapse(text)) for text in ([value] if isinstance(value, str) else value)]
    if leaf.operator == "contains all of":
        return Needed(frozenset(frozenset([text]) for text in texts))
    exact = frozenset([operand] if leaf.operator in ("is", "in") and kind == "field" else [])
    return Needed(frozenset([frozenset(texts)] if len(texts) <= MOST_TEXTS else []), exact=exact)


def _by_all(parts: list[Needed]) -> Needed:
    return Needed(
        frozenset().union(*(one.clauses for one in parts)),
        frozenset().union(*(one.patterns for one in parts)),
        frozenset().union(*(one.exact for one in parts)),
    )


def _by_any(parts: list[Needed]) -> Needed:
    """One of the parts holds: a clause of each, taken together."""
    clauses: set[Clause] = {frozenset()}
    for one in parts:
        clauses = {mine | other for mine in clauses for other in one.clauses if len(mine | other) <= MOST_TEXTS}
        if len(clauses) > MOST_CLAUSES:
            clauses = set()
    return Needed(
        frozenset(clauses),
        frozenset.intersection(*(one.patterns for one in parts)),
        frozenset.intersection(*(one.exact for one in parts)),
    )
