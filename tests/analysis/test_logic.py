"""Analysis never says "impossible" of what a message can be: random conditions against the real evaluation."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.analysis.logic import Given, Logic
from engine.analysis.needed import needed
from engine.analysis.neighbours import Neighbours
from engine.config.load import load_config
from engine.decide.decision import Envelope
from engine.dsl.parse import parse_rules
from engine.dsl.tree import Rule, RuleBook
from engine.dsl.vocabulary import EVENTS
from engine.entities import Sender, Ticket
from engine.mail.parse import parse_message
from engine.rules.facts import Facts
from engine.rules.program import Program

CONFIG = load_config(Path(__file__).resolve().parents[2] / "rules")
GROUPS = EVENTS["ticket created"].groups
WORDS = ("a", "ab", "b", "abc", "c b")
_TEXT = st.sampled_from(["subject", "body", "title"])
_WORD = st.sampled_from(WORDS)
_STATUS = st.sampled_from(["New", "done", "In progress"])
_LEAF = st.one_of(
    st.builds(
        lambda f, op, w: f'{f} {op} "{w}"',
        _TEXT,
        st.sampled_from(["contains", "is", "is not", "starts with", "ends with", "does not contain"]),
        _WORD,
    ),
    st.builds(lambda f, a, b: f'{f} in ("{a}", "{b}")', _TEXT, _WORD, _WORD),
    st.builds(lambda f, a, b: f'{f} contains any of ("{a}", "{b}")', _TEXT, _WORD, _WORD),
    st.builds(lambda f, a, b: f'{f} contains all of ("{a}", "{b}")', _TEXT, _WORD, _WORD),
    st.builds(lambda f, p: f"{f} matches /{p}/", _TEXT, st.sampled_from(["a", "^b", "c$", ".b"])),
    st.builds(lambda f, o: f"{f} {o}", _TEXT, st.sampled_from(["is empty", "exists", "is not empty"])),
    st.builds(lambda o, w: f'status {o} "{w}"', st.sampled_from(["is", "is not"]), st.sampled_from(["New", "Done"])),
    st.builds(lambda o, a, b: f'status {o} ("{a}", "{b}")', st.sampled_from(["in", "not in"]), _STATUS, _STATUS),
    st.builds(
        lambda o, w: f'status {o} "{w}"', st.sampled_from(["contains", "does not contain", "starts with"]), st.sampled_from("NDn")
    ),
    st.builds(lambda o, n: f"message.size {o} {n} bytes", st.sampled_from([">", ">=", "<", "<=", "is"]), st.integers(100, 300)),
    st.builds(lambda o, n: f"message.time {o} {n:02}:00", st.sampled_from([">", ">=", "<", "<="]), st.integers(8, 14)),
    st.sampled_from(
        [
            "sender.known",
            "ticket.complete",
            "message.reply",
            "sender.kind is contact",
            "sender.kind is unknown",
            'ticket has tag "VPN"',
            'ticket has tag "Printer"',
            'header "X" exists',
            'header "X" is "a"',
            'header "X" contains "b"',
            "ticket.assigned",
        ]
    ),
)
CONDITIONS = st.recursive(
    _LEAF,
    lambda inner: st.one_of(
        st.builds(lambda a, b: f"({a} and {b})", inner, inner),
        st.builds(lambda a, b: f"({a} or {b})", inner, inner),
        st.builds(lambda a: f"not ({a})", inner),
    ),
    max_leaves=6,
)
_SOME = st.sampled_from(["", *WORDS, "xabcx"])


@st.composite
def facts(draw: Any) -> Facts:
    headers = "".join(f"X: {draw(_SOME)}\r\n" for _ in range(draw(st.integers(0, 2))))
    body = draw(_SOME) + " " * draw(st.integers(0, 150))
    message = parse_message(f"From: a@b.example\r\nSubject: {draw(_SOME)}\r\n{headers}\r\n{body}".encode())
    envelope = Envelope("help", "x", draw(st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31))).replace(tzinfo=UTC))
    kind = draw(st.sampled_from(["contact", "unknown", "resource"]))
    ticket = Ticket("T1", draw(_SOME), "olivar", envelope.received_at, envelope.received_at)
    ticket = replace(
        ticket,
        status=draw(st.sampled_from(["New", "Done", "In progress"])),
        tags=tuple(draw(st.sets(st.sampled_from(["VPN", "Printer"])))),
        assigned=draw(st.sampled_from([None, "joost"])),
    )
    sender = Sender(kind, None, None, "", "a@b.example", "")
    return Facts(
        CONFIG, "help", envelope.received_at, envelope.received_at, message, sender, ticket=ticket, reply=draw(st.booleans())
    )


def read(condition: str) -> Rule:
    (rule,), problems = parse_rules("x.rules", f'rule "R" on ticket created when {condition} then stop')
    assert not problems and isinstance(rule, Rule)
    return rule


@settings(max_examples=400)
@given(CONDITIONS, facts())
def test_what_is_so_is_possible(condition: str, what: Facts) -> None:
    rule = read(condition)
    program = Program([rule], RuleBook((rule,)), GROUPS, frozenset(), (), CONFIG.settings.timezone)
    holds = bool(program.begin(what).all())
    assert Logic(CONFIG, GROUPS).possible(Given(rule.condition, holds))


@pytest.mark.parametrize(
    "operator", ['is "oldmill"', 'in ("oldmill", "vandijk")', 'contains "mill"', 'is not "olivar"', "exists"]
)
def test_the_last_of_many_words_is_as_possible_as_the_first(operator: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.analysis.logic.MOST_CANDIDATES", 4)
    condition = read(f"organization {operator}").condition
    logic = Logic(CONFIG, GROUPS)
    assert logic.possible(Given(condition)) and logic.possible(Given(condition, False))
    assert not logic.possible(Given(read('organization is "kessler" and organization is "olivar"').condition))


@settings(max_examples=150)
@given(CONDITIONS, CONDITIONS, facts())
def test_what_is_implied_holds(first: str, second: str, what: Facts) -> None:
    one, other = read(first), read(second)
    if Logic(CONFIG, GROUPS).implies(one.condition, other.condition):
        book = RuleBook((one, other))
        program = Program([one, replace(other, name="S")], book, GROUPS, frozenset(), (), CONFIG.settings.timezone)
        matching = program.begin(what).all()
        assert 0 not in matching or 1 in matching


# None of which excludes another.
_POSITIVE = st.recursive(
    st.one_of(
        st.builds(lambda f, w: f'{f} contains "{w}"', _TEXT, _WORD),
        st.builds(lambda f, n, a, b: f'{f} contains {n} of ("{a}", "{b}")', _TEXT, st.sampled_from(["any", "all"]), _WORD, _WORD),
        st.builds(lambda f: f"{f} matches /a/", _TEXT),
    ),
    lambda inner: st.builds(lambda a, how, b: f"({a} {how} {b})", inner, st.sampled_from(["and", "or"]), inner),
    max_leaves=5,
)


@settings(max_examples=400)
@given(_POSITIVE, _POSITIVE)
def test_what_follows_from_another_is_compared_with_it(first: str, second: str) -> None:
    one, other = read(first).condition, read(second).condition
    logic = Logic(CONFIG, GROUPS)
    both = [needed(one, logic), needed(other, logic)]
    if logic.implies(one, other):
        assert both[0].may_imply(both[1])
        assert Neighbours(both).before(1, 9) == Neighbours(both[::-1]).before(1, 9) == [0]


def test_of_many_rules_those_with_other_texts_are_not_compared() -> None:
    conditions = [f'status is "New" and (subject contains "x{n}" or body contains "y{n}")' for n in range(20, 30)]
    logic = Logic(CONFIG, GROUPS)
    neighbours = Neighbours([needed(read(one).condition, logic) for one in (*conditions, conditions[4], 'subject contains "x"')])
    assert [neighbours.before(index, 9) for index in (9, 10, 11)] == [[], [4], []]


@pytest.mark.parametrize(
    ("condition", "same"),
    [
        ('not (subject does not contain "a" or body contains "b")', 'subject contains "a"'),
        ('not (subject contains "a" and body does not contain "b")', "message.reply"),
        ('not not subject contains "a"', 'subject contains "a"'),
        ('subject contains all of ("a", "b")', 'subject contains "a" and subject contains "b"'),
        ('subject contains any of ("a", "b")', 'subject contains "a" or subject contains "b"'),
        ('(subject contains "a" or body contains "b") and message.reply', 'subject contains "a" or body contains "b"'),
        ('subject contains "a" or message.reply', "message.reply"),
        ("status matches /a/", "message.reply"),
        ("not subject matches /a/", "message.reply"),
    ],
)
def test_what_a_condition_cannot_do_without_is_told_however_it_is_written(condition: str, same: str) -> None:
    logic = Logic(CONFIG, GROUPS)
    assert needed(read(condition).condition, logic) == needed(read(same).condition, logic)


@pytest.mark.parametrize(
    ("first", "second", "follows"),
    [
        ('subject is "a b"', "subject matches /b/", True),
        ('subject contains "a b"', "subject matches /b/", False),
        ('subject contains "ab"', 'body contains "a"', False),
        ('subject contains "ab"', 'subject contains "a" or body contains "x"', True),
        ('subject contains "ab" or body contains "c"', 'subject contains "a"', False),
        ('subject contains "ab" and body contains "c"', 'subject contains "a" and body contains "d"', False),
    ],
)
def test_only_what_is_in_a_text_of_the_other_may_follow_from_it(first: str, second: str, follows: bool) -> None:
    logic = Logic(CONFIG, GROUPS)
    one, other = (needed(read(condition).condition, logic) for condition in (first, second))
    assert one.may_imply(other) is follows


def test_the_nearest_of_many_alike_are_compared() -> None:
    logic = Logic(CONFIG, GROUPS)
    assert Neighbours([needed(read('subject contains "a"').condition, logic)] * 9).before(8, 3) == [5, 6, 7]
