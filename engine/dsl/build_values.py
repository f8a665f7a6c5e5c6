"""Lark's tokens and trees of values to the values of `values`: what `build` makes of a file's conditions and actions is made of these."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, time
from typing import Any, TypeVar

from lark import Token, Tree

from engine.dsl.values import Duration, ListName, Moment, Number, Pattern, Size, Text, Texts, Value
from engine.errors import Position, Problem
from engine.quantity import parse_duration, parse_size

Node = Tree[Token]
_T = TypeVar("_T")
_ESCAPES = {"n": "\n", "t": "\t"}


class BuildError(Exception):
    """A value that the grammar lets pass but nothing can mean, such as 25:70."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def canonical(words: str) -> str:
    """`issue type`, `Issue_Type` -> `issue_type`: the one spelling of a field's or event's name."""
    return re.sub(r"[\s_]+", "_", words.strip()).lower()


class ValueBuilder:
    """Of one file. Its text is at hand so that a condition can be quoted as it was written."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text

    def at(self, item: Node | Token) -> Position:
        if isinstance(item, Token):
            return Position(self.file, item.line or 0, item.column or 0)
        return Position(self.file, item.meta.line, item.meta.column)

    def words(self, node: Node) -> str:
        return " ".join(self.text[node.meta.start_pos : node.meta.end_pos].split())

    def value(self, item: Any) -> Value:
        if isinstance(item, Token):
            return self._pattern(item)
        child = item.children[0]
        if item.data == "text":
            return self.string(child)
        if item.data in ("word", "id_word"):
            word = join_words(child) if isinstance(child, Tree) else str(child)
            return Text(word, False, self.at(item))
        if item.data == "number":
            return Number(float(child), self.at(child))
        if item.data == "size":
            return Size(self._amount(parse_size, str(child), child), self.at(child))
        if item.data == "duration":
            return self.duration(child)
        if item.data == "moment":
            return self._moment(child)
        if item.data == "list_name":
            return ListName(canonical(join_words(child)), self.at(child))
        return Texts(tuple(self.string(text) for text in item.children), self.at(item))

    def string(self, token: Token) -> Text:
        return Text(unquote(token), True, self.at(token))

    def duration(self, token: Token) -> Duration:
        text = re.sub(r"\bbusiness\s+", "", str(token))
        unit = re.sub(r"[\d.\s]+", "", text).removesuffix("s")
        return Duration(self._amount(parse_duration, text, token), text != str(token), self.at(token), unit)

    def _amount(self, parse: Callable[[str], _T], text: str, token: Token) -> _T:
        try:
            return parse(text)
        except ValueError as error:
            raise BuildError(Problem(self.at(token), str(error), "write less")) from None

    def _moment(self, token: Token) -> Moment:
        try:
            if token.type == "CLOCK":
                hour, _, minute = token.partition(":")
                return Moment(time(int(hour), int(minute)), self.at(token))
            return Moment(date.fromisoformat(str(token)), self.at(token))
        except ValueError:
            problem = Problem(self.at(token), f"there is no {token}", "write a time such as 08:30 or a day such as 2026-12-24")
            raise BuildError(problem) from None

    def _pattern(self, token: Token) -> Pattern:
        body, _, flags = str(token)[1:].rpartition("/")
        return Pattern(body.replace("\\/", "/"), flags, self.at(token))


def join_words(words: Any) -> str:
    return " ".join(str(token) for token in words.children)


def unquote(token: Token) -> str:
    text = str(token)[1:-1]
    if "\\" not in text:
        return text
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), text)
