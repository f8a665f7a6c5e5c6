"""The rules of one event as a program: facts to true atoms, true atoms to matching rules, and why a rule did not match."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property
from zoneinfo import ZoneInfo

from msgspec import Struct

from engine.dsl.tree import Condition, Rule, RuleBook
from engine.dsl.vocabulary import EVENTS, WAITING_GROUPS
from engine.rules.atoms import AtomTable, Choice, Literal
from engine.rules.facts import Facts, Values, reader
from engine.rules.matcher import Matcher
from engine.rules.rulesets import Conjunction, Rulesets


class Compiled(Struct, frozen=True):
    """A rule with its condition as literals, each with the part of the condition that it stands for."""

    rule: Rule
    literals: tuple[tuple[Literal, Condition], ...]


class Unmet(Struct, frozen=True):
    """Why a rule did not match: the part of its condition that failed, in its own words, and where it stands."""

    words: str
    where: str


class Program:
    """All rules of one event, in their order. Compiled once for a configuration; holds no state of a message."""

    def __init__(
        self,
        rules: Sequence[Rule],
        book: RuleBook,
        groups: tuple[str, ...],
        extracted: frozenset[str],
        organization_domains: tuple[str, ...],
        timezone: ZoneInfo,
    ) -> None:
        self._table = AtomTable(book, groups, extracted, organization_domains)
        self.rules = tuple(Compiled(rule, self._table.conjunction(rule.condition)) for rule in rules)
        leaves = defaultdict(list)
        for number, leaf in self._table.leaves.items():
            leaves[leaf.operand].append((number, leaf))
        self._operands = [
            (reader(self._table.operands[operand], groups, extracted), Matcher(group, timezone))
            for operand, group in leaves.items()
        ]
        self._free_choices, self._choices_of = self._index_choices()

    @cached_property
    def _rulesets(self) -> Rulesets:
        # Built when first needed: `check` and a mailbox without such events never pay for it.
        rarity: dict[int, int] = defaultdict(int)
        for compiled in self.rules:
            for literal, _ in compiled.literals:
                rarity[literal.atom] += 1
        return Rulesets(
            (Conjunction(index, tuple(literal for literal, _ in compiled.literals)) for index, compiled in enumerate(self.rules)),
            rarity,
        )

    def _index_choices(self) -> tuple[list[int], dict[int, list[int]]]:
        """Choices that can be true with no atom true are always evaluated; the others when an atom of theirs is true."""
        free: list[int] = []
        index: dict[int, list[int]] = defaultdict(list)
        for number, choice in self._table.choices.items():
            if any(not any(literal.positive for literal in branch) for branch in choice.branches):
                free.append(number)
            for branch in choice.branches:
                for literal in branch:
                    if literal.positive:
                        index[literal.atom].append(number)
        return free, index

    def read(self, facts: Facts, before: Reading | None = None) -> Reading:
        """The true atoms of these facts. What has the same value as `before` is not searched again."""
        values: list[Values] = []
        found: list[set[int]] = []
        for position, (read, matcher) in enumerate(self._operands):
            value = read(facts)
            values.append(value)
            if before is not None and before.values[position] == value:
                found.append(before.found[position])
            else:
                found.append(matcher.match(value))
        true: set[int] = set().union(*found) if found else set()
        self._add_choices(true)
        return Reading(tuple(values), tuple(found), frozenset(true))

    def _add_choices(self, true: set[int]) -> None:
        """Choices are numbered after all that they are made of, so one walk upwards decides them."""
        seen = set(self._free_choices)
        for atom in true:
            seen.update(self._choices_of.get(atom, ()))
        waiting = list(seen)
        heapq.heapify(waiting)
        while waiting:
            number = heapq.heappop(waiting)
            if _holds(self._table.choices[number], true):
                true.add(number)
                for above in self._choices_of.get(number, ()):
                    if above not in seen:
                        seen.add(above)
                        heapq.heappush(waiting, above)

    def matching(self, reading: Reading) -> list[int]:
        """Indices into `rules`, in order, as durable-rules decides. Raises `EngineError`."""
        return self._rulesets.matching(reading.true)

    def unmet(self, index: int, reading: Reading) -> Unmet | None:
        """The first part of the rule's condition that does not hold, or None when all do."""
        for literal, part in self.rules[index].literals:
            if (literal.atom in reading.true) != literal.positive:
                return Unmet(part.words, str(part.position))
        return None


class Reading(Struct, frozen=True):
    """What a program saw: the values of its operands, the atoms true of each, and all true atoms."""

    values: tuple[Values, ...]
    found: tuple[set[int], ...]
    true: frozenset[int]


def _holds(choice: Choice, true: set[int]) -> bool:
    return any(all((literal.atom in true) == literal.positive for literal in branch) for branch in choice.branches)


class Programs(Struct, frozen=True):
    """One program an event, and one for the rules that wait after it."""

    by_event: dict[str, Program]
    waiting: dict[str, Program]


def compile_rules(book: RuleBook, extracted: frozenset[str], organization_domains: Iterable[str], timezone: ZoneInfo) -> Programs:
    """`book` has passed `check_rules`."""
    domains = tuple(organization_domains)

    def program(event: str, waits: bool) -> Program:
        rules = [rule for rule in book.rules if rule.event.name == event and (rule.event.after is not None) == waits]
        groups = WAITING_GROUPS if waits else EVENTS[event].groups
        return Program(rules, book, groups, extracted, domains, timezone)

    return Programs(
        {event: program(event, False) for event in EVENTS},
        {event: program(event, True) for event in EVENTS},
    )
