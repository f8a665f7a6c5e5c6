"""Syntax trees against what their event offers, types and picklists: every name and value that does not exist."""

from __future__ import annotations

from collections.abc import Iterator

import re2

from engine.dsl.check_actions import check_actions, check_business
from engine.dsl.check_operand import check_header, field_of, unknown_operand
from engine.dsl.other_words import EVENTS_ELSEWHERE
from engine.dsl.scope import Names, Scope, one_of
from engine.dsl.tree import RuleBook, Test, tests_of
from engine.dsl.values import Duration, ListName, Moment, Number, Pattern, Size, Text, Texts
from engine.dsl.vocabulary import (
    CHANGE_SEEN,
    EVENTS,
    Field,
    changeable,
)
from engine.errors import Position, Problem, did_you_mean, nearest, unknown
from engine.text import compared

ORGANIZATION_DOMAINS = "organization_domains"
_TEXT_OPERATORS = {"contains", "contains any of", "contains all of", "starts with", "ends with", "matches"}
_COMPARISONS = {">", ">=", "<", "<="}


def check_rules(book: RuleBook, names: Names) -> list[Problem]:
    """All problems, in the order in which the rules run."""
    problems = list(_names_that_stand_twice(book))
    checked_lists: set[tuple[str, str]] = set()
    for rule in book.rules:
        event = EVENTS.get(rule.event.name)
        if event is None:
            if any(rule.event.name.startswith(f"{name} on ") for name in EVENTS):
                fix = "a rule has one event: write two rules"
            else:
                fix = EVENTS_ELSEWHERE.get(rule.event.name) or did_you_mean(rule.event.name, EVENTS)
            problems.append(Problem(rule.event.position, f"unknown event '{rule.event.name}'", fix))
            continue
        if rule.event.after and not event.waits:
            waits = ", ".join(name for name, info in EVENTS.items() if info.waits)
            problems.append(Problem(rule.event.position, f"a rule cannot wait after '{event.name}'", f"it can after: {waits}"))
            continue
        if rule.event.after:
            problems += check_business(rule.event.after, names)
        scope = Scope(rule, event, names, book, checked_lists)
        problems += [problem for test in tests_of(rule.condition) for problem in _test(test, scope)]
        problems += check_actions(scope)
    return problems


def _names_that_stand_twice(book: RuleBook) -> Iterator[Problem]:
    first: dict[str, Position] = {}
    for rule in book.rules:
        name = rule.name.casefold()
        if not rule.name.strip():
            yield Problem(rule.position, "the rule has no name", "say in a few words what it does")
        elif name in first:
            yield Problem(rule.position, f"the rule '{rule.name}' stands twice", f"first at {first[name]}; rename one")
        first.setdefault(name, rule.position)


def _test(test: Test, scope: Scope) -> Iterator[Problem]:
    field = field_of(test.operand, scope.groups, scope.names.extracted)
    if field is None:
        yield unknown_operand(test.operand, scope)
        return
    if test.operand.kind == "changed":
        yield from _changed(test, field, scope)
        return
    if field.name == "ticket.reopened":
        yield from _of_a_change(test, scope, "ask for ticket.complete")
    if field.name == "message.business_hours" and not scope.names.business_hours:
        fix = "add them there, or ask for message.weekday and message.time"
        yield Problem(test.operand.position, "settings.yaml has no business_hours", fix)
    shown = test.operand.shown
    yield from check_header(test.operand)
    wrong = _operator_problem(test, field)
    if wrong:
        yield Problem(test.position, f"'{shown}' {wrong[0]}", wrong[1])
        return
    yield from _value(test, field, scope)


def _changed(test: Test, field: Field, scope: Scope) -> Iterator[Problem]:
    where = test.operand.position
    if not changeable(field.name):
        yield Problem(
            where, f"'{test.operand.name.replace('_', ' ')}' is no field of a ticket that changes", "ask for its value with is"
        )
    else:
        yield from _of_a_change(test, scope, "ask for the value with is")


def _of_a_change(test: Test, scope: Scope, instead: str) -> Iterator[Problem]:
    where = test.operand.position
    if scope.rule.event.after is not None:
        yield Problem(where, "a rule that waits does not know what changed", instead)
    elif scope.event.name not in CHANGE_SEEN:
        fix = f"{instead}; it can be asked on: {', '.join(CHANGE_SEEN)}"
        yield Problem(where, f"'{scope.event.name}' does not know what changed", fix)


def _operator_problem(test: Test, field: Field) -> tuple[str, str] | None:
    operator = test.operator
    if operator in ("exists", "is empty"):
        return None
    if operator == "holds":
        # A bare field asks whether it is there at all: `when ticket.assigned`.
        return ("is the ticket itself", 'ask for a field, or write: ticket has tag "..."') if field.type == "tags" else None
    if field.type == "flag" and operator not in ("is", "has tag"):
        return "is true or false", f"write: {field.name}, or: not {field.name}"
    if (operator == "has tag") != (field.type == "tags"):
        if operator == "has tag":
            return "has no tags", 'write: ticket has tag "..."'
        return "is the ticket itself", 'ask for a field, or write: ticket has tag "..."'
    if operator in _TEXT_OPERATORS and field.type not in ("text", "word"):
        return f"is no text: '{operator}' does not fit", "compare it with is, >, >=, < or <="
    if operator in _COMPARISONS and field.type not in ("number", "size", "day", "clock", "duration"):
        return f"is no number, size or time: '{operator}' does not fit", "compare it with is, in or contains"
    if operator == "in" and field.type not in ("text", "word"):
        return "is no text: 'in' does not fit", "compare it with is, >, >=, < or <="
    return None


