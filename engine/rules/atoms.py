"""Conditions to atoms: each distinct question asked once, negation pushed down to it, and conjunctions only.

durable-rules runs a rule once for every way in which its `$or`s are satisfied (`design.md`), so every `or` becomes an atom
that we evaluate, and the engine sees conjunctions of atoms, some of them negated.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct, field

from engine.dsl.tree import And, Condition, Not, Operand, RuleBook, Test
from engine.dsl.values import Duration, ListName, Moment, Number, Pattern, Size, Text, Texts
from engine.dsl.vocabulary import resolve
from engine.text import fold, squeeze

# More conjuncts than this in one rule become an atom of our own: a fact has room for 255 properties.
MOST_CONJUNCTS = 40


class Literal(Struct, frozen=True):
    """An atom that must be true, or must not be."""

    atom: int
    positive: bool


class Leaf(Struct, frozen=True):
    """One question about one operand. Equal leaves of different rules are one atom."""

    operand: tuple[str, str]
    operator: str
    value: object


class Choice(Struct, frozen=True):
    """Our own atom: true when every literal of any branch holds."""

    branches: tuple[tuple[Literal, ...], ...]


class AtomTable(Struct):
    """All atoms of one program, by number. `words` are the condition as first written, for explanations."""

    book: RuleBook
    groups: tuple[str, ...]
    extracted: frozenset[str]
    organization_domains: tuple[str, ...]
    leaves: dict[int, Leaf] = field(default_factory=dict)
    choices: dict[int, Choice] = field(default_factory=dict)
    operands: dict[tuple[str, str], Operand] = field(default_factory=dict)
    _numbers: dict[Leaf | Choice, int] = field(default_factory=dict)
    _lists: dict[tuple[str, Callable[[str], str] | None], tuple[str, ...]] = field(default_factory=dict)

    def conjunction(self, condition: Condition | None) -> tuple[tuple[Literal, Condition], ...]:
        """A condition as literals that must all hold, each with the part of the condition it stands for."""
        if condition is None:
            return ()
        parts = self._flat(condition, True)
        if len(parts) > MOST_CONJUNCTS:
            rest = parts[MOST_CONJUNCTS - 1 :]
            choice = self._number(Choice((tuple(literal for literal, _ in rest),)))
            parts = [*parts[: MOST_CONJUNCTS - 1], (Literal(choice, True), condition)]
        return tuple({literal: (literal, part) for literal, part in parts}.values())

    def _flat(self, condition: Condition, positive: bool) -> list[tuple[Literal, Condition]]:
        if isinstance(condition, Not):
            inner = condition.part
            found = self._flat(inner, not positive)
            # `is not "x"` is written as one condition and is shown as one.
            return [(literal, condition) for literal, _ in found] if isinstance(inner, Test) else found
        if isinstance(condition, Test):
            return [(Literal(self._number(self.leaf(condition)), positive), condition)]
        if isinstance(condition, And) == positive:
            return [pair for part in condition.parts for pair in self._flat(part, positive)]
        # A disjunction: `or`, or a negated `and`.
        branches = tuple(tuple(literal for literal, _ in self._flat(part, positive)) for part in condition.parts)
        return [(Literal(self._number(Choice(branches)), True), condition)]

    def leaf(self, test: Test) -> Leaf:
        """The question that a condition asks; equal questions are equal leaves, however they are written."""
        name, known = test.operand.name, None
        if test.operand.kind in ("field", "changed"):
            known = resolve(name, self.groups, self.extracted)
            name = known.name if known else name
        operand = (test.operand.kind, name)
        self.operands.setdefault(operand, test.operand)
        if test.operand.kind == "field" and known and known.type == "flag" and isinstance(test.value, Text):
            return Leaf(operand, "holds" if test.value.text == "true" else "fails", None)
        return Leaf(operand, test.operator, self._value(test))

    def _value(self, test: Test) -> object:
        value = test.value
        match value:
            case None:
                return None
            case Text():
                return value.text if test.operator == "has tag" else sought(value.text, test.operator)
            case Number():
                return value.number
            case Size():
                return value.size
            case Duration():
                return value.length
            case Moment():
                return value.value
            case Pattern():
                return (value.pattern, value.flags)
            case Texts():
                return tuple(sorted({sought(text.text, test.operator) for text in value.texts}))
            case ListName():
                return self._list(value.name, test.operator)

    def _list(self, name: str, operator: str) -> tuple[str, ...]:
        key = name, _ENDS.get(operator)
        if key not in self._lists:
            named = self.book.lists.get(name)
            texts = self.organization_domains if named is None else tuple(text.text for text in named.texts)
            self._lists[key] = tuple(sorted({sought(text, operator) for text in texts}))
        return self._lists[key]

    def _number(self, atom: Leaf | Choice) -> int:
        number = self._numbers.get(atom)
        if number is None:
            number = self._numbers[atom] = len(self._numbers) + 1
            if isinstance(atom, Leaf):
                self.leaves[number] = atom
            else:
                self.choices[number] = atom
        return number


# Where a text that is looked at has no white space at its ends, one in quotes has none there either: it would never be found.
_ENDS: dict[str, Callable[[str], str]] = {"is": str.strip, "in": str.strip, "starts with": str.lstrip, "ends with": str.rstrip}


def sought(text: str, operator: str) -> str:
    """A text in quotes as it is compared. Where it has a line break or a tab, an administrator means these."""
    if is_laid_out(text):
        return fold(text)
    found = squeeze(fold(text))
    return (_ENDS[operator](found) or found) if operator in _ENDS else found


def is_laid_out(text: str) -> bool:
    return "\n" in text or "\t" in text
