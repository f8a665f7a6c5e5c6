"""`.rules` text to a syntax tree, or every syntax error in it: line, caret, and what was expected there in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from lark import Lark
from lark.exceptions import UnexpectedInput, UnexpectedToken
from msgspec.structs import replace

from engine.dsl.build import Builder
from engine.dsl.build_values import BuildError
from engine.dsl.grammar import ACTION_VERBS, NO_KEYWORDS, parser
from engine.dsl.hints import hint
from engine.dsl.tree import NamedList, Rule
from engine.errors import Position, Problem, excerpt

_ITEM = re.compile(r"^[ \t]*(?=(?:rule[ \t]+\"|list[ \t]+\w+[ \t]*=))", re.MULTILINE)
_PIECE = 200_000


@cache
def _grammar() -> Lark:
    return parser(propagate_positions=True)


def parse_rules(file: str, text: str) -> tuple[list[Rule | NamedList], list[Problem]]:
    """Rules and lists of one file in their order, and its problems. Never raises.

    A file with an error is read again rule by rule, so that one error does not hide the next.
    """
    try:
        # In pieces, for the tree of a piece is ten times its text.
        return [item for piece in _pieces(text, _PIECE) for item in _parse(file, piece)], []
    except (UnexpectedInput, BuildError):
        pass
    items: list[Rule | NamedList] = []
    problems: list[Problem] = []
    lines = text.split("\n")
    for piece in _pieces(text, 0):
        try:
            items += _parse(file, piece)
        except BuildError as error:
            at = error.problem.position
            problems.append(replace(error.problem, excerpt=excerpt(lines, at.line, at.column)))
        except UnexpectedInput as error:
            problems.append(_syntax_problem(file, lines, error))
    return items, problems


def _pieces(text: str, size: int) -> Iterator[str]:
    """The text cut before rules and lists, each piece of at least `size` characters and with the numbers of its lines."""
    start = line = 0
    for found in _ITEM.finditer(text):
        if found.start() - start >= size and text[start : found.start()].strip():
            yield "\n" * line + text[start : found.start()]
            line += text.count("\n", start, found.start())
            start = found.start()
    yield "\n" * line + text[start:]


def _parse(file: str, text: str) -> list[Rule | NamedList]:
    tree = _grammar().parse(text)
    return Builder(file, text).items(tree)


def _syntax_problem(file: str, lines: Sequence[str], error: UnexpectedInput) -> Problem:
    line, column = error.line, error.column
    accepted: set[str] = error.interactive_parser.accepts()  # type: ignore[no-untyped-call]
    if isinstance(error, UnexpectedToken):
        found = error.token
        if found.type == "$END":
            # It stands where the last word does. Behind that may be comments on the next rule.
            line, column = found.end_line or line, found.end_column or column
            what = "the rule ends too early"
        else:
            what = f"'{found}' cannot stand here"
        fix = _expected(accepted)
    else:
        what, fix = _character(lines[line - 1][column - 1 :], accepted)
    fix = hint(lines[line - 1], column, accepted) or fix
    return Problem(Position(file, line, column), what, fix, excerpt(lines, line, column))


def _character(rest: str, accepted: set[str]) -> tuple[str, str]:
    """What is wrong with a sign that begins no word of the language, and how to mend it."""
    if rest.startswith('"'):
        return "the text in quotes does not end on its line", 'end it with "'
    if rest.startswith(("'", "\u201c", "\u201d", "\u201e", "\u00ab", "\u00bb", "\u2018", "\u2019")):
        return f"{rest[0]} does not quote", 'text stands in straight double quotes ("...")'
    word = re.match(r"\w+|.", rest)
    return f"'{word[0] if word else rest[:1]}' cannot stand here", _expected(accepted)


_OPERATORS = {"IS", "IN", "CONTAINS", "STARTS", "ENDS", "MATCHES", "EXISTS", "HAS", "COMPARE", "DOES"}
_ACTIONS = {verb.upper() for verb in ACTION_VERBS}


def _expected(accepted: set[str]) -> str:
    if accepted >= {"IS", "IN", "CONTAINS"}:
        more = " or `then`" if "THEN" in accepted else ""
        return f"expected an operator (is, is not, in, contains, starts with, matches, exists, ...), `and`, `or`{more}"
    if accepted >= _ACTIONS - {"REFUSE"}:
        words = "set, clear, add tag, remove tag, assign to, notify, add note, create ticket, discard, refuse, quarantine"
        return f"expected an action ({words}, attribute to, stop)" + (" or the next rule" if "RULE" in accepted else "")
    if {"HEADER", "ANY", "LPAR"} <= accepted:
        return "expected a condition: a field (subject, sender.address, ...), header, any, not or ("
    if {"CONTACT", "SENDER", "RESOURCE"} <= accepted:
        return "expected whom: contact, sender, assigned resource, organization resource, additional contacts, resource NAME, or an address in quotes"
    names = sorted(NO_KEYWORDS.get(name, f"`{name.lower()}`") for name in accepted if not name.startswith("__"))
    return "expected " + " or ".join(names) if names else "see docs/rule-language.md"
