"""HTML bodies to text."""

from __future__ import annotations

import re

from engine.late import late_pattern
from engine.mail.cited import mark, unmark
from engine.mail.layout import BLOCKS, laid_out
from engine.mail.markup import plain
from engine.text import clean, pieces

# inscriptis takes 20 microseconds and up to 850 bytes a tag.
_MOST_LAID_OUT = 25_000
_TAG = late_pattern(r"<[^<>]{0,2000}>")
_HIDDEN = late_pattern(r"<(style|script|head|title)\b", re.IGNORECASE)
_ENDS = {name: late_pattern(rf"</{name}\s{{0,20}}>", re.IGNORECASE) for name in ("style", "script", "head", "title")}
_DEEP = 200
_MOST_LINES = 1_000  # each is an object
_PIECE = 50_000
_OPEN = late_pattern("<")
_ANY_TAG = late_pattern(r"<(/?)([a-zA-Z][^\s/>]{0,40})")
_LINES = f"address article aside blockquote div figure footer h[1-6] header li main nav ol p pre tr ul {BLOCKS}"
_BREAK = late_pattern(rf"<(?:br|/?(?:{'|'.join(_LINES.split())}))\b[^<>]{{0,2000}}>", re.IGNORECASE)
# Elements whose end may be left out (HTML 13.1.2.4), and what each ends.
_ENDS_BEFORE = {name: frozenset([name]) for name in ("dd", "dt", "li", "option", "p")} | {
    **dict.fromkeys(["td", "th"], frozenset(["td", "th"])),
    "tr": frozenset(["td", "th", "tr"]),
    **dict.fromkeys(["tbody", "thead", "tfoot"], frozenset(["td", "th", "tr", "tbody", "thead", "tfoot"])),
}
# Behind these an end is not looked for, but that of one of them.
_WALLS = frozenset(["td", "th", "table", "caption"])
_AROUND = frozenset(["td", "th", "tr", "tbody", "thead", "tfoot", "table", "caption"])
_VOID = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"])


def html_to_text(source: str) -> str:
    """The text that a reader would see, with `>` before what it quotes. Never raises: where the layout engine gives up, tags are cut out."""
    source = plain(source)
    if not source.strip():
        return ""
    shown = _shown(source)
    fit = shown.count("<") <= _MOST_LAID_OUT and _deepest(shown) <= _DEEP
    shown = mark(shown)
    text = laid_out(shown) if fit else None
    if text is None:
        from html import unescape  # seldom needed

        text = unescape("".join(_TAG.sub(" ", _BREAK.sub("\n", piece)) for piece in pieces(shown, _PIECE, _OPEN)))
    result: list[str] = []
    lines: list[str] = []
    for line in unmark(clean(text).replace("\u00a0", " ")):
        line = line.rstrip()
        if line or (lines and lines[-1]):  # one blank line at the most
            lines.append(line)
        if len(lines) == _MOST_LINES:
            result.append("\n".join(lines[:-1]))
            del lines[:-1]
    return "\n".join([*result, *lines]).strip("\n")


def _shown(source: str) -> str:
    """Without elements whose text nobody sees. One that never ends hides nothing, and is looked for once only."""
    parts: list[str] = []
    place = 0
    endless: set[str] = set()
    for start in _HIDDEN.finditer(source):
        name = start[1].lower()
        if start.start() < place or name in endless:
            continue
        end = _ENDS[name].search(source, start.end())
        if end is None:
            endless.add(name)
            continue
        parts.append(source[place : start.start()])
        place = end.end()
    return " ".join([*parts, source[place:]])


def _without_comments(source: str) -> str:
    parts: list[str] = []
    place = 0
    while (begins := source.find("<!--", place)) >= 0 and (ends := source.find("-->", begins)) >= 0:
        parts.append(source[place:begins])
        place = ends + 3
    return "".join([*parts, source[place:]])


def _deepest(source: str) -> int:
    """How deep elements nest, as far as that matters: libxml2 leaves out what lies deeper than 256, and says nothing.

    An end ends what was opened within the same cell, as in HTML 13.2.4.2; else it ends nothing, so that nobody can hide depth behind it.
    """
    opened: list[str] = []
    deepest = 0
    for tag in _ANY_TAG.finditer(_without_comments(source)):
        name = tag[2].lower()
        if name in _VOID:
            continue
        if not tag[1]:
            while opened and opened[-1] in _ENDS_BEFORE.get(name, ()):
                opened.pop()
            opened.append(name)
            deepest = max(deepest, len(opened))
            if deepest > _DEEP:
                break
        else:
            for place in range(len(opened) - 1, -1, -1):
                if opened[place] == name:
                    del opened[place:]
                    break
                if opened[place] in _WALLS and name not in _AROUND:
                    break
    return deepest
