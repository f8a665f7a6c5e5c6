"""The grammar of the rule language as a parser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lark import Lark
from lark.lexer import PatternRE, PatternStr, TerminalDef

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
