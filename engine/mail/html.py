"""HTML bodies to text, and to HTML that is safe to show."""

from __future__ import annotations

import html
import re
from functools import cache, lru_cache
from typing import Any

from engine.mail.cited import mark, unmark
from engine.mail.layout import laid_out
from engine.text import clean, pieces

# Larger HTML is cut before it is turned into text: layout engines are not made for it.
LONGEST_HTML = 600_000
# inscriptis takes 20 microseconds and up to 850 bytes a tag.
_MOST_LAID_OUT = 25_000
# nh3 looks at all open elements for each new one, and for each `&`, and each letter of those among which is the hard space, at all of
# the text behind it: 14 microseconds in 600 KB.
_MOST_TAGS = 50_000
_MOST_WORK = 3_000_000
_LONGEST_RUN = 50_000  # of text without a tag: inscriptis makes an object of each character
_MOST_LOOKED_AT = 10**10
_TAG = re.compile(r"<[^<>]{0,2000}>")
_HIDDEN = re.compile(r"<(style|script|head|title)\b", re.IGNORECASE)
_ENDS = {name: re.compile(rf"</{name}\s{{0,20}}>", re.IGNORECASE) for name in ("style", "script", "head", "title")}
_WHOLE_TAG = re.compile("<[^<>]*>")
_ONLY_TEXT = re.compile(r"<(?:textarea|iframe|noembed|noframes)\b", re.IGNORECASE)  # within them (HTML 13.2.5.3)
_DEEP = 200
_MOST_LINES = 1_000  # each is an object
_PIECE = 50_000
_OPEN = re.compile("<")
_ANY_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]{0,40})")
_BREAK = re.compile(r"<(?:br|/?(?:p|div|tr|li|h[1-6]))\b[^<>]{0,2000}>", re.IGNORECASE)
# Elements whose end may be left out (HTML 13.1.2.4): the next one ends them.
_ENDED_BY_NEXT = frozenset(["dd", "dt", "li", "option", "p", "tbody", "td", "th", "tr"])
_VOID = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"])


def html_to_text(source: str) -> str:
    """The text that a reader would see, with `>` before what it quotes. Never raises: where the layout engine gives up, tags are cut out."""
    source = source[:LONGEST_HTML]
    if not source.strip():
        return ""
    tags, deepest, _ = _shape(source)
    shown = mark(_shown(source))
    fit = tags <= _MOST_LAID_OUT and deepest <= _DEEP and _longest_run(shown) <= _LONGEST_RUN
    text = laid_out(shown) if fit else None
    if text is None:
        text = html.unescape("".join(_TAG.sub(" ", _BREAK.sub("\n", piece)) for piece in pieces(shown, _PIECE, _OPEN)))
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


def _longest_run(source: str) -> int:
    """Characters of text without a tag. What stands in a tag, such as an image's data, is none; nor is a tag one where all is text."""
    only_text = _ONLY_TEXT.search(source)
    longest = place = 0
    for tag in _WHOLE_TAG.finditer(source, 0, only_text.start() if only_text else len(source)):
        longest = max(longest, tag.start() - place)
        place = tag.end()
    return max(longest, len(source) - place)


@lru_cache(maxsize=2)  # the text and the HTML of one body
def _shape(source: str) -> tuple[int, int, int]:
    """How many tags, how deep they nest, and the sum of their depths: roughly, for that says what a layout engine will take.

    A tag that closes nothing makes nothing less deep, so that nobody can hide depth behind such ones.
    """
    tags = depth = deepest = work = 0
    opened: dict[str, int] = {}
    for tag in _ANY_TAG.finditer(source):
        tags += 1
        name = tag[2].lower()
        if not tag[1]:
            if name not in _VOID and not (name in _ENDED_BY_NEXT and opened.get(name)):
                opened[name] = opened.get(name, 0) + 1
                depth += 1
                deepest = max(deepest, depth)
            work += depth
        elif opened.get(name):
            opened[name] -= 1
            depth -= 1
    return tags, deepest, work


def _is_dear(source: str) -> bool:
    # All letters from U+0080 to U+00BF begin with this byte.
    escaped = source.count("&") + source.encode("utf-8", "surrogatepass").count(b"\xc2")
    if escaped * len(source) > _MOST_LOOKED_AT:
        return True
    most = source.count("<")
    if most * (most + 1) // 2 <= _MOST_WORK:
        return False  # not even if each tag stood within the one before
    tags, _, work = _shape(source)
    return tags > _MOST_TAGS or work > _MOST_WORK


def sanitise(source: str) -> str:
    """HTML without scripts, forms, styles, event handlers and remote images (tracking pixels).

    Empty where that would take nh3 more than a moment (`_shape`): the text is there, and the message is kept.
    """
    source = source[:LONGEST_HTML]
    if not source or _is_dear(source):
        return ""
    try:
        return clean(_cleaner().clean(source))
    except Exception:  # a body that cannot be made safe is not shown
        return ""


@cache
def _cleaner() -> Any:
    import nh3

    return nh3.Cleaner(
        attribute_filter=_attribute,
        url_schemes={"http", "https", "mailto", "tel", "cid"},
        link_rel="noopener noreferrer nofollow",
    )


def _attribute(tag: str, name: str, value: str) -> str | None:
    """Images only from the message itself."""
    if tag == "img" and name in ("src", "srcset") and not value.lower().startswith("cid:"):
        return None
    return value
