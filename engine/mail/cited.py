"""What an HTML body quotes, as lines with `>`: answers between and below it are then told from it, as in plain text.

Two marks stand for the ends of a quotation while the layout engine is at work.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.late import late_pattern
from engine.mail.blocks import says_forwarded
from engine.text import pieces

_OPEN, _CLOSE = "\ue000", "\ue001"  # Unicode's private use: nobody's letters
_MARKS = late_pattern(f"[{_OPEN}{_CLOSE}]")
_LEADING = f"{_OPEN}{_CLOSE} \t"
_BLOCKQUOTE = late_pattern(r"<(/?)blockquote\b([^<>]{0,2000})>", re.IGNORECASE)
# `type="cite"`, `cite="mid:..."`, `class="gmail_quote"` and the like. Any other is an indented paragraph, or quotes no mail.
_CITES = late_pattern(r"\btype\s*=\s*[\"']?cite\b|\bcite\s*=\s*[\"']?mid:|quote", re.IGNORECASE)
_STYLE = late_pattern(r"style\s*=\s*(\"[^\"]*\"|'[^']*')", re.IGNORECASE)
_DEEPEST = 5  # `>` before a line
_NEAR = 400  # characters in which a quotation says what it is
_PIECE = 50_000
_LINE_END = late_pattern("\n")


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


def unmark(text: str) -> Iterator[str]:
    """The lines of `mark`ed HTML's text, with `>` before those that stand in a quotation.

    What was forwarded is no quotation: Apple Mail writes both in the same way.
    """
    if not _MARKS.search(text):
        yield from _lines(text)
        return
    shown: list[bool] = []  # of each quotation that is open: whether it gets a `>`
    deep = place = 0
    blank = ""  # within a quotation: it is told only between words
    words = False
    for line in _lines(text):
        behind = line.lstrip(_LEADING)
        said = _MARKS.sub("", behind)
        for one in _MARKS.findall(line[: len(line) - len(behind)]):
            deep += _passed(one, shown, text, place)
            blank = "" if one == _CLOSE else blank
        quoted = ">" * min(deep, _DEEPEST)
        if said:
            if blank and quoted:
                yield blank
            yield f"{quoted} {said}" if quoted else _MARKS.sub("", line)
            blank, words = "", bool(quoted)
        elif not quoted:
            yield ""
            blank, words = "", False
        elif words:
            blank = quoted
        for one in _MARKS.findall(behind):
            deep += _passed(one, shown, text, place + len(line))
        place += len(line) + 1


def _passed(one: str, shown: list[bool], text: str, place: int) -> int:
    """How much deeper this mark makes a line."""
    if one == _OPEN:
        begins = _MARKS.sub("", text[place : place + _NEAR]).strip().partition("\n")[0]
        shown.append(not says_forwarded(begins))
        return int(shown[-1])
    return -int(shown.pop()) if shown else 0


def _lines(text: str) -> Iterator[str]:
    """One by one: a line is an object, and there may be very many."""
    for number, piece in enumerate(pieces(text, _PIECE, _LINE_END)):
        lines = piece.split("\n")
        yield from lines[1:] if number else lines  # each but the first begins with the end of a line
