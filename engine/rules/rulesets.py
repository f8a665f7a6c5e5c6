"""durable-rules behind guards: conjunctions of atoms to rulesets, and a set of true atoms to the rules that match.

Every guard answers one of the sharp edges that `design.md` measured; tests/rules/test_rulesets.py shows each.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from functools import cached_property
from typing import Any
from weakref import finalize

from msgspec import Struct

from engine.interrupts import IN_HAND
from engine.rules.atoms import Literal

# A ruleset's table holds 512 property names and creating a fuller one hangs; a fact holds 255 properties. Staying under
# the smaller number means that even a message for which every atom is true fits.
MOST_NAMES = 240
# It matches a fact by walking a tree of conditions with a stack of 64 branches (events.c, MAX_STACK_SIZE; error 303 beyond),
# and lists at most 256 rules on one condition (error 108). A branch that waits on the stack leads to at least one rule that
# no other does, so with this many rules in a ruleset neither limit can be met. Found here; `design.md` does not have it.
MOST_RULES = 60
_MESSAGE = "msg"
_LAST = "last"
_sids = itertools.count(1)


class Conjunction(Struct, frozen=True):
    """One rule as the engine sees it: `index` is its place in the order of running."""

    index: int
    literals: tuple[Literal, ...]

    @property
    def needed(self) -> list[int]:
        return [literal.atom for literal in self.literals if literal.positive]


class EngineError(RuntimeError):
    """durable-rules did not do what it was asked. The message goes to quarantine; the state is dropped."""


class _Host:
    """What a `Ruleset` asks of its host. durable's own `Host` would start two polling threads."""

    def get_action(self, name: str) -> None:
        raise EngineError(f"no action named {name}")


class _One:
    """One durable-rules ruleset. Actions only record the number of their rule; a number recorded twice counts once."""

    def __init__(self, conjunctions: Sequence[Conjunction]) -> None:
        from durable.engine import Ruleset  # when first a message needs a ruleset
        from durable_rules_engine import delete_ruleset

        self._recorded: set[int] = set()
        rules: dict[str, Any] = {
            f"r{one.index}": {"all": [{"m": _expression(one)}], "pri": place, "run": self._recorder(one.index)}
            for place, one in enumerate(conjunctions)
        }
        # Deleting the state of a fact that matched nothing is a segmentation fault: this rule matches every message.
        rules[_LAST] = {"all": [{"m": {_MESSAGE: 1}}], "pri": len(conjunctions), "run": self._recorder(-1)}
        self._ruleset = Ruleset(f"postroom{next(_sids)}", _Host(), rules)
        # durable-rules itself never lets one go: each new configuration of `poll` took its 13 KB a rule once more.
        finalize(self, delete_ruleset, self._ruleset._handle).atexit = False

    def _recorder(self, index: int) -> Any:
        def record(_: Any) -> None:
            self._recorded.add(index)

        return record

    def matching(self, true: Iterable[int]) -> set[int]:
        self._recorded.clear()
        sid = f"s{next(_sids)}"
        fact: dict[str, Any] = {"sid": sid, _MESSAGE: 1}
        fact.update((f"a{atom}", 1) for atom in true)
        failures: list[BaseException] = []
        with IN_HAND:  # a Ctrl-C within an action would be swallowed, and its rule would not have matched
            handle = self._ruleset.assert_fact(fact)
            try:
                self._ruleset.do_actions(handle, lambda error, _: failures.append(error) if error else None)
            finally:
                self._ruleset.delete_state(sid)
        if failures or -1 not in self._recorded:
            raise EngineError(f"durable-rules did not finish: {failures or 'the last rule did not run'}")
        return self._recorded - {-1}


