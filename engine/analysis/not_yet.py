"""Rules on `ticket created` that never run, for no new ticket has the value they ask for: no mailbox gives it, no rule before sets it."""

from __future__ import annotations

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
    logic: Logic | None = None
    for index, rule in enumerate(rules):
        never = next(
            (asked for test in _required(rule.condition) if (asked := _asked(test, config)) and asked.never(given)), None
        )
        if never is not None:
            logic = logic or Logic(config, _EVENT.groups)
            if logic.possible(Given(rule.condition)):  # else PR101 says so
                yield _told(never, rules[index + 1 :], config)
        for field, value in _set_by(rule, config):
            if field in given:
                given[field].add(value)


class _Asked(Struct, frozen=True):
    """A field of a new ticket, and one of which values it must have; any, where there are none."""

    test: Test
    field: str
    values: frozenset[str]

    def never(self, given: dict[str, set[str]]) -> bool:
        return self.field in given and not (given[self.field] & self.values if self.values else given[self.field])

    def is_set_by(self, rule: Rule, config: Config) -> bool:
        return any(field == self.field and (not self.values or value in self.values) for field, value in _set_by(rule, config))


def _asked(test: Test, config: Config) -> _Asked | None:
    found = resolve(test.operand.name, _EVENT.groups) if test.operand.kind == "field" else None
    values = frozenset(compared(text.text) for text in config.rules.texts_of(test.value))
    if found is None or not (values if test.operator in ("is", "in") else test.operator in ("holds", "exists")):
        return None
    return _Asked(test, found.name.removeprefix("ticket."), values)


def _told(asked: _Asked, behind: list[Rule], config: Config) -> Problem:
    words = asked.test.words
    message = (
        f"'{words}' never holds on 'ticket created': no mailbox gives that to a new ticket, and no rule before this one sets it"
    )
    fix = "write it in a mailbox's `defaults.ticket`, or set it in a rule before; what people set, a rule sees that waits"
    later = next((rule for rule in behind if asked.is_set_by(rule, config)), None)
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


def _set_by(rule: Rule, config: Config) -> Iterator[tuple[str, str]]:
    """(field, value) of all that a rule sets."""
    for action in rule.actions:
        if isinstance(action, Assign):
            for whom in [action.resource.text] if action.resource else _of_organizations(config):
                yield "assigned", compared(whom)
        elif isinstance(action, SetField) and isinstance(action.value, Text):
            yield (settable(action.field, _EVENT) or "").removeprefix("ticket."), compared(action.value.text)
            if action.sub:
                yield "sub_issue_type", compared(action.sub.text)


def _of_organizations(config: Config) -> set[str]:
    return {one.resource for one in config.directory.organizations.values() if one.resource}
