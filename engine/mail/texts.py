"""Which of a message's texts are what its sender says (`behaviour.md` 4.1)."""

from __future__ import annotations

import re

from msgspec import Struct, field

from engine.mail.html import html_to_text

_NOTHING = re.compile("[\\s\u200b-\u200f\u2060\ufeff]*")  # white space, and what has no width
_WORD = re.compile(r"\w+")
_LONGEST = 100_000  # characters: each word is an object


class Texts(Struct):
    """What stands in the parts, in their order.

    `first`: the HTML before any plain text, with the number of the alternative that it is in (0: in none); `spoken`: the alternatives
    that have a plain text.
    """

    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    first: list[tuple[int, str]] = field(default_factory=list)
    spoken: set[int] = field(default_factory=set)

    def add(self, text: str, *, is_html: bool, alternative: int) -> None:
        if is_html:
            self.html.append(text)
            if not self.plain:
                self.first.append((alternative, text))
        elif not _NOTHING.fullmatch(text):
            self.plain.append(text)
            self.spoken.add(alternative)

    def as_html(self) -> str:
        return "\n".join(self.html)

    def as_text(self) -> str:
        """The plain text, or the HTML as text where there is none.

        Lists and gateways put a plain text of their own behind mail that is HTML alone: the HTML is then what the sender said. Where
        it says the same in other words (a program that wrote `mixed` for `alternative`), the plain text is enough.
        """
        plain = "\n\n".join(self.plain)
        if not plain:
            return html_to_text(self.as_html())
        alone = [text for alternative, text in self.first if alternative == 0 or alternative not in self.spoken]
        shown = html_to_text("\n".join(alone)) if alone else ""
        return f"{shown}\n\n{plain}" if shown and not _says_the_same(shown, plain) else plain


def _says_the_same(shown: str, plain: str) -> bool:
    """Four of five words of the one stand in the other, as far as both are looked at."""
    words = set(_WORD.findall(shown[:_LONGEST].lower()))
    return 5 * len(words.difference(_WORD.findall(plain[:_LONGEST].lower()))) <= len(words)
