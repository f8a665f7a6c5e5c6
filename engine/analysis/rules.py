"""Rules against each other and against themselves: what can never run, what always holds, what is undone at once."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, islice

import re2

from engine.analysis.addresses import check_addresses
from engine.analysis.effects import (
    Setting,
    changed_by,
    ending_condition,
    ends_pass,
    running_condition,
    settings_of,
    touches,
)
from engine.analysis.logic import Given, Logic
from engine.analysis.needed import needed
from engine.analysis.neighbours import Neighbours
from engine.config.model import Config
from engine.dsl.tree import And, Condition, Not, Or, Rule, Test, tests_of
from engine.dsl.values import Pattern
from engine.dsl.vocabulary import EVENTS, WAITING_GROUPS
from engine.errors import Problem, warn


def check_rules(config: Config) -> Iterator[Problem]:
    for (event, waits), rules in _passes(config.rules.rules):
        logic = Logic(config, WAITING_GROUPS if waits else EVENTS[event].groups)
        alive = []
        for rule in rules:
            can_run = rule.condition is None or logic.possible(Given(rule.condition))
            yield from _alone(rule, logic, can_run=can_run)
            alive += [rule] * can_run
        # `ticket updated` is passed again, and waiting rules know no pass.
        if not waits:
            yield from _Pass(alive, logic, may_stop=event != "ticket updated").problems()
    for rule in config.rules.rules:
        for test in tests_of(rule.condition):
            yield from _pattern(test)
            yield from check_addresses(test)


def _passes(rules: tuple[Rule, ...]) -> list[tuple[tuple[str, bool], list[Rule]]]:
    def key(rule: Rule) -> tuple[str, bool]:
        return rule.event.name, rule.event.after is not None

    return [(name, list(group)) for name, group in groupby(sorted(rules, key=lambda rule: (key(rule), rule.order)), key)]


def _alone(rule: Rule, logic: Logic, *, can_run: bool) -> Iterator[Problem]:
    """One condition by itself: never, always, or with a part that is one of these."""
    condition = rule.condition
    if condition is None:
        return
    if not can_run:
        yield warn(
            "PR101",
            condition.position,
            f"the rule '{rule.name}' can never run: its conditions exclude each other",
            "remove one of them, or join them with or",
        )
    elif not logic.possible(Given(condition, False)):
        yield warn("PR105", condition.position, f"the condition of '{rule.name}' is always true", "leave it out, or correct it")
    else:
        yield from _parts(condition, rule, logic)


def _parts(condition: Condition, rule: Rule, logic: Logic) -> Iterator[Problem]:
    if not isinstance(condition, And | Or):
        return
    for part in condition.parts:
        if isinstance(part, And | Or | Test | Not):
            if not logic.possible(Given(part, False)):
                words = f"'{part.words}' in '{rule.name}' is always true"
                yield warn("PR105", part.position, words, "leave it out, or correct it")
            elif not logic.possible(Given(part)):
                words = f"'{part.words}' in '{rule.name}' can never be true"
                yield warn("PR101", part.position, words, "leave it out, or correct it")
            else:
                yield from _parts(part, rule, logic)


# With so many before it each rule is compared at most, and so many pairs in all: of thousands that ask for no certain text, not every pair can be.
MOST_COMPARED = 200
MOST_PAIRS = 300_000


class _Pass:
    """The rules of one event, each against those before it that can have to do with it."""

    def __init__(self, rules: list[Rule], logic: Logic, *, may_stop: bool) -> None:
        self._rules, self._logic, self._may_stop = rules, logic, may_stop
        self._operands = [logic.operands(running_condition(rule)) for rule in rules]
        self._changes = [changed_by(rule) for rule in rules]

    def problems(self) -> Iterator[Problem]:
        neighbours = Neighbours([needed(rule.condition, self._logic) for rule in self._rules])
        most = min(MOST_COMPARED, MOST_PAIRS // max(len(self._rules), 1))
        for later in range(len(self._rules)):
            found = (self._pair(earlier, later) for earlier in neighbours.before(later, most))
            yield from islice(filter(None, found), 1)

    def _pair(self, earlier: int, later: int) -> Problem | None:
        first, second = self._rules[earlier], self._rules[later]
        condition = running_condition(second)
        implies, looked_at = self._logic.implies, self._operands[later]
        hidden = self._may_stop and ends_pass(first) and implies(condition, ending_condition(first))
        if hidden and implies(second.condition, ending_condition(first)):
            looked_at = self._logic.operands(second.condition)  # whether it is a reply has no part in it
        overridden = implies(running_condition(first), condition)
        if not (hidden or overridden):
            return None
        between = set().union(*self._changes[earlier + 1 : later])
        if touches(between, looked_at):
            return None  # what the second sees may not be what the first saw
        if hidden:
            return warn(
                "PR102",
                second.position,
                f"the rule '{second.name}' can never run: '{first.name}' ({first.position}) always ends the pass before it",
                "put it before that rule (a lower priority number), or narrow that rule's condition",
            )
        if touches(self._changes[earlier], self._operands[later]):
            return None
        clash = _clash(first, second, between)
        if clash is not None:
            return _told(first, second, *clash)
        if condition is not None and implies(condition, running_condition(first)):
            return warn(
                "PR103",
                second.position,
                f"the rule '{second.name}' has the same conditions as '{first.name}' ({first.position})",
                "write the actions of both in one rule, or correct the condition of one",
            )
        return None


def _told(first: Rule, second: Rule, mine: Setting, theirs: Setting) -> Problem:
    where = f"'{first.name}' ({theirs.action.position})"
    if mine.field.startswith("tag "):
        words = f"{mine.shown} the {mine.field}, which {where} {theirs.shown}"
    else:
        words = f"sets {mine.field.partition('.')[2].replace('_', ' ')} to {mine.shown}, which {where} sets to {theirs.shown}"
    return warn(
        "PR104",
        mine.action.position,
        f"'{second.name}' {words} under the same conditions just before",
        "keep one of the two, or make their conditions exclude each other",
    )


def _clash(first: Rule, second: Rule, between: set[str]) -> tuple[Setting, Setting] | None:
    """What the second sets otherwise than the first."""
    theirs = {setting.field: setting for setting in settings_of(first)}
    for mine in settings_of(second):
        other = theirs.get(mine.field)
        if other is not None and other.value != mine.value and mine.field not in between:
            return mine, other
    return None


def _pattern(test: Test) -> Iterator[Problem]:
    if isinstance(test.value, Pattern) and matches_everything(test.value.pattern, test.value.flags):
        yield warn(
            "PR110",
            test.value.position,
            f"the regular expression /{test.value.pattern}/ matches everything",
            "say what must be there, or ask whether the field exists",
        )


# Each letter alone: what matches all of them asks for nothing.
_LETTERS = (*(chr(code) for code in range(0x20, 0x7F)), "ü", "漢", "я")


def matches_everything(pattern: str, flags: str = "") -> bool:
    compiled = re2.compile((f"(?{flags})" if flags else "") + pattern)
    # Two letters, so that "exactly one letter" is not taken for everything.
    return all(compiled.search(letter) and compiled.search(letter + letter) for letter in _LETTERS)
