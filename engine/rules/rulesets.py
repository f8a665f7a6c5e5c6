"""durable-rules behind guards: conjunctions of atoms to rulesets, and a set of true atoms to the rules that match.

Every guard answers one of the sharp edges that `design.md` measured; tests/rules/test_rulesets.py shows each.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from typing import Any

from durable.engine import Ruleset
from msgspec import Struct

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
        self.names = frozenset(literal.atom for one in conjunctions for literal in one.literals)
        self._recorded: set[int] = set()
        rules: dict[str, Any] = {
            f"r{one.index}": {"all": [{"m": _expression(one)}], "pri": place, "run": self._recorder(one.index)}
            for place, one in enumerate(conjunctions)
        }
        # Deleting the state of a fact that matched nothing is a segmentation fault: this rule matches every message.
        rules[_LAST] = {"all": [{"m": {_MESSAGE: 1}}], "pri": len(conjunctions), "run": self._recorder(-1)}
        self._ruleset = Ruleset(f"postroom{next(_sids)}", _Host(), rules)

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
        handle = self._ruleset.assert_fact(fact)
        try:
            self._ruleset.do_actions(handle, lambda error, _: failures.append(error) if error else None)
        finally:
            self._ruleset.delete_state(sid)
        if failures or -1 not in self._recorded:
            raise EngineError(f"durable-rules did not finish: {failures or 'the last rule did not run'}")
        return self._recorded - {-1}


class _Later:
    """A ruleset that is made when first a message needs it: durable-rules takes 13 KB a rule, and most wait for words
    that no mail has."""

    def __init__(self, conjunctions: Sequence[Conjunction]) -> None:
        self._conjunctions = conjunctions

    @cached_property
    def one(self) -> _One:
        return _One(self._conjunctions)


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

    def __init__(self, conjunctions: Iterable[Conjunction], rarity: dict[int, int]) -> None:
        anchored: list[tuple[int, Conjunction]] = []
        always: list[Conjunction] = []
        for one in conjunctions:
            contradiction = {literal.atom for literal in one.literals if literal.positive} & {
                literal.atom for literal in one.literals if not literal.positive
            }
            if contradiction:
                continue  # it can never match, and durable-rules is not asked to find out
            if one.needed:
                anchored.append((min(one.needed, key=lambda atom: (rarity[atom], -atom)), one))
            else:
                always.append(one)
        self._always = [_One(part) for part in _split(always)]
        self._by_anchor: dict[int, list[int]] = defaultdict(list)
        self._anchored: list[_Later] = []
        anchor_of = {one.index: anchor for anchor, one in anchored}
        # Rules with one anchor stand together, so that a message meets as few rulesets as can be; order comes from `index`.
        anchored.sort(key=lambda pair: pair[0])
        for part in _split([one for _, one in anchored]):
            for anchor in {anchor_of[one.index] for one in part}:
                self._by_anchor[anchor].append(len(self._anchored))
            self._anchored.append(_Later(part))

    def matching(self, true: Collection[int]) -> list[int]:
        """The indices of the rules that match, in the order of running. Raises `EngineError`."""
        chosen = {number for atom in true for number in self._by_anchor.get(atom, ())}
        matched: set[int] = set()
        for one in (*self._always, *(self._anchored[number].one for number in chosen)):
            matched |= one.matching(one.names.intersection(true))
        return sorted(matched)

    def __len__(self) -> int:
        return len(self._always) + len(self._anchored)


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
