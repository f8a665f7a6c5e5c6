"""What a pattern needs of a text is never more than RE2 asks for."""

from __future__ import annotations

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.normal import normalized
from engine.rules.patterns import Patterns
from engine.rules.required import required


@pytest.mark.parametrize(
    ("pattern", "needs"),
    [
        (r"ticket\s*#?\s*(\d{4,8})", [{"ticket"}]),
        (r"(Invoice|Rechnung|factura)\s+(no|nr)", [{"invoice", "rechnung", "factura"}, {"no", "nr"}]),
        (r"(printer|order)17\s+x", [{"printer17", "order17"}]),
        (r"\.(exe|js|vbs)$", [{".js", ".exe", ".vbs"}]),
        (r"word1.*word22", [{"word22"}, {"word1"}]),
        (r"[Pp]rint[ae]r", [{"printar", "printer"}]),
        (r"colou?r(ed)?\d", [{"color", "colour", "colored", "coloured"}]),
        (r"(abc){2,}x", [{"abc"}]),
        (r"(?i:abc)d", [{"abcd"}]),
        (r"foo\bbar", [{"foobar"}]),
        (r"\x41\x42", [{"ab"}]),
        (r"über.*straße", [{"stra"}, {"ber"}]),
        (r"(abb+c|def)\s", [{"ab", "def"}]),
        (r"(ab\d|def)\s", [{"ab", "def"}]),
        (r"(abc)?x", []),
        (r"(abc)*x", []),
        (r"abc|", []),
        (r"a|bcd", []),
        (r"\d+", []),
        (r"[^a]b", []),
        (r"[a-c]d", []),
        (r"", []),
        (r"[[:alpha:]]abc", []),
        (r"\pLabc", []),
        (r"\Qa.c\E", []),
        ("|".join(f"{n}word" for n in range(60)), []),
    ],
)
def test_what_patterns_need(pattern: str, needs: list[set[str]]) -> None:
    re2.compile(pattern)
    assert sorted(map(sorted, required(pattern))) == sorted(map(sorted, needs))


def patterns(*some: tuple[str, str, int]) -> Patterns:
    found = Patterns()
    for source, flags, atom in some:
        found.add(source, flags, atom)
    return found


PIECES = [
    "ab", "k", "s", "Kk", "ss", "é", "ß", " ", "-", ".", r"\.", r"\b", r"\B", "^", "$", r"\A", r"\z", "*", "+", "?", "{2}", "{1,3}", "{,2}", "{0}", "*?",
    "+?", "(", ")", "(?:", "(?i:", "(?s)", "(?-i:", "(?P<n>", "(?<m>", "|", "|", "[", "]", "[^", "[a-k]", "[[:alpha:]]", "[]a]", "[[a]", "&&", "--", "~~",
    r"\d", r"\w", r"\s", r"\pL", r"\PN", r"\Q", r"\E", r"\x41", r"\x{4B}", r"\101", r"\07", r"\n", r"\t", r"\_", r"\-", r"\C", r"\]", "\n", "0", "_", "{", "}",
    "}{", ",", ":]", r"\8", "{02}", "{1001}",
]  # fmt: skip
TEXTS = [
    "ab", "AB", "k", "K", "\u212a", "s", "\u017f", "ss", "SS", "ẞ", "ß", "é", "É", "İ", " ", "-", ".", "\n", "_", "0", "{", "}", "{,2}", "[", "]", "&&", ":]", "A",
]  # fmt: skip


@settings(max_examples=3000)
@given(
    pattern=st.lists(st.sampled_from(PIECES), min_size=1, max_size=8).map("".join),
    flags=st.sampled_from(["", "i", "m", "s", "ims"]),
    text=st.lists(st.sampled_from(TEXTS), max_size=8).map("".join),
)
def test_no_pattern_that_matches_is_left_out(pattern: str, flags: str, text: str) -> None:
    try:
        plainly = re2.compile((f"(?{flags})" if flags else "") + pattern)
    except re2.error:
        return
    found = plainly.search(normalized("NFKC", text)) is not None
    assert (list(patterns((pattern, flags, 7)).matching(text, set())) == [7]) == found


def test_patterns_that_are_true_already_are_not_tried() -> None:
    some = patterns(("ab", "", 1), ("a", "i", 2), ("cd", "", 3))
    assert set(some.matching("xABab", set())) == {1, 2}
    assert set(some.matching("xABab", {2})) == {1}
