"""The grammar of the rule language as a parser, and what its errors say of its words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lark import Lark
from lark.lexer import PatternRE, PatternStr, TerminalDef

# Its terminals that are no keywords, in words. The name of a keyword is the keyword in capitals.
NO_KEYWORDS = {
    "STRING": 'text in quotes ("...")',
    "REGEX": "a regular expression (/.../)",
    "SIZE": "a size (5 MB)",
    "DURATION": "a length of time (30 minutes)",
    "DATE": "a day (2026-12-24)",
    "CLOCK": "a time of day (08:30)",
    "NUMBER": "a number",
    "INTEGER": "a whole number",
    "COMPARE": "a comparison (>, >=, <, <=)",
    "NAME": "a name",
    "LPAR": "(",
    "RPAR": ")",
    "COMMA": "a comma",
    "EQUAL": "=",
    "SLASH": "/",
    "$END": "the end of the file",
}
# With which an action begins.
ACTION_VERBS = [
    "set",
    "clear",
    "add",
    "remove",
    "assign",
    "notify",
    "create",
    "discard",
    "refuse",
    "quarantine",
    "attribute",
    "stop",
]
_BEFORE_NAMES = 10


def parser(**options: Any) -> Lark:
    """`options` are Lark's own."""
    text = Path(__file__).with_name("grammar.lark").read_text("utf-8")
    return Lark(text, parser="lalr", lexer="contextual", maybe_placeholders=False, edit_terminals=_whole_words, **options)


def _whole_words(terminal: TerminalDef) -> None:
    """A keyword is a word: `tags` is not `tag` and an `s`, where lark would find it so."""
    if isinstance(terminal.pattern, PatternStr) and terminal.pattern.value.isalpha():
        terminal.pattern = PatternRE(rf"{terminal.pattern.value}(?![\w\-]|\.\w)")
        terminal.priority = _BEFORE_NAMES
