"""Unicode's normal forms are Python's, but for heaps of marks that no script has."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.normal import MOST_MARKS, normalized, without_marks

ALL = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF]
letters = st.text(st.sampled_from("aé\u0301\u0327\u0345ﾞﬁ\u0f73\u1100\u1161가Å") | st.characters(), max_size=40)


@given(text=letters)
def test_it_is_pythons_own_form(text: str) -> None:
    for form in ("NFC", "NFKC", "NFKD"):
        assert normalized(form, text) == unicodedata.normalize(form, text)
    decomposed = unicodedata.normalize("NFKD", text)
    assert without_marks(text) == "".join(letter for letter in decomposed if not unicodedata.combining(letter))


@pytest.mark.parametrize("first, second", ["\u0301\u0327", "ﾞ\u0327", "\u0f73\u0f71", "\U0001d165\u0334"])
def test_marks_beyond_the_thirtieth_are_left_out(first: str, second: str) -> None:
    few = f"a{(first + second) * (MOST_MARKS // 2)}b"
    assert normalized("NFKC", few) == unicodedata.normalize("NFKC", few)
    assert normalized("NFKC", f"a{(first + second) * 500}b") == normalized("NFKC", few)
    assert normalized("NFKC", f"{(first + second) * 500}b") == normalized("NFKC", few[1:])


def test_every_character_that_becomes_marks_counts_as_one() -> None:
    """In whatever Unicode this Python has: a new one would open the hole again."""
    for letter in ALL:
        form = unicodedata.normalize("NFKD", letter)
        if unicodedata.combining(form[0]):
            tower = "a" + f"{letter}\u0345\u0334" * MOST_MARKS  # which are never in order
            assert len(normalized("NFKD", tower)) < len(unicodedata.normalize("NFKD", tower)), f"U+{ord(letter):04X}"
        assert sum(map(bool, map(unicodedata.combining, form))) <= 3, f"U+{ord(letter):04X}"
