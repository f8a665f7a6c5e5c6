"""Rules on `ticket created` that never run, for no new ticket has the value they ask for: no mailbox gives it, no rule before sets it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from engine.analysis.logic import Given, Logic
from engine.config.model import Config
from engine.dsl.tree import And, Assign, Condition, Rule, SetField, Test, Text
from engine.dsl.vocabulary import EVENTS, resolve, settable
from engine.errors import Position, Problem, warn
from engine.text import compared

CODE = "PR125"
_EVENT = EVENTS["ticket created"]
_FIELDS = ("queue", "status", "priority", "source", "issue_type", "sub_issue_type", "assigned")
# An alert's token may name any of them.
_OF_TOKENS = {"issue_type", "sub_issue_type"}


def check_not_yet(config: Config) -> Iterator[Problem]:
    rules = [rule for rule in config.rules.rules if rule.event.name == _EVENT.name and rule.event.after is None]
    if not rules:
        return
    given = _given(config)
    last = {pair: index for index, rule in enumerate(rules) for pair in _set_by(rule)}
    logic: Logic | None = None
    for index, rule in enumerate(rules):
        later = {pair: rules[at].position for pair, at in last.items() if at > index}
        problem = next((one for test in _required(rule.condition) for one in _never(test, config, given, later)), None)
        if problem is not None:
            logic = logic or Logic(config, _EVENT.groups)
            if logic.possible(Given(rule.condition)):  # else PR101 says so
                yield problem
        for field, value in _set_by(rule):
            if field in given:
                given[field].add(value)


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
    given: dict[str, set[str]] = defaultdict(set)
    for field in _FIELDS:
        if not (tokens and field in _OF_TOKENS):
            given[field] = {compared(value) for one in making if (value := getattr(one.ticket, field))}
    return given


def _set_by(rule: Rule) -> Iterator[tuple[str, str]]:
    """(field, value) of all that a rule sets."""
    for action in rule.actions:
        if isinstance(action, Assign):
            yield "assigned", compared(action.resource.text)
        elif isinstance(action, SetField) and isinstance(action.value, Text):
            yield (settable(action.field, _EVENT) or "").removeprefix("ticket."), compared(action.value.text)
            if action.sub:
                yield "sub_issue_type", compared(action.sub.text)


def _never(test: Test, config: Config, given: dict[str, set[str]], later: dict[tuple[str, str], Position]) -> Iterator[Problem]:
    found = resolve(test.operand.name, _EVENT.groups) if test.operand.kind == "field" else None
    field = found.name.removeprefix("ticket.") if found else ""
    if field not in given:
        return
    if test.operator in ("is", "in"):
        wanted = [compared(text.text) for text in config.rules.texts_of(test.value)]
        if not wanted or given[field].intersection(wanted):
            return
    elif test.operator not in ("holds", "exists") or given[field]:
        return
    else:
        wanted = [value for name, value in later if name == field]
    after = next((later[field, value] for value in wanted if (field, value) in later), None)
    message = f"'{test.words}' never holds on 'ticket created': no mailbox gives that to a new ticket, and no rule before this one sets it"
    if after is None:
        fix = "write it in a mailbox's `defaults.ticket`, or set it in a rule before; or ask on ticket updated"
    else:
        fix = f"a rule sets it later ({after}): give that one a lower `priority` number, or ask on ticket updated"
    yield warn(CODE, test.position, message, fix)