def _value(test: Test, field: Field, scope: Scope) -> Iterator[Problem]:
    value = test.value
    if isinstance(value, Pattern):
        yield from _pattern(value)
    elif isinstance(value, ListName) and value.name not in (ORGANIZATION_DOMAINS, *scope.book.lists):
        near = nearest(value.name, [*scope.book.lists, "organization domains"])
        fix = f"did you mean '{near}'?" if near else f'write above the rule: list {value.name} = "...", "..."'
        yield Problem(value.position, f"unknown list '{value.name}'", fix, lacks="list")
    elif isinstance(value, ListName):
        key = value.name, field.name if test.operator == "in" else ""
        if key not in scope.checked_lists:
            scope.checked_lists.add(key)
            yield from _texts(test, field, scope)
    elif isinstance(value, Texts):
        yield from _texts(test, field, scope)
    elif test.operator == "has tag" and isinstance(value, Text):
        if value.text not in scope.names.tags:
            yield unknown(value.position, "tag", value.text, scope.names.tags)
    elif value is not None:
        yield from _plain_value(test, field, value, scope)


def _texts(test: Test, field: Field, scope: Scope) -> Iterator[Problem]:
    for text in scope.book.texts_of(test.value):
        yield from _empty(text)
        if test.operator == "in":
            yield from _word(text, field, scope)


def _plain_value(test: Test, field: Field, value: Text | Number | Size | Duration | Moment, scope: Scope) -> Iterator[Problem]:
    wanted = {
        "number": (Number, "a number"),
        "size": (Size, "a size such as 5 MB"),
        "duration": (Duration, "a length of time such as 30 minutes"),
        "day": (Moment, "a day such as 2026-12-24"),
        "clock": (Moment, "a time of day such as 08:30"),
    }
    if field.type in wanted:
        kind, words = wanted[field.type]
        fits = isinstance(value, kind)
        if isinstance(value, Duration) and value.business:
            yield Problem(value.position, "business hours cannot be compared with", "write plain hours, such as 2 hours")
        if isinstance(value, Moment):
            fits = fits and (type(value.value).__name__ == ("time" if field.type == "clock" else "date"))
        if not fits:
            yield Problem(value.position, f"'{field.name}' cannot be compared with this", f"write {words}")
        return
    if field.type == "flag":
        if not (isinstance(value, Text) and value.text in ("true", "false")):
            yield Problem(value.position, f"'{field.name}' is true or false", f"write: {field.name}, or: not {field.name}")
        return
    if not isinstance(value, Text):
        yield Problem(value.position, f"'{field.name}' is text", "put the value in quotes")
        return
    if test.operator == "is":
        yield from _word(value, field, scope)
    elif not value.quoted:
        yield Problem(value.position, f"'{value.text}' must stand in quotes", f'write "{value.text}"')
    else:
        yield from _empty(value)


def _empty(text: Text) -> Iterator[Problem]:
    if not compared(text.text):
        yield Problem(text.position, "an empty text is in everything", "write `is empty`, or give it a word")


def _word(text: Text, field: Field, scope: Scope) -> Iterator[Problem]:
    """`is` and `in` on a field with fixed values: the value must be one of them."""
    if field.words:
        if text.text.casefold() not in map(str.casefold, field.words):
            yield unknown(text.position, "value", text.text, field.words)
    elif field.picklist:
        if not scope.names.has(field.picklist, text.text):
            yield unknown(text.position, one_of(field.picklist), text.text, scope.names.picklists.get(field.picklist, ()))
    elif not text.quoted:
        yield Problem(text.position, f"'{text.text}' must stand in quotes", f'write "{text.text}"')
    elif field.name in ("contact.id", "sender.id") and "@" not in text.text:  # one whom mail brought has his address as id
        yield from _person(text, field.name.removesuffix(".id"), scope.names)


def _person(text: Text, who: str, names: Names) -> Iterator[Problem]:
    known = f"{who}s"
    if not names.has(known, text.text):
        yield Problem(
            text.position, f"unknown {who} '{text.text}'", did_you_mean(text.text, names.picklists[known]), lacks="contact"
        )


def _pattern(value: Pattern) -> Iterator[Problem]:
    unknown = set(value.flags) - set("ims")
    if unknown:
        yield Problem(value.position, f"unknown flag '{sorted(unknown)[0]}'", "known are: i (any case), m, s")
        return
    wrong = pattern_error(value.pattern)
    if wrong:
        yield Problem(value.position, f"the regular expression is wrong: {wrong}", "see docs/rule-language.md for its syntax")


def pattern_error(pattern: str) -> str | None:
    """What RE2 says against a pattern, or None."""
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options=options)
    except re2.error as error:
        text = error.args[0] if error.args else "?"
        return text.decode() if isinstance(text, bytes) else str(text)
    return None
