"""HTML bodies to HTML that is safe to show, by nh3, where that does not take it more than a moment."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from engine.late import late_pattern
from engine.mail.markup import plain
from engine.text import clean

# nh3 looks at all open elements for each new one, and for each end that ends none; and for each `&`, and each letter of those among which
# is the hard space, at all of the text behind it: 14 microseconds in 600 KB. That no end ends any is reckoned with, for some elements
# cannot be ended where they are; but a new cell or row ends all that is in the one before (HTML 13.2.6.4.15), and a link the one before.
_MOST_LOOKS = 100_000_000
_MOST_TAGS = 100_000
_UNNESTED = late_pattern(r"<(?:a|t[dhr]|tbody|thead|tfoot|caption|col|colgroup)[\s>]", re.IGNORECASE)
# Those that HTML opens again in each paragraph until they are ended (13.2.4.3), three alike at the most: with an attribute none is alike.
_FORMATTING = late_pattern(r"<(b|big|code|em|i|nobr|s|small|strike|strong|tt|u)\s[^<>]*>", re.IGNORECASE)
# The same in lower case: five times as fast.
_HAS_FORMATTING = late_pattern(r"<(?:b(?:ig)?|code|em|i|nobr|s(?:mall|tr(?:ike|ong))?|tt|u)\s")
# nh3 takes these out, once it has opened them so, or once other rules of nesting are at work in them.
_OTHER = late_pattern(r"</?(?:font|svg|math|template)\b[^<>]*>", re.IGNORECASE)
_LONE = late_pattern(r"<(?![!?]|/?[a-zA-Z])")  # it would begin a tag with what stands behind a tag that is taken out
_LINK = late_pattern(r"<a\s[^<>]*>", re.IGNORECASE)
_MOST_LINKED = 10_000_000  # characters, if each element opens the longest link again
_MOST_LOOKED_AT = 10**10


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
    nested = _is_nested(source)
    if nested:  # Outlook's long threads: most of it are spans, and elements of its own
        source = _left_out().sub("", _LONE.sub("&lt;", source))
        nested = _is_nested(source)
    if not source or nested or _is_dear(source):
        return ""
    try:
        return clean(_cleaner().clean(source))
    except Exception:  # a body that cannot be made safe is not shown
        return ""


def _is_dear(source: str) -> bool:
    if len(source) ** 2 > _MOST_LOOKED_AT:  # else not even if all of it is escaped
        # All letters from U+0080 to U+00BF begin with this byte.
        escaped = source.count("&") + source.encode("utf-8", "surrogatepass").count(b"\xc2")
        if escaped * len(source) > _MOST_LOOKED_AT:
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
