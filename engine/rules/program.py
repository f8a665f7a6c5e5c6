"""The rules of one event as a program, compiled once for a configuration, and why a rule of it did not match."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from functools import cached_property
from zoneinfo import ZoneInfo

from msgspec import Struct

from engine.dsl.tree import Condition, Rule, RuleBook
from engine.dsl.vocabulary import EVENTS, WAITING_GROUPS
from engine.rules.atoms import AtomTable, Literal
from engine.rules.facts import Facts, is_of_message, reader
from engine.rules.matcher import Matcher
from engine.rules.rulesets import Conjunction, Rulesets
from engine.rules.standing import Asking, Choices, Standing


class Unmet(Struct, frozen=True, dict=True):
    """Why a rule did not match: the part of its condition that failed, in its own words, and where it stands."""

    words: str
    where: str

    @cached_property
    def because(self) -> str:
        return f"{self.words} ({self.where}{_FAILED}"


class Compiled(Struct, frozen=True, dict=True):
    """A rule with its condition as literals, each with the part of the condition that it stands for."""

    rule: Rule
    literals: tuple[tuple[Literal, Condition], ...]

    @cached_property
    def where(self) -> str:
        return str(self.rule.position)

    @cached_property
    def unmet(self) -> tuple[Unmet, ...]:
        """What to say where each of them is what fails. Thousands of tests ask each of thousands of rules for it."""
        return tuple(Unmet(part.words, str(part.position)) for _, part in self.literals)


_FAILED = ") does not hold"


def failed_at(because: str) -> str:
    """Where the part stands that an `Unmet.because` tells of; empty for any other reason."""
    return because.removesuffix(_FAILED).rpartition(" (")[2] if because.endswith(_FAILED) else ""


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
            Asking(
                reader(self._table.operands[operand], groups, extracted),
                Matcher(group, timezone),
                is_of_message(self._table.operands[operand], groups, extracted),
            )
            for operand, group in leaves.items()
        ]
        self._choices = Choices(self._table.choices)

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

    def begin(self, facts: Facts, without: Set[int] = frozenset()) -> Standing:
        """Its rules over the facts of one message; those with the indices `without` have had their turn."""
        return Standing(self._operands, self._choices, self._rulesets, facts, without)

    def unmet(self, index: int, true: Set[int]) -> Unmet | None:
        """The first part of the rule's condition that does not hold where these atoms are true, or None when all do."""
        compiled = self.rules[index]
        for place, (literal, _) in enumerate(compiled.literals):
            if (literal.atom in true) != literal.positive:
                return compiled.unmet[place]
        return None


class Programs(Struct, frozen=True, dict=True):
    """One program an event, and one for the rules that wait after it."""

    by_event: dict[str, Program]
    waiting: dict[str, Program]

    @cached_property
    def waiting_rules(self) -> dict[str, tuple[Program, int]]:
        """By the rule's name: its program, and its index there."""
        return {
            compiled.rule.name: (program, index)
            for program in self.waiting.values()
            for index, compiled in enumerate(program.rules)
        }


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
