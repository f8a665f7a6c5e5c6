"""HTML of a few pieces repeated, in each other and behind each other: what laying it out and making it safe take, and how much they
write. Part of `make fuzz`; `python -m tools.pump_html --seconds 600 --seed 7`.

Writes what took over two seconds, or more than 40 MB of memory, or became much longer than it was, into `fuzz/`, and exits with 1
then.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from itertools import count

from engine.mail.html import html_to_text
from engine.mail.markup import LONGEST_HTML
from engine.mail.safe_html import sanitise
from tools.hostile import ROOT, search, surely

FOUND = ROOT / "fuzz"
SLOW_SECONDS = 2.0
MOST_MEMORY = 40_000_000  # bytes: inscriptis takes up to 850 a tag, and Python four a letter
MOST_WRITTEN = 1_500_000  # characters beyond twice the HTML: what tables and lists may be filled up with
MOST_SHOWN = 12_000_000  # characters: a link that is opened again in each paragraph
SIZES = [20_000, 100_000, 300_000, LONGEST_HTML]
TAGS = [
    "table", "tr", "td", "th", "tbody", "caption", "col", "colgroup", "ul", "ol", "li", "dl", "dt", "dd", "p", "div", "span", "section", "main",
    "pre", "b", "i", "a", "font", "blockquote", "center", "h1", "form", "select", "option", "textarea", "iframe", "button", "label", "input",
    "hr", "br", "img", "object", "svg", "math", "template", "title", "nobr", "em", "body", "ruby", "style", "script", *["table", "tr", "td"] * 12, *["ul", "li", "div"] * 4,
]  # fmt: skip
FORMATTING = ["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"]
ATTRIBUTES = [
    "", "", "", "", " a=#", " a='#' b", " title='</div>'", " title='>'", f" href=x{'y' * 2_000}", f" {'a ' * 200}", " a='", " align=center", " valign=middle", " colspan=9999", " rowspan=9999", " width=9999", " start=99999", " type=cite", " href=x",
    *(f" style='{style}'" for style in (
        "display:none", "white-space:pre", "display:block;white-space:pre", "padding-left:9999em", "margin-bottom:9999px", "margin-top:9999em",
        "horizontal-align:right;vertical-align:middle",
    )),
]  # fmt: skip
TEXTS = [
    "x", "x", "x", "words ", "\n", "\t", "&amp;", "&nbsp;", "&#10;", "é", "©", "ᔬ", "🖨", "a" * 200, "b" * 3_000, "c" * 20_000,
    "<!--x-->", "<![endif]>", "-->", "<!--", "<!--</div>-->", "<!--</b></p>-->", "<!--[if mso]>", "<![CDATA[",
]  # fmt: skip


def piece(chooser: random.Random) -> str:
    kind = chooser.random()
    if kind < 0.55:
        return f"<{chooser.choice(TAGS)}{chooser.choice(ATTRIBUTES)}>"
    return f"</{chooser.choice(TAGS)}>" if kind < 0.75 else chooser.choice(TEXTS)


def element(chooser: random.Random) -> str:
    """One that ends, so that a thousand of them stand behind each other and not in each other."""
    name = chooser.choice(TAGS)
    inner = "".join(
        element(chooser) if chooser.random() < 0.3 else chooser.choice([*TEXTS, "x<br>"]) for _ in range(chooser.randint(0, 2))
    )
    return f"<{name}{chooser.choice(ATTRIBUTES)}>{inner}</{name}>"


def made(chooser: random.Random, size: int) -> str:
    """HTML of up to about `size` characters."""
    runs = chooser.randint(1, 4)
    source = ""
    for _ in range(runs):
        unit, before, after = unit_of(chooser)
        source += before + unit * max(chooser.choice([size // runs, 3_000, 300]) // len(unit), 1) + after
    numbers = count()
    return re.sub("#", lambda _: str(next(numbers)), source)


def some(chooser: random.Random, least: int, most: int, one: Callable[[random.Random], str]) -> str:
    return "".join(one(chooser) for _ in range(chooser.randint(least, most)))


def unit_of(chooser: random.Random) -> tuple[str, str, str]:
    """(what is repeated, what stands before it, what stands behind it)."""
    kind = chooser.random()
    if kind < 0.1:
        return chooser.choice([" a#", "/a#", " a#=x", " a#='>'", '"a#']), f"<{chooser.choice(TAGS)}", ">"
    before = some(chooser, 0, 6, piece)
    if kind < 0.3:
        name = chooser.choice(FORMATTING)
        hidden = chooser.choice(["", f"<!--</{name}>-->", f"<i title='</{name}>'>"])
        return f"<{name}{chooser.choice([' a=#', ' href=#', ''])}>{hidden}", before + chooser.choice(["", "<p>"]), "</p>"
    if kind < 0.4:
        return chooser.choice(["<p>x</p>", "<p>x", "<div>x", "<li>x", "<td>x"]), before, ""
    return some(chooser, 1, 4, chooser.choice([piece, element, element])), before, ""


def is_too_long(source: str, text: str) -> bool:
    return len(text) > 2 * len(source) + MOST_WRITTEN


def read_and_made_safe(source: str) -> tuple[str, str]:
    """Its text, and what is shown."""
    return html_to_text(source), sanitise(source)


def pump(seconds: float, seed: int) -> tuple[int, list[str]]:
    """(how many, what is wrong)."""
    chooser = random.Random(seed)
    sanitise(html_to_text("<table><tr><td>&amp;") + "<p>x")  # what is read once in a process
    wrong: list[str] = []
    number, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        number += 1
        source = made(chooser, chooser.choice(SIZES))
        (text, safe), took, memory = surely(SLOW_SECONDS, MOST_MEMORY, read_and_made_safe, source)
        if took > SLOW_SECONDS or memory > MOST_MEMORY or is_too_long(source, text) or len(safe) > MOST_SHOWN:
            FOUND.mkdir(exist_ok=True)
            place = FOUND / f"html-{seed}-{number}.html"
            place.write_text(source, "utf-8", "surrogateescape")
            wrong.append(
                f"{place}: {took:.1f} s, {memory:,} bytes, {len(source):,} characters became {len(text):,} and {len(safe):,}"
            )
    return number, wrong


if __name__ == "__main__":
    search(__doc__, pump, "texts of HTML", "slow, too large or too long")
