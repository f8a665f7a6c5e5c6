"""What an HTML body quotes, as lines with `>`: answers between and below it are then told from it, as in plain text.

Two marks stand for the ends of a quotation while the layout engine is at work.
"""

from __future__ import annotations

import re

from engine.mail.blocks import FORWARDED

_OPEN, _CLOSE = "\ue000", "\ue001"  # Unicode's private use: nobody's letters
_MARKS = re.compile(f"[{_OPEN}{_CLOSE}]")
_LEADING = f"{_OPEN}{_CLOSE} \t"
_BLOCKQUOTE = re.compile(r"<(/?)blockquote\b([^<>]{0,2000})>", re.IGNORECASE)
# `type="cite"`, `cite="mid:..."`, `class="gmail_quote"` and the like. One without is an indented paragraph.
_CITES = re.compile(r"\bcite\b|quote", re.IGNORECASE)
_STYLE = re.compile(r"style\s*=\s*(\"[^\"]*\"|'[^']*')", re.IGNORECASE)
_DEEPEST = 5  # `>` before a line
_NEAR = 5  # lines in which a quotation begins to say what it is


def mark(source: str) -> str:
    """HTML with a mark at both ends of each quotation; the same where there is none."""
    parts: list[str] = []
    place = 0
    cites: list[bool] = []
    for tag in _BLOCKQUOTE.finditer(source):
        if not tag[1]:
            cites.append(bool(_CITES.search(_STYLE.sub("", tag[2]))))
            if cites[-1]:
                parts += [source[place : tag.end()], _OPEN]
                place = tag.end()
        elif cites and cites.pop():
            parts += [source[place : tag.start()], _CLOSE]
            place = tag.start()
    if not parts:
        return source
    return "".join([*parts, source[place:]])


def unmark(text: str) -> str:
    """Text of `mark`ed HTML, with `>` before the lines that stand in a quotation.

    What was forwarded is no quotation: Apple Mail writes both in the same way.
    """
    if not _MARKS.search(text):
        return text
    lines = text.split("\n")
    open_ones = _Open(lines)
    result: list[str] = []
    for index, line in enumerate(lines):
        behind = line.lstrip(_LEADING)
        said = _MARKS.sub("", behind).rstrip()
        for one in line[: len(line) - len(behind)].strip():
            if one == _CLOSE:
                _end_with_words(result)
            open_ones.pass_by(one, index, said)
        quoted = ">" * min(open_ones.deep, _DEEPEST)
        if said:
            result.append(f"{quoted} {said}" if quoted else _MARKS.sub("", line).rstrip())
        elif not quoted or (result and result[-1].startswith(">") and result[-1].strip(">")):
            result.append(quoted)
        for one in _MARKS.findall(behind):
            open_ones.pass_by(one, index, "")
    return "\n".join(result)


class _Open:
    """The quotations that are open at a line, and how many of them get a `>`."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._shown: list[bool] = []
        self.deep = 0

    def pass_by(self, mark: str, index: int, behind: str) -> None:
        if mark == _OPEN:
            shown = not FORWARDED.match(behind.strip() or self._next_words(index))
            self._shown.append(shown)
            self.deep += shown
        elif mark == _CLOSE and self._shown:
            self.deep -= self._shown.pop()

    def _next_words(self, index: int) -> str:
        near = (_MARKS.sub("", line).strip() for line in self._lines[index + 1 : index + 1 + _NEAR])
        return next((words for words in near if words), "")


def _end_with_words(result: list[str]) -> None:
    while result and result[-1] and not result[-1].strip(">"):
        result.pop()
