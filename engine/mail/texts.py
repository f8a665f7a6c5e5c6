"""Which of a message's texts are what its sender says (`behaviour.md` 4.1)."""

from __future__ import annotations

import re

from msgspec import Struct, field

from engine.mail.html import html_to_text

_NOTHING = re.compile("[\\s\u200b-\u200f\u2060\ufeff]*")  # white space, and what has no width
_WORD = re.compile(r"\w+")
_LONGEST = 100_000  # characters: each word is an object
_LONGEST_NOTICE = 500  # characters
_HTML = re.compile(r"(?<![./\w])html\b", re.IGNORECASE)  # the word, not the end of an address


class _Text(Struct, frozen=True):
    """`alternative`: the number of the alternative that it is in (0: in none)."""

    text: str
    is_html: bool
    alternative: int


class Texts(Struct):
    """What stands in the parts, in their order, without plain text in which there is nothing to read."""

    all: list[_Text] = field(default_factory=list)

    def add(self, text: str, *, is_html: bool, alternative: int) -> None:
        if is_html or not _NOTHING.fullmatch(text):
            self.all.append(_Text(text, is_html, alternative))

    def as_html(self) -> str:
        return "\n".join(one.text for one in self.all if one.is_html)

    def as_text(self) -> str:
        """The plain text, or the HTML as text where there is none.

        Lists and gateways put a plain text of their own behind mail that is HTML alone: the HTML is then what the sender said. Where
        it says the same in other words (a program that wrote `mixed` for `alternative`), the plain text is enough.
        """
        # HTML takes long to read: once more for one text, and no other.
        first = next((one for one in self.all if not one.is_html), None)
        said = [one for one in self.all if one is not first] if first and self._is_notice(first) else self.all
        plain = "\n\n".join(one.text for one in said if not one.is_html)
        if not plain:
            return html_to_text(self.as_html())
        spoken = {one.alternative for one in said if not one.is_html}
        alone: list[str] = []
        for one in said:
            if not one.is_html:
                break
            if one.alternative == 0 or one.alternative not in spoken:
                alone.append(one.text)
        shown = html_to_text("\n".join(alone)) if alone else ""
        return f"{shown}\n\n{plain}" if shown and not _says_the_same(shown, plain) else plain

    def _is_notice(self, plain: _Text) -> bool:
        """Whether it stands for the HTML beside it: `Your mail program does not show HTML`, in whatever language.

        It is short, names HTML, and says what the HTML does not.
        """
        if not plain.alternative or len(plain.text) > _LONGEST_NOTICE or not _HTML.search(plain.text):
            return False
        beside = [one.text for one in self.all if one.is_html and one.alternative == plain.alternative]
        shown = html_to_text("\n".join(beside)) if beside else ""
        words = _words(plain.text)
        return bool(shown) and 2 * len(words - _words(shown)) > len(words)


def _says_the_same(shown: str, plain: str) -> bool:
    """Four of five words of the one stand in the other, as far as both are looked at."""
    words = _words(shown)
    return 5 * len(words - _words(plain)) <= len(words)


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text[:_LONGEST].lower()))
