"""How the rules of one event stand for one message: which atoms are true, which rules match, and how both follow the facts."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set

from msgspec import Struct

from engine.rules.asked import Asked
from engine.rules.atoms import Choice
from engine.rules.facts import Facts, Values
from engine.rules.matcher import Matcher
from engine.rules.rulesets import Rulesets


class Asking(Struct, frozen=True):
    """An operand, and all atoms that ask about it. `of_message`: its value is the same as long as the message is."""

    read: Callable[[Facts], Values]
    matcher: Matcher
    of_message: bool


class Choices:
    """The atoms that are true when others are. They are numbered after all that they are made of, so one walk upwards decides them."""

    def __init__(self, choices: Mapping[int, Choice]) -> None:
        self._choices = choices
        self._of: dict[int, set[int]] = defaultdict(set)
        for number, choice in choices.items():
            for branch in choice.branches:
                for literal in branch:
                    self._of[literal.atom].add(number)
        self.of_nothing: set[int] = set()
        self._decide(choices, self.of_nothing)

    def follow(self, changed: set[int], true: set[int]) -> set[int]:
        """`changed`, none of them a choice, become true or cease to be, in `true`, and with them the choices made of them. All that changed."""
        true ^= changed
        return changed | self._decide({number for atom in changed for number in self._of.get(atom, ())}, true)

    def _decide(self, numbers: Iterable[int], true: set[int]) -> set[int]:
        seen = set(numbers)
        waiting = sorted(seen)
        changed = set()
        while waiting:
            number = heapq.heappop(waiting)
            if _holds(self._choices[number], true) == (number in true):
                continue
            true ^= {number}
            changed.add(number)
            for above in self._of.get(number, ()):
                if above not in seen:
                    seen.add(above)
                    heapq.heappush(waiting, above)
        return changed


def _holds(choice: Choice, true: Set[int]) -> bool:
    return any(all((literal.atom in true) == literal.positive for literal in branch) for branch in choice.branches)


class Standing:
    """The rules of one event while they run over one message, but for those with the indices `without`. Not pure: it follows the facts."""

    def __init__(
        self, operands: Sequence[Asking], choices: Choices, rulesets: Rulesets, facts: Facts, without: Set[int] = frozenset()
    ) -> None:
        self._operands = operands
        self._choices = choices
        self._facts = facts
        self._values = [operand.read(facts) for operand in operands]
        self._found = [operand.matcher.match(value) for operand, value in zip(operands, self._values, strict=True)]
        self._true = set(choices.of_nothing)
        choices.follow(set().union(*self._found), self._true)
        self._asked = Asked(rulesets, self._true, without)

    @property
    def true(self) -> Set[int]:
        """The atoms that are true now."""
        return self._true

    def next(self, after: int) -> int | None:
        """The first rule behind the index `after` that matches, as durable-rules decides. Raises `EngineError`."""
        return self._asked.next(after)

    def all(self) -> list[int]:
        """All rules that match, in their order. Raises `EngineError`."""
        return self._asked.all()

    def update(self, facts: Facts, after: int) -> None:
        """The facts are these now. What has the same value is not searched again, and rules up to and with the index `after`
        are not asked for any more."""
        same_message = facts.message is self._facts.message
        self._facts = facts
        changed: set[int] = set()
        for place, operand in enumerate(self._operands):
            if operand.of_message and same_message:
                continue
            value = operand.read(facts)
            if value != self._values[place]:
                self._values[place] = value
                found = operand.matcher.match(value)
                changed |= found ^ self._found[place]
                self._found[place] = found
        if changed:
            self._asked.changed(self._choices.follow(changed, self._true), after)