class Part:
    """Rules that share a ruleset, by their order. The ruleset is made when first a message needs it: durable-rules takes 13 KB a
    rule, and most wait for words that no mail has.

    `anchors`: a rule of it may match only where one of these atoms is true; empty where its rules need none.
    """

    def __init__(self, conjunctions: Iterable[Conjunction], anchor_of: Mapping[int, int]) -> None:
        self._conjunctions = sorted(conjunctions, key=lambda one: one.index)
        self._anchor_of = anchor_of
        self.indices = [one.index for one in self._conjunctions]
        self.atoms = frozenset(literal.atom for one in self._conjunctions for literal in one.literals)
        self.anchors = frozenset(anchor_of[index] for index in self.indices if index in anchor_of)

    @cached_property
    def _one(self) -> _One:
        return _One(self._conjunctions)

    def matching(self, places: Sequence[int], true: Set[int]) -> list[int]:
        """Those of its rules at these places that match, in order. Only what these ask for is asserted, so what durable-rules says
        of the others counts for nothing. Raises `EngineError`."""
        asked = [self._conjunctions[place] for place in places]
        whole = len(asked) == len(self._conjunctions)
        if self.anchors and true.isdisjoint(self.anchors if whole else {self._anchor_of[one.index] for one in asked}):
            return []
        atoms = self.atoms if whole else {literal.atom for one in asked for literal in one.literals}
        matched = self._one.matching(atoms & true)
        return [one.index for one in asked if one.index in matched]


def _expression(one: Conjunction) -> dict[str, Any]:
    # `msg` in every expression: a rule on absence alone ($nex) would also match the state, for ever.
    terms: list[dict[str, Any]] = [{_MESSAGE: 1}]
    for literal in one.literals:
        term = {f"a{literal.atom}": 1}
        terms.append(term if literal.positive else {"$nex": term})
    return {"$and": terms} if len(terms) > 1 else terms[0]


class Rulesets:
    """All rules of one event over as many rulesets as their atoms need.

    Each rule has an anchor, the rarest atom that it needs; a message is asserted only to the rulesets in which the anchor
    of some rule is true. Rules that need no true atom share rulesets that always run.
    """

    def __init__(self, conjunctions: Iterable[Conjunction], rarity: Mapping[int, int]) -> None:
        anchored: list[Conjunction] = []
        always: list[Conjunction] = []
        anchor_of: dict[int, int] = {}
        for one in conjunctions:
            contradiction = {literal.atom for literal in one.literals if literal.positive} & {
                literal.atom for literal in one.literals if not literal.positive
            }
            if contradiction:
                continue  # it can never match, and durable-rules is not asked to find out
            if one.needed:
                anchor_of[one.index] = min(one.needed, key=lambda atom: (rarity[atom], -atom))
                anchored.append(one)
            else:
                always.append(one)
        # Rules with one anchor stand together, so that a message meets as few rulesets as can be; order comes from `index`.
        anchored.sort(key=lambda one: anchor_of[one.index])
        self.always = [Part(some, {}) for some in _split(always)]
        self.parts = [*self.always, *(Part(some, anchor_of) for some in _split(anchored))]

    @cached_property
    def by_anchor(self) -> dict[int, list[int]]:
        """Which `parts` may match where an atom is true, by their numbers."""
        return self._numbers(lambda part: part.anchors)

    @cached_property
    def by_atom(self) -> dict[int, list[int]]:
        """Which `parts` ask for an atom at all."""
        return self._numbers(lambda part: part.atoms)

    def _numbers(self, atoms: Callable[[Part], Iterable[int]]) -> dict[int, list[int]]:
        numbers: dict[int, list[int]] = defaultdict(list)
        for number, part in enumerate(self.parts):
            for atom in atoms(part):
                numbers[atom].append(number)
        return numbers

    def __len__(self) -> int:
        return len(self.parts)


def _split(conjunctions: list[Conjunction]) -> list[list[Conjunction]]:
    """Consecutive rules together while they and their atoms fit one ruleset."""
    parts: list[list[Conjunction]] = []
    names: set[int] = set()
    for one in conjunctions:
        atoms = {literal.atom for literal in one.literals}
        if not parts or len(parts[-1]) >= MOST_RULES or len(names | atoms) > MOST_NAMES:
            parts.append([])
            names = set()
        parts[-1].append(one)
        names |= atoms
    return parts
