"""HTML in a form that every parser reads alike, so that what it will take can be told beforehand.

A tag in a comment, in a quoted value or in a style is one to some and none to others: whoever counts tags is deceived by that. Here no tag
has another in it, nor more than 40 attributes, of which libxml2 and html5ever compare each with each.
"""

from __future__ import annotations

import re
from functools import lru_cache
from io import StringIO

from engine.late import late_pattern

# Larger HTML is cut before it is turned into text: layout engines are not made for it.
LONGEST_HTML = 600_000
_SHORT = 50_000
_MOST_ATTRIBUTES = 40
ANY_TAG = late_pattern(r"</?[a-zA-Z]")
_PLAIN = late_pattern(
    r"</?[a-zA-Z][a-zA-Z0-9:_.-]{0,40}+(?:>|"
    r"(?:\s++[^\s/<>\"'=]{1,80}+(?:\s*+=\s*+(?:\"[^\"<>]*+\"|'[^'<>]*+'|[^\s\"'<>`]++))?){0,40}\s*+/?>)"
)
_WORDS_OWN = "<o:p></o:p>"  # Word puts it into each paragraph: a third of all tags
_BEGINS = late_pattern(r"<(?:(!--)|([!?])|(/?)([a-zA-Z][^\s/>]*))")
# HTML 13.2.5.32 to 13.2.5.39, but that a tag or a quotation mark which nothing closes hides nothing.
_ATTRIBUTE = late_pattern(r"[\s/]*(?:(>)|([^\s/>][^\s/>=]*)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"'][^\s>]*))?)?)")
_NAME = late_pattern(r"[a-zA-Z][a-zA-Z0-9:_.-]{0,40}")
_ATTRIBUTE_NAME = late_pattern(r"[^\s/<>\"'=]{1,80}")
# What stands in these is text up to their own end (HTML 13.2.6.4): the first nobody sees.
_UNSEEN = {"script", "style"}
_ONLY_TEXT = {name: late_pattern(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in (*_UNSEEN, "title", "textarea", "xmp")}
_INSTEAD = {"iframe", "noembed", "noframes"}  # in these too, for programs that show them; it is what is shown here
_KEPT = {"title", "textarea"}  # character references are read in them as elsewhere


def plain(source: str) -> str:
    """As much as is looked at; the same where it has this form already, as nearly all HTML has; else written anew, without comments,
    scripts and styles.
    """
    if len(source) > LONGEST_HTML:
        source = source[:LONGEST_HTML]
        last = source.rfind("<")
        source = source if source.find(">", last) >= 0 else source[:last]
    return _short(source) if len(source) <= _SHORT else _long(source)


def _plain(source: str) -> str:
    if f"<{_WORDS_OWN}" not in source and f"</{_WORDS_OWN}" not in source:  # it would make a tag of what stands around it
        source = source.replace(_WORDS_OWN, "")
    # Two tags without what is between them may look like a third: then it is written anew for nothing.
    return source if ANY_TAG.search(_PLAIN.sub("", source)) is None else _Writer(source).written()


# Once for the text and once for the HTML of a body; of short ones, some are read in a row before the first is decided.
_short = lru_cache(maxsize=64)(_plain)
_long = lru_cache(maxsize=2)(_plain)


class _Writer:
    """Goes through the source once."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._endless: set[str] = set()  # what has no end from here on

    def written(self) -> str:
        source, place, parts = self._source, 0, StringIO()  # not a list: each piece is an object
        while (begins := _BEGINS.search(source, place)) is not None:
            parts.write(source[place : begins.start()].replace("<", "&lt;"))  # nor may it begin a tag with what stands behind
            if begins[1]:
                end = self._find("-->", begins.start() + 2)  # `<!-->` is one too
                place = end + 3 if end is not None else begins.end()
            elif begins[2]:
                end = self._find(">", begins.end())
                place = end + 1 if end is not None else begins.end()
            else:
                written, place = self._tag(begins)
                parts.write(written)
        parts.write(source[place:].replace("<", "&lt;"))
        return parts.getvalue()

    def _find(self, what: str, place: int) -> int | None:
        if what in self._endless:
            return None
        found = self._source.find(what, place)
        if found < 0:
            self._endless.add(what)
            return None
        return found

    def _tag(self, begins: re.Match[str]) -> tuple[str, int]:
        """It, written anew, with what is only text in it; and the place behind it."""
        name = begins[4].lower()
        attributes: list[str] = []
        place = begins.end()
        while (attribute := _ATTRIBUTE.match(self._source, place)) is not None:
            place = attribute.end()
            if attribute[1]:
                break
            value = next((one for one in attribute.group(3, 4, 5) if one is not None), None)
            is_open = value is None and attribute[0].rstrip().endswith("=")  # at a quotation mark that nothing closes
            if len(attributes) < _MOST_ATTRIBUTES and _ATTRIBUTE_NAME.fullmatch(attribute[2]) and not is_open:
                attributes.append(f" {attribute[2]}" if value is None else f' {attribute[2]}="{_quoted(value)}"')
        else:
            # It has no end, nor has any behind it. What would start an element may be no tag at all: `if a <b then`.
            text = self._source[begins.end() if begins[3] else begins.start() :]
            return text.replace("<", "&lt;"), len(self._source)
        tag = (
            f"<{begins[3]}{name}{''.join(attributes) if not begins[3] else ''}>"
            if _NAME.fullmatch(name) and name not in _INSTEAD
            else ""
        )
        if begins[3] or name not in _ONLY_TEXT or name in self._endless:
            return tag, place
        end = _ONLY_TEXT[name].search(self._source, place)
        if end is None:
            self._endless.add(name)
            return tag, place
        inner = "" if name in _UNSEEN else self._source[place : end.start()].replace("<", "&lt;")
        return (f"{tag}{inner}" if name in _KEPT else inner), end.start()


def _quoted(value: str) -> str:
    return value.replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")
