"""`behaviour.md` 6, each clause alone, and how the trace words it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import literals
from engine.config import phrases
from engine.config.model import Tag
from engine.decide.tags import Tagger
from engine.errors import Position
from engine.text import words_of

HERE = Position("tags.yaml", 7, 5)
TAGS = phrases.tags_of(
    most_per_ticket=3,
    shortest=3,
    tags=(
        Tag("VPN", ("vpn", "wireguard", "remote access"), True, True, HERE),
        Tag("Printer", ("toner",), True, True, HERE),
        Tag("CTI", (), True, True, HERE),
        Tag("PC", ("computer",), True, True, HERE),
        Tag("Entry", ("remote access",), True, True, HERE),
        Tag("Alert", (), False, True, HERE),
        Tag("Windows 10", (), True, False, HERE),
        Tag("Old", (), False, False, HERE),
    ),
)


@pytest.mark.parametrize(
    ("title", "text", "own", "tags", "words"),
    [
        ("nothing", "of note", (), (), "none"),
        ("VPN", "vpn and wireguard", (), ("VPN",), "found in the text: VPN (3)"),
        ("Alert: Windows 10", "is an old one", (), (), "none"),
        ("the action", "vpns 2vpn xvpn vpn2", (), (), "none"),
        ("V\u00adP\u200bN\u200e", "x", (), ("VPN",), "found in the text: VPN (1)"),
        ("(vpn)", "x", (), ("VPN",), "found in the text: VPN (1)"),
        ("pc", "x", (), (), "none"),
        ("computer", "x", (), ("PC",), "found in the text: PC (1)"),
        ("remote  ACCESS", "x", (), ("Entry", "VPN"), "found in the text: Entry (1), VPN (1)"),
        ("REMOTE ACCESS", "to the entry", (), ("Entry", "VPN"), "found in the text: Entry (2), VPN (1)"),
        ("vpn", "toner", (), ("Printer", "VPN"), "found in the text: Printer (1), VPN (1)"),
        (
            "computer",
            "vpn toner toner cti cti",
            (),
            ("Printer", "CTI", "PC"),
            "found in the text: Printer (2), CTI (2), PC (1); 1 more found, over the most of 3",
        ),
        ("vpn", "x", ("Alert", "VPN", "Alert"), ("Alert", "VPN"), "the mailbox's: Alert, VPN"),
        ("vpn", "x", ("Old", "Alert"), ("Alert", "VPN"), "the mailbox's: Alert; found in the text: VPN (1)"),
        (
            "vpn",
            "x",
            ("Alert", "Printer", "CTI", "PC"),
            ("Alert", "Printer", "CTI", "PC"),
            "the mailbox's: Alert, Printer, CTI, PC; 1 more found, over the most of 3",
        ),
    ],
)
def test_tags(title: str, text: str, own: tuple[str, ...], tags: tuple[str, ...], words: str) -> None:
    found = Tagger(TAGS).tags(title, text, own)
    assert (found.tags, found.because) == (tags, words)
    many = "), " in words
    assert found.where == ((Position("tags.yaml") if many else HERE) if "found in the text" in words else None)


def test_what_stands_beyond_256_kib_is_not_looked_for() -> None:
    tagger = Tagger(TAGS)
    assert tagger.tags("x", "a " * 131_070 + "vpn", ()).tags == ("VPN",)
    assert tagger.tags("x", "a " * 131_072 + "vpn", ()).tags == ()


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("remote access control", ("Access control", "Remote access")),
        ("access control, control", ("Access control",)),
        ("xaccess control", ()),
        ("access controls", ()),
        ("control", ()),
        ("remote accessx", ()),
    ],
)
def test_of_many_a_phrase_is_found_by_a_word_of_it_and_only_whole(
    text: str, tags: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phrases, "FEW", 0)
    many = tuple(Tag(label, (), True, True, HERE) for label in ("Remote access", "Access control"))
    assert Tagger(phrases.tags_of(many, 3, 30)).tags("", text, ()).tags == tags


_TEXT = st.text("ab1é_- .", max_size=5)


@given(
    st.lists(st.lists(_TEXT, min_size=1, max_size=3), max_size=6),
    st.text("ab1é_- .", max_size=40),
    st.sampled_from([0, 20_000]),
    st.sampled_from([1, 2, 4]),
)
def test_each_place_of_each_phrase_counts_however_many_are_sought(
    aliases: list[list[str]], text: str, few: int, at_once: int
) -> None:
    tags = tuple(Tag(f"Tag {number}", tuple(some), True, True, HERE) for number, some in enumerate(aliases))
    padded = f" {words_of(text)} "
    expected = {
        tag.label: sum(
            padded.startswith(phrase, start) and not padded[start - 1].isalnum() and not padded[start + len(phrase)].isalnum()
            for phrase in {words_of(alias) for alias in tag.aliases} - {""}
            for start in range(1, len(padded) - len(phrase))
        )
        for tag in tags
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(phrases, "FEW", few)
        patch.setattr(literals, "FEW", few)
        patch.setattr(phrases, "_MOST_AT_ONE", at_once)
        found = Tagger(phrases.tags_of(tags, 1, 30)).tags("", text, ()).because
    counted = dict(
        one.removesuffix(")").rsplit(" (", 1) for one in found.removeprefix("found in the text: ").split(", ") if "(" in one
    )
    assert counted == {label: str(count) for label, count in expected.items() if count}
