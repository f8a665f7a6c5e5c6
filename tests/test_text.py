"""Text as it is compared, and many texts sought in one, against the plain way to do the same."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine import literals
from engine.literals import Literals
from engine.prefixes import is_passed_on, strip_prefixes
from engine.text import collapse, words_of, words_of_all

_SPACED = st.text(st.sampled_from(" \t\n\r\v\f\x1c\x1d\x1e\x1f\x85\xa0\u2003ab\x00"))


@given(st.one_of(st.text(), _SPACED))
def test_collapse_is_as_split_and_join(text: str) -> None:
    assert collapse(text) == " ".join(text.split())


@given(st.lists(st.one_of(st.text("aB c", max_size=6), _SPACED, st.text(max_size=3)), max_size=4))
@example(["VPN", "", "Remote access"])
@example(["a", " b", "c "])
@example(["a\nb", "c"])
def test_many_texts_are_made_comparable_as_each_is(texts: list[str]) -> None:
    assert words_of_all(texts) == [words_of(text) for text in texts]
    many = [f"Alias {number}" for number in range(700)] + texts
    assert words_of_all(many) == [words_of(text) for text in many]


_LETTERS = st.text("abé𝄞", max_size=5)


@given(st.lists(_LETTERS, unique=True), st.text("abé𝄞 ", max_size=60), st.sampled_from([1, 3, 7, 1000]))
def test_each_place_of_each_literal_is_found_once(sought: list[str], text: str, piece: int) -> None:
    places = sorted(
        (start, start + len(one), one) for one in sought if one for start in range(len(text)) if text.startswith(one, start)
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(literals, "_PIECE", piece)
        assert sorted(Literals({one: one for one in sought}).find(text)) == places


def test_many_literals_are_sought_in_a_packed_table() -> None:
    many = {f"word{n:05}": n for n in range(3_000)}
    assert sum(map(len, many)) > literals.FEW
    assert list(Literals(many).find("a word00042, and word02999.")) == [(2, 11, 42), (17, 26, 2999)]
    assert list(Literals(many).find("ä word00042, 𝄞 word02999.")) == [(2, 11, 42), (15, 24, 2999)]
    assert list(Literals(many).find(literals._OTHERS.decode("latin-1"))) == []


@pytest.mark.parametrize(
    ("subject", "rest"),
    [
        ("Re: x ", "x"),
        ("回复：x", "x"),
        ("[EXTERNAL] Re: x", "[EXTERNAL] x"),
        ("x: y", "x: y"),
        ("Re x", "Re x"),
        (" x ", "x"),
        ("RE：FW: x", "x"),
    ],
)
def test_prefixes_end_with_a_colon_of_either_width(subject: str, rest: str) -> None:
    assert strip_prefixes(subject) == rest
    assert is_passed_on(subject) is (rest not in ("x: y", "Re x") and subject != " x ")
