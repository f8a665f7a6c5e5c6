"""HTML bodies to text, and to HTML that is safe to show."""

from __future__ import annotations

import html
import re
from functools import cache
from typing import Any

from engine.mail.cited import mark, unmark
from engine.mail.layout import laid_out
from engine.mail.markup import plain
from engine.text import clean, pieces

# inscriptis takes 20 microseconds and up to 850 bytes a tag.
_MOST_LAID_OUT = 25_000
# nh3 looks at all open elements for each new one, and for each end that ends none; and for each `&`, and each letter of those among which
# is the hard space, at all of the text behind it: 14 microseconds in 600 KB. That no end ends any is reckoned with, for some elements
# cannot be ended where they are; but a new cell or row ends all that is in the one before (HTML 13.2.6.4.15), and a link the one before.
_MOST_LOOKS = 100_000_000
_MOST_TAGS = 100_000
_UNNESTED = re.compile(r"<(?:a|t[dhr]|tbody|thead|tfoot|caption|col|colgroup)[\s>]", re.IGNORECASE)
# Those that HTML opens again in each paragraph until they are ended (13.2.4.3), three alike at the most: with an attribute none is alike.
_FORMATTING = re.compile(r"<(b|big|code|em|i|nobr|s|small|strike|strong|tt|u)\s[^<>]*>", re.IGNORECASE)
_HAS_FORMATTING = re.compile(r"<(?:b(?:ig)?|code|em|i|nobr|s(?:mall|tr(?:ike|ong))?|tt|u)\s")  # in lower case: five times as fast
# nh3 takes these out, once it has opened them so, or once other rules of nesting are at work in them.
_OTHER = re.compile(r"</?(?:font|svg|math|template)\b[^<>]*>", re.IGNORECASE)
_LONE = re.compile(r"<(?![!?]|/?[a-zA-Z])")  # it would begin a tag with what stands behind a tag that is taken out
_LINK = re.compile(r"<a\s[^<>]*>", re.IGNORECASE)
_MOST_LINKED = 10_000_000  # characters, if each element opens the longest link again
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
    fit = fit and _longest_run(shown) <= _LONGEST_RUN
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


def _without_comments(source: str) -> str:
    parts: list[str] = []
    place = 0
    while (begins := source.find("<!--", place)) >= 0 and (ends := source.find("-->", begins)) >= 0:
        parts.append(source[place:begins])
        place = ends + 3
    return "".join([*parts, source[place:]])


def _longest_run(source: str) -> int:
    """Characters of text without a tag. What stands in a tag, such as an image's data, is none; nor is a tag one where all is text."""
    only_text = _ONLY_TEXT.search(source)
    longest = place = 0
    for tag in _WHOLE_TAG.finditer(source, 0, only_text.start() if only_text else len(source)):
        longest = max(longest, tag.start() - place)
        place = tag.end()
    return max(longest, len(source) - place)


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


def _is_dear(source: str) -> bool:
    # All letters from U+0080 to U+00BF begin with this byte.
    escaped = source.count("&") + source.encode("utf-8", "surrogatepass").count(b"\xc2")
    if escaped * len(source) > _MOST_LOOKED_AT:
        return True
    if _is_nested(source):
        return True
    if source.count("<") * len(source) <= _MOST_LINKED:
        return False
    return _nesting(source)[2] * max((len(link[0]) for link in _LINK.finditer(source)), default=0) > _MOST_LINKED


def _is_nested(source: str) -> bool:
    """Whether it may be nested so deep that nh3 looks too often at what is open."""
    if source.count("<") ** 2 <= _MOST_LOOKS:
        return False  # not even if all that it has stood within each other
    starts, ends, deepest = _nesting(source)
    return ends + starts > _MOST_TAGS or starts * deepest > _MOST_LOOKS or ends * deepest > 2 * _MOST_LOOKS


def _nesting(source: str) -> tuple[int, int, int]:
    """How many tags start an element, and how many end one; and how deep they can nest at the most."""
    ends = source.count("</")
    starts = source.count("<") - ends
    return starts, ends, starts - sum(1 for _ in _UNNESTED.finditer(source)) + 4 * source.lower().count("<table") + 4


@cache
def _left_out() -> re.Pattern[str]:
    """Tags that nh3 takes out, or that say nothing without the attributes that it takes out; their content stays."""
    import nh3

    kept = "|".join(sorted(nh3.ALLOWED_TAGS - {"span"} | {"script", "style"}))
    return re.compile(rf"</?(?!(?:{kept})[\s/>])[a-zA-Z][^<>]*>", re.IGNORECASE)


def sanitise(source: str) -> str:
    """HTML without scripts, forms, styles, event handlers and remote images (tracking pixels).

    Empty where that would take nh3 more than a moment: the text is there, and the message is kept.
    """
    source = plain(source)
    lower = source.lower()
    if any(name in lower for name in ("<font", "<svg", "<math", "<template")):
        source = _OTHER.sub("", _LONE.sub("&lt;", source))
    if _HAS_FORMATTING.search(lower):
        source = _FORMATTING.sub(r"<\1>", source)
    if _is_nested(source):  # Outlook's long threads: most of it are spans, and elements of its own
        source = _left_out().sub("", _LONE.sub("&lt;", source))
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
