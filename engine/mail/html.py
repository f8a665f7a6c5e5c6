"""HTML bodies to text, and to HTML that is safe to show."""

from __future__ import annotations

import html
import re
from functools import cache
from typing import Any

from engine.text import clean

# Larger HTML is cut before it is turned into text: layout engines are not made for it.
LONGEST_HTML = 1_000_000
_BLANK_LINES = re.compile(r"\n[ \t\u00a0]*(?:\n[ \t\u00a0]*){2,}")
_TAG = re.compile(r"<[^>]{0,2000}>")
_HIDDEN = re.compile(r"<(style|script|head|title)\b[^>]*>.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_DEEP = 200


def html_to_text(source: str) -> str:
    """The text that a reader would see. Never raises: where the layout engine gives up, tags are cut out."""
    source = source[:LONGEST_HTML]
    if not source.strip():
        return ""
    try:
        if _depth(source) > _DEEP:
            raise RecursionError
        text = _laid_out(source)
    except Exception:  # inscriptis and lxml raise what they like on hostile input, and a body is never worth a failure
        text = html.unescape(_TAG.sub(" ", _HIDDEN.sub(" ", source)))
    lines = (line.rstrip() for line in clean(text).replace("\u00a0", " ").split("\n"))
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip("\n")


def _laid_out(source: str) -> str:
    # Imported when mail first has no plain text: lxml alone is a tenth of a start.
    from inscriptis import get_text

    return str(get_text(source, _layout()))


@cache
def _layout() -> Any:
    from inscriptis.css_profiles import CSS_PROFILES
    from inscriptis.model.config import ParserConfig

    return ParserConfig(css=CSS_PROFILES["strict"].copy(), display_links=False, display_images=False)


def _depth(source: str) -> int:
    """How deep tags nest, roughly: enough to keep a recursive layout engine out of trouble."""
    depth = deepest = 0
    for tag in re.finditer(r"<(/?)(?:div|table|td|tr|span|blockquote|b|i|font|p|ul|ol|li|a|section)\b", source, re.IGNORECASE):
        depth = max(depth - 1, 0) if tag[1] else depth + 1
        deepest = max(deepest, depth)
    return deepest


def sanitise(source: str) -> str:
    """HTML without scripts, forms, styles, event handlers and remote images (tracking pixels)."""
    if not source:
        return ""
    import nh3

    try:
        return clean(
            nh3.clean(
                source[:LONGEST_HTML],
                attribute_filter=_attribute,
                url_schemes={"http", "https", "mailto", "tel", "cid"},
                link_rel="noopener noreferrer nofollow",
            )
        )
    except Exception:  # a body that cannot be made safe is not shown
        return ""


def _attribute(tag: str, name: str, value: str) -> str | None:
    """Images only from the message itself."""
    if tag == "img" and name in ("src", "srcset") and not value.lower().startswith("cid:"):
        return None
    return value
