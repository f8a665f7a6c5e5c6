"""Where a message's links lead, as a browser would follow them (WHATWG URL Standard)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from urllib.parse import unquote

from msgspec import Struct

from engine.addresses import LONGEST_DOMAIN, comparable
from engine.late import late_pattern

MOST_LINKS = 1_000
LONGEST_LINK = 2_000  # characters
_LONGEST_WRITTEN = 10 * LONGEST_LINK  # with a reference (`&#104;`) for each character
_MOST_PLACES = 20_000  # that are looked at: a place takes half a microsecond
_MOST_ATTRIBUTES = 100_000
# HTML 13.1.2.3: a quoted value may have a `>` in it, and one that nothing ends goes on to the end. Relative links lead to where the base is.
_TAG = late_pattern(r"<(a|area|base|form)(?=[\s/])((?:[^>\"']++|\"[^\"]*\"|'[^']*'|[\"'])*+)", re.IGNORECASE)
_ATTRIBUTE = late_pattern(r"([^\s\"'>/=]++)(?:\s*+=\s*+(?:\"([^\"]*)|'([^']*)|([^\s\"'>]*)))?")
_IN_TEXT = late_pattern(r"(?<![a-z0-9_@-])(?:https?://|www\.)[^\s<>\"\u3000-\u303f\uff00-\uff20]{1,2000}", re.IGNORECASE)
_BEHIND = ".,;:!?'’”»)]}*_|"  # what stands behind an address in a text
_DROPPED = late_pattern(r"[\t\r\n]")
_AROUND = "".join(map(chr, range(0x21)))
_WEB = late_pattern(r"(?:(https?|ftp):)?[/\\]*(.*)", re.IGNORECASE | re.DOTALL)
_HOST_ENDS = late_pattern(r"[/\\?#]")
_PORT = late_pattern(r":\d*$")
_WITHIN = late_pattern(r"https?(?::|%3a)(?:/|%2f){2}.*", re.IGNORECASE | re.DOTALL)


class Link(Struct, frozen=True):
    """`address` as it was written; `domain` as DNS has it."""

    address: str
    domain: str


def links_of(text: str, html: str) -> tuple[Link, ...]:
    """Each once, those of the HTML first; an address within an address (Safe Links, other filters, redirects) follows it."""
    found: dict[str, Link] = {}
    for written in _written(text, html):
        address = _DROPPED.sub("", written.strip(_AROUND))[:LONGEST_LINK]
        while address not in found and (domain := domain_of(address)):
            found[address] = Link(address, domain)
            if len(found) == MOST_LINKS:
                return tuple(found.values())
            address = _within(address)
    return tuple(found.values())


def _written(text: str, html: str) -> Iterator[str]:
    from html import unescape  # seldom needed

    attributes_left = _MOST_ATTRIBUTES
    for tag in islice(_TAG.finditer(html), _MOST_PLACES):
        leads = "action" if tag[1].lower() == "form" else "href"
        for attribute in islice(_ATTRIBUTE.finditer(html, *tag.span(2)), attributes_left):
            attributes_left -= 1
            if attribute[1].lower() == leads:
                yield unescape((attribute[2] or attribute[3] or attribute[4] or "")[:_LONGEST_WRITTEN])
                break  # of two of a name, the first counts (HTML 13.2.5.33)
    # The pattern alone takes 50 microseconds for 4 KB without a link.
    if "://" in text or "www." in text.lower():
        for address in islice(_IN_TEXT.finditer(text), _MOST_PLACES):
            yield address[0].rstrip(_BEHIND)


def domain_of(address: str) -> str:
    """The host of an address on the web; empty where it leads nowhere, or somewhere else (`mailto:`)."""
    found = _WEB.match(address)
    if found is None or not (found[1] or address.startswith(("//", "\\\\")) or address[:4].lower() == "www."):
        return ""
    host = _HOST_ENDS.split(found[2], maxsplit=1)[0].rpartition("@")[2]
    return _as_looked_up(unquote(_PORT.sub("", host))).rstrip(".")


def _as_looked_up(host: str) -> str:
    """Browsers drop what has no width, and take wide letters for narrow ones (UTS 46), which mail does not."""
    if not host.isascii() and len(host) <= LONGEST_DOMAIN:
        import idna  # seldom needed, and slow to import

        with suppress(ValueError):
            host = idna.encode(host, uts46=True).decode("ascii")
    return comparable(host)


def _within(address: str) -> str:
    found = _WITHIN.search(address, 1)
    if found is None:
        return ""
    is_encoded = "%" in found[0][:6]
    return unquote(found[0].partition("&")[0]) if is_encoded else found[0]
