"""Text as it is compared: without case, Unicode normalised; with a few ready forms for titles and keywords."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from engine.late import late_pattern
from engine.normal import normalized, without_marks
from engine.prefixes import strip_prefixes
from engine.printable import UNSEEN

# What a desk seeks (rules, tags, fields to extract) it seeks in so many characters of a field, of all its values together, at the most.
LONGEST_SEARCHED = 262_144

_TYPED = dict.fromkeys("‘’‚‛", "'") | dict.fromkeys("“”„‟", '"') | dict.fromkeys("\u2010\u2012\u2013\u2014\u2212", "-")
# What nobody sees, and what chooses between two forms of a sign: the same warning sign is written with it and without.
_NOTHING = UNSEEN + "\ufe0e\ufe0f"
_SURROGATE = late_pattern("[\ud800-\udfff]")
_LONG = 500_000
_LONGEST_WORD = 1_000
_MOST_FOLDED = 5_000_000  # letters: some become eighteen when they are folded
_SPACE = late_pattern(r"[ \n]")
# What is white space beside the space, in ASCII and in all of Unicode.
_BLANKS = "\n\r\t\v\f\x1c\x1d\x1e\x1f"
_AT_ONCE = 500
_ODD_SPACE = [*_BLANKS.replace("\n", ""), "  ", " \n", "\n "]  # in texts with an end of a line between them
_ALL_BLANKS = (
    _BLANKS + "\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)


def fold(text: str) -> str:
    """NFKC without case: the form in which rules and duplicates compare text (`behaviour.md` 7).

    Quotation marks and dashes are those of a keyboard: telephones write `can’t` where a rule has `can't`. What nobody sees is not there.
    """
    if text.isascii():
        return text.lower()
    for nothing in _NOTHING:
        if nothing in text:
            text = text.replace(nothing, "")
    text = normalized("NFKC", normalized("NFKC", text).casefold())
    for set_as, typed in _TYPED.items():
        if set_as in text:
            text = text.replace(set_as, typed)
    return text


def fold_accents(text: str) -> str:
    """`fold`, and without accents: the form in which tags are found (`behaviour.md` 6)."""
    if text.isascii():
        return text.lower()
    return without_marks(fold(text))


def collapse(text: str) -> str:
    """Every run of white space as one space, and none around the text."""
    return squeeze(text).strip(" ")


def squeeze(text: str) -> str:
    """Every run of white space as one space, also at both ends."""
    if not text.isprintable():  # else its only white space is the space
        # A third of the time of `split`, which makes an object of each word.
        for blank in _BLANKS if text.isascii() else _ALL_BLANKS:
            if blank in text:
                text = text.replace(blank, " ")
    while "  " in text:
        text = text.replace("  ", " ")
    return text


@lru_cache(maxsize=8)
def title_key(title: str) -> str:
    """A title as duplicates compare it: without prefixes, case and spaces (`behaviour.md` 5)."""
    return "".join(fold(strip_prefixes(title)).split())


def text_key(text: str) -> str:
    """A digest of a text without case and with spaces collapsed; empty for an empty one. Beyond five million letters, as it is written."""
    return _digest(text.strip())


# The text of a message, of its ticket, what duplicates compare and where tags are found are one text.
@lru_cache(maxsize=4)
def _digest(text: str) -> str:
    if len(text) <= _LONG:
        folded = _folded(text)
        return hashlib.sha256(folded.encode("utf-8", "replace")).hexdigest() if folded else ""
    digest, some, left = hashlib.sha256(), False, _MOST_FOLDED
    for piece in pieces(text, _LONG, _SPACE):
        # What lies far behind, or far from a space, is compared as it is written.
        near = min(left, _LONG + _LONGEST_WORD)
        folded = collapse(fold(piece[:near])) + piece[near:]
        left = max(left - len(folded), 0)
        if folded:
            digest.update((f" {folded}" if some else folded).encode("utf-8", "replace"))
            some = True
    return digest.hexdigest() if some else ""


def pieces(text: str, size: int, before: re.Pattern[str]) -> Iterator[str]:
    """A long text in pieces of at least `size` characters, cut only where `before` matches.

    What is made of all of it at once, a list of its words or of its tags, may take ten times its memory.
    """
    start = 0
    while start < len(text):
        found = before.search(text, start + size)
        end = found.start() if found else len(text)
        yield text[start:end]
        start = end


def compared(text: str) -> str:
    """A text as rules compare it: `fold`ed, every run of white space as one space, and none around it."""
    return _folded(text.strip())


@lru_cache(maxsize=4)
def _folded(text: str) -> str:
    return collapse(fold(text))


def words_of(text: str) -> str:
    """A text as tags are found in it: without case and accents, every run of white space as one space."""
    return compared(text) if text.isascii() else collapse(fold_accents(text))


def words_of_all(texts: Sequence[str]) -> list[str]:
    """`words_of` each. Hundreds of plain ones are made at once: the tags of a large desk took a quarter of its start one by one."""
    found: list[str] = []
    for start in range(0, len(texts), _AT_ONCE):
        some = texts[start : start + _AT_ONCE]
        joined = "\n".join(some)
        padded = f"\n{joined}\n"
        if joined.isascii() and joined.count("\n") < len(some) and not any(odd in padded for odd in _ODD_SPACE):
            found += joined.lower().split("\n")
        else:
            found += map(words_of, some)
    return found


def clean(text: str) -> str:
    """Text that every part of postroom can carry: no lone surrogates (UTF-8 has none) and no NUL."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def cut(text: str, length: int) -> str:
    """At most `length` characters, with an ellipsis as the last where it was cut."""
    return text if len(text) <= length else text[: max(length - 1, 0)].rstrip() + "…"
