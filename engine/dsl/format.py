"""`.rules` files in one canonical form: the same words and comments, with white space and line breaks as everybody writes them.

Only white space changes, so the meaning cannot: what is parsed before and after is the same. Formatting twice changes nothing.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import cache

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput
from msgspec import Struct, field

from engine.dsl.grammar import parser
from engine.dsl.parse import parse_rules
from engine.errors import Problem

WIDTH = 100
_SPACES = re.compile(r"[ \t\r\n]+")


@cache
def _grammar() -> tuple[Lark, list[Token]]:
    comments: list[Token] = []
    lark = parser(keep_all_tokens=True, lexer_callbacks={"COMMENT": comments.append})
    return lark, comments


def format_rules(file: str, text: str) -> tuple[str, list[Problem]]:
    """The text in canonical form, or the text as it is with its problems."""
    text = text.replace("\r\n", "\n").lstrip("\ufeff")
    lark, comments = _grammar()
    comments.clear()
    try:
        tree = lark.parse(text)
    except UnexpectedInput:
        return text, parse_rules(file, text)[1]
    problems = parse_rules(file, text)[1]
    if problems:
        return text, problems
    return _Writer(text, list(comments)).write(tree), []


class _Line(Struct):
    """A line that is being written: its indentation, its pieces, and the comment at its end."""

    indent: int
    pieces: list[str] = field(default_factory=list)
    comment: str = ""

    def __str__(self) -> str:
        words = _join(self.pieces)
        line = f"{' ' * self.indent}{words}" if words else " " * self.indent
        return (
            f"{line}  {self.comment}".rstrip()
            if self.comment and words
            else f"{' ' * self.indent}{self.comment}"
            if self.comment
            else line
        )


def _join(pieces: list[str]) -> str:
    text = ""
    for piece in pieces:
        glued = not text or text.endswith("(") or piece in (",", ")")
        text += piece if glued else f" {piece}"
    return text


class _Writer:
    """Walks the tree of all tokens; comments are put in by where they stand in the text."""

    def __init__(self, text: str, comments: list[Token]) -> None:
        self._text = text
        self._comments = comments  # in their order
        self._next = 0
        self._lines: list[_Line] = []
        self._open = False

    def write(self, tree: Tree[Token]) -> str:
        for item in tree.children:
            assert isinstance(item, Tree)
            self._between(item)
            if item.data == "list":
                self._list(item)
            else:
                self._rule(item)
            self._open = False
        self._own_comments(len(self._text) + 1, 0, blank=True)
        text = "\n".join(str(line) for line in self._lines).strip("\n")
        return f"{text}\n" if text else ""

    # --- items ----------------------------------------------------------------------------------------------------

    def _between(self, item: Tree[Token]) -> None:
        """One blank line before an item and the comments above it; lists that stand together stay together."""
        first = next(_tokens(item))
        self._own_comments(first.start_pos or 0, 0, blank=True)
        if not self._lines or (not self._lines[-1].pieces and self._lines[-1].comment and not self._blank_before(first)):
            return
        together = item.data == "list" and self._lines[-1].pieces[:1] == ["list"] and not self._blank_before(first)
        if not together:
            self._blank()

    def _list(self, item: Tree[Token]) -> None:
        tokens = list(_tokens(item))
        if len(_join([_text(token) for token in tokens])) <= WIDTH:
            self._put(tokens, 0)
            return
        # A long one: so many words a line as fit.
        self._start(0)
        for token in tokens:
            length = len(_join([*self._lines[-1].pieces, _text(token)])) + self._lines[-1].indent
            if self._open and token.type == "STRING" and length > WIDTH - 1:
                self._start(4)
            self._token(token, 4)

    def _rule(self, item: Tree[Token]) -> None:
        head = [child for child in item.children if isinstance(child, Token)]
        self._put(head[:2], 0)  # rule "name"
        actions = [child for child in item.children if isinstance(child, Tree) and child.data not in _CLAUSES]
        for child in item.children:
            if isinstance(child, Tree) and child.data in ("priority", "on", "after"):
                self._put(list(_tokens(child)), 2)
            elif isinstance(child, Tree) and child.data == "when":
                self._when(child)
        then = head[2]
        alone = len(actions) == 1 and not self._comment_between(then, next(_tokens(actions[0])))
        if alone:
            self._put([then, *_tokens(actions[0])], 2)
            return
        self._put([then], 2)
        for action in actions:
            self._put(list(_tokens(action)), 4)

    def _when(self, when: Tree[Token]) -> None:
        tokens = list(_tokens(when))
        length = 2 + len(_join([_text(token) for token in tokens]))
        commented = any(self._comment_between(one, other) for one, other in itertools.pairwise(tokens))
        if length <= WIDTH and not commented:
            self._put(tokens, 2)
            return
        self._start(2)
        depth = 0
        for index, token in enumerate(tokens):
            depth += {"LPAR": 1, "RPAR": -1}.get(token.type, 0)
            # `and` and `or` begin a line; inside brackets only where these are too long for one.
            if index and token.value in ("and", "or") and (depth == 0 or (depth == 1 and _is_long(tokens, index))):
                self._start((4 if token.value == "or" else 3) + 4 * depth)
            self._token(token, 7 + 4 * depth)

    # --- lines and comments ---------------------------------------------------------------------------------------

    def _put(self, tokens: list[Token], indent: int) -> None:
        self._own_comments(tokens[0].start_pos or 0, indent)
        self._start(indent)
        for token in tokens:
            self._token(token, indent + 4)

    def _start(self, indent: int) -> None:
        if not self._open or self._lines[-1].pieces:
            self._lines.append(_Line(indent))
        else:
            self._lines[-1].indent = indent
        self._open = True

    def _token(self, token: Token, indent: int) -> None:
        """A word, after the comments that stand before it; a comment ends the line that it stands on."""
        while self._next < len(self._comments) and (self._comments[self._next].start_pos or 0) < (token.start_pos or 0):
            self._comment(self._comments[self._next], indent)
            self._next += 1
        if not self._open:
            self._start(indent)
        self._lines[-1].pieces.append(_text(token))
        comment = self._comments[self._next] if self._next < len(self._comments) else None
        if comment is not None and "\n" not in self._text[token.end_pos or 0 : comment.start_pos or 0]:
            between = self._text[token.end_pos or 0 : comment.start_pos or 0].strip()
            if not between:
                self._lines[-1].comment = comment.value.rstrip()
                self._next += 1
                self._open = False

    def _comment(self, comment: Token, indent: int) -> None:
        last = self._lines[-1] if self._lines else None
        if last is not None and not last.pieces and not last.comment and self._open:
            last.comment = comment.value.rstrip()
        else:
            self._lines.append(_Line(indent, comment=comment.value.rstrip()))
        self._open = False

    def _own_comments(self, until: int, indent: int, *, blank: bool = False) -> None:
        """Comments on lines of their own up to a place in the text; between items, blank lines around them are kept."""
        while self._next < len(self._comments) and (self._comments[self._next].start_pos or 0) < until:
            comment = self._comments[self._next]
            self._next += 1
            if blank and self._lines and (self._lines[-1].pieces or self._blank_before(comment)):
                self._blank()
            self._lines.append(_Line(indent, comment=comment.value.rstrip()))
        self._open = False

    def _comment_between(self, one: Token, other: Token) -> bool:
        first = bisect_left(self._comments, one.end_pos or 0, key=lambda comment: comment.start_pos or 0)
        return first < len(self._comments) and (self._comments[first].start_pos or 0) < (other.start_pos or 0)

    def _blank(self) -> None:
        if self._lines and (self._lines[-1].pieces or self._lines[-1].comment):
            self._lines.append(_Line(0))
        self._open = False

    def _blank_before(self, token: Token) -> bool:
        start = token.start_pos or 0
        line = self._text.rfind("\n", 0, start)
        above = self._text.rfind("\n", 0, max(line, 0))
        return above >= 0 and not self._text[above:start].strip()


def _is_long(tokens: list[Token], index: int) -> bool:
    """Whether the brackets around this token are too long for one line."""
    start, end, depth = index, index, 1
    while depth:
        start -= 1
        depth += {"LPAR": -1, "RPAR": 1}.get(tokens[start].type, 0)
    depth = 1
    while depth:
        end += 1
        depth += {"LPAR": 1, "RPAR": -1}.get(tokens[end].type, 0)
    return len(_join([_text(token) for token in tokens[start : end + 1]])) > WIDTH - 10


_CLAUSES = ("priority", "on", "after", "when")


def _tokens(tree: Tree[Token]) -> Iterator[Token]:
    for child in tree.children:
        if isinstance(child, Token):
            yield child
        else:
            yield from _tokens(child)


def _text(token: Token) -> str:
    return _SPACES.sub(" ", token.value) if token.type in ("SIZE", "DURATION") else str(token.value)
