"""Where a message's links lead, as a browser would follow them (WHATWG URL Standard)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from itertools import islice
from urllib.parse import parse_qs, unquote

from msgspec import Struct

from engine.addresses import comparable

MOST_LINKS = 1_000
LONGEST_LINK = 2_000  # characters
_MOST_PLACES = 20_000  # that are looked at: a place takes half a microsecond
_TAG = re.compile(r"<(?:a|area|form)\s[^<>]{0,4000}", re.IGNORECASE)
# The quotation mark that ends it is not asked for: the tag may end within.
_TARGET = re.compile(r"(?<![\w-])(?:href|action)\s{0,20}=\s{0,20}(?:\"([^\"]*)|'([^']*)|([^\s\"'>]+))", re.IGNORECASE)
_IN_TEXT = re.compile(r"(?<![\w@-])(?:https?://|www\.)[^\s<>\"]{1,2000}", re.IGNORECASE)
_BEHIND = ".,;:!?'’”»)]}*_|"  # what stands behind an address in a text
_DROPPED = re.compile(r"[\t\r\n]")
_AROUND = "".join(map(chr, range(0x21)))
_WEB = re.compile(r"(?:(https?|ftp):)?[/\\]*(.*)", re.IGNORECASE | re.DOTALL)
_HOST_ENDS = re.compile(r"[/\\?#]")
_PORT = re.compile(r":\d*$")
_SAFE_LINKS = ".safelinks.protection.outlook.com"


class Link(Struct, frozen=True):
    """`address` as it was written; `domain` as DNS has it."""

    address: str
    domain: str


def links_of(text: str, html: str) -> tuple[Link, ...]:
    """Each once, those of the HTML first. Exchange's Safe Links are followed by what they stand for."""
    found: dict[str, Link] = {}
    for written in _written(text, html):
        address = _DROPPED.sub("", written.strip(_AROUND))[:LONGEST_LINK]
        while address and address not in found and len(found) < MOST_LINKS:
            domain = domain_of(address)
            if not domain:
                break
            found[address] = Link(address, domain)
            address = _behind(address) if domain.endswith(_SAFE_LINKS) else ""
        if len(found) == MOST_LINKS:
            break
    return tuple(found.values())


def _written(text: str, html: str) -> Iterator[str]:
    for tag in islice(_TAG.finditer(html), _MOST_PLACES):
        for target in _TARGET.finditer(tag[0]):
            yield unescape(target[1] or target[2] or target[3] or "")
    for address in islice(_IN_TEXT.finditer(text), _MOST_PLACES):
        yield address[0].rstrip(_BEHIND)


def domain_of(address: str) -> str:
    """The host of an address on the web; empty where it leads nowhere, or somewhere else (`mailto:`)."""
    found = _WEB.match(address)
    if found is None or not (found[1] or address.startswith(("//", "\\\\")) or address[:4].lower() == "www."):
        return ""
    host = _HOST_ENDS.split(found[2], maxsplit=1)[0].rpartition("@")[2]
    return comparable(unquote(_PORT.sub("", host))).rstrip(".")


def _behind(address: str) -> str:
    asked = parse_qs(address.partition("?")[2])
    return asked["url"][0] if "url" in asked else ""
