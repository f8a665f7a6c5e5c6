"""Rules on `ticket created` that never run, for no new ticket has the value they ask for: no mailbox gives it, no rule before sets it."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator

from msgspec import Struct

from engine.analysis.logic import Given, Logic
from engine.config.model import Config
from engine.dsl.tree import And, Assign, Condition, Rule, SetField, Test
from engine.dsl.values import Text
from engine.dsl.vocabulary import EVENTS, resolve, settable
from engine.errors import Problem, warn
from engine.text import compared

CODE = "PR125"
_EVENT = EVENTS["ticket created"]
_FIELDS = ("queue", "status", "priority", "source", "issue_type", "sub_issue_type", "assigned")
# An alert's token may name any of them.
_OF_TOKENS = {"issue_type", "sub_issue_type"}


def check_not_yet(config: Config) -> Iterator[Problem]:
    rules = [rule for rule in config.rules.rules if rule.event.name == _EVENT.name and rule.event.after is None]
    given = _given(config)
    setters = _Setters(rules, config)
    logic: Logic | None = None
    for index, rule in enumerate(rules):
        never = next(
            (asked for test in _required(rule.condition) if (asked := _asked(test, config)) and asked.never(given)), None
        )
        if never is not None:
            logic = logic or Logic(config, _EVENT.groups)
            if logic.possible(Given(rule.condition)):  # else PR101 says so
                yield _told(never, setters.behind(index, never))
        for field, value in setters.sets[index]:
            if field in given:
                given[field].add(value)


class _Asked(Struct, frozen=True):
    """A field of a new ticket, and one of which values it must have; any, where there are none."""

    test: Test
    field: str
    values: frozenset[str]

    def never(self, given: dict[str, set[str]]) -> bool:
        return self.field in given and not (given[self.field] & self.values if self.values else given[self.field])


class _Setters:
    """What rules set. `sets`: (field, value) of all that each does."""

    def __init__(self, rules: list[Rule], config: Config) -> None:
        owners = {compared(one.resource) for one in config.directory.organizations.values() if one.resource}
        self.sets = [frozenset(_set_by(rule, owners)) for rule in rules]
        self._rules = rules
        self._places: dict[tuple[str, str | None], list[int]] = defaultdict(list)
        for index, pairs in enumerate(self.sets):
            for key in (*pairs, *((field, None) for field, _ in pairs)):
                self._places[key].append(index)

    def behind(self, index: int, asked: _Asked) -> Rule | None:
        """The first rule behind that sets what is asked for."""
        found = []
        for value in asked.values or (None,):
            places = self._places.get((asked.field, value), [])
            next_one = bisect_right(places, index)
            found += places[next_one : next_one + 1]
        return self._rules[min(found)] if found else None


def _asked(test: Test, config: Config) -> _Asked | None:
    found = resolve(test.operand.name, _EVENT.groups) if test.operand.kind == "field" else None
    field = found.name.removeprefix("ticket.") if found else None
    if field not in _FIELDS:
        return None
    values = frozenset(compared(text.text) for text in config.rules.texts_of(test.value))
    if not (values if test.operator in ("is", "in") else test.operator in ("holds", "exists")):
        return None
    return _Asked(test, field, values)


def _told(asked: _Asked, later: Rule | None) -> Problem:
    words = asked.test.words
    message = (
        f"'{words}' never holds on 'ticket created': no mailbox gives that to a new ticket, and no rule before this one sets it"
    )
    fix = "write it in a mailbox's `defaults.ticket`, or set it in a rule before; what people set, a rule sees that waits"
    if later is not None:
        fix = f"a rule sets it later ({later.position}): give that one a lower `priority` number"
    return warn(CODE, asked.test.position, message, fix)


def _required(condition: Condition | None) -> Iterator[Test]:
    """Tests without which the rule does not run."""
    if isinstance(condition, Test):
        yield condition
    elif isinstance(condition, And):
        for part in condition.parts:
            yield from _required(part)


def _given(config: Config) -> dict[str, set[str]]:
    """What mailboxes give to their new tickets, by the field."""
    making = [one for one in config.mailboxes.values() if one.active and "ticket" in config.makes(one)]
    tokens = any(one.kind == "alerts" and one.token for one in making)
    given: dict[str, set[str]] = {}
    for field in _FIELDS:
        if not (tokens and field in _OF_TOKENS):
            given[field] = {compared(value) for one in making if (value := getattr(one.ticket, field))}
    return given


def _set_by(rule: Rule, owners: set[str]) -> Iterator[tuple[str, str]]:
    """(field, value) of all that a rule sets. `owners`: resources of organizations."""
    for action in rule.actions:
        if isinstance(action, Assign):
            for whom in [compared(action.resource.text)] if action.resource else owners:
                yield "assigned", whom
        elif isinstance(action, SetField) and isinstance(action.value, Text):
            yield (settable(action.field, _EVENT) or "").removeprefix("ticket."), compared(action.value.text)
            if action.sub:
                yield "sub_issue_type", compared(action.sub.text)
