"""Each sharp edge of durable-rules that `design.md` measured has its guard, and each guard its test."""

from __future__ import annotations

import gc
import os
import random
import subprocess
import sys
from collections.abc import Iterable

import pytest

from engine.rules.asked import Asked
from engine.rules.atoms import Literal
from engine.rules.rulesets import MOST_NAMES, MOST_RULES, Conjunction, Rulesets, _expression, _One


def conjunction(index: int, *atoms: int) -> Conjunction:
    """Negative numbers are atoms that must not be true."""
    return Conjunction(index, tuple(Literal(abs(atom), atom > 0) for atom in atoms))


def rulesets(*conjunctions: Conjunction) -> Rulesets:
    atoms = {literal.atom for one in conjunctions for literal in one.literals}
    return Rulesets(conjunctions, dict.fromkeys(atoms, 1))


def matching(one: Rulesets, true: Iterable[int]) -> list[int]:
    return Asked(one, set(true)).all()


def test_all_matching_rules_run_in_order_not_only_the_first() -> None:
    assert matching(rulesets(conjunction(0, 1), conjunction(1, 2), conjunction(2, 1, 2)), {1, 2}) == [0, 1, 2]


def test_a_fact_that_matches_no_rule_is_survived() -> None:
    """`delete_state` after an unmatched fact is a segmentation fault: every ruleset has a last rule for every message."""
    one = rulesets(conjunction(0, 1))
    for _ in range(1000):
        assert matching(one, set()) == []
        assert matching(one, {7}) == []


def test_without_the_last_rule_the_fault_is_real() -> None:
    """In a process of its own, for it dies: what is freed is overwritten there. When it no longer does, the guard can go."""
    code = (
        "from durable.engine import Ruleset\n"
        "class H:\n  def get_action(self, n): ...\n"
        "rs = Ruleset('x', H(), {'r': {'all': [{'m': {'$and': [{'msg': 1}, {'a': 1}]}}], 'run': lambda c: None}})\n"
        "try:\n  rs.assert_fact({'sid': 's', 'msg': 1})\nexcept Exception: pass\n"
        "rs.delete_state('s')\nprint('survived')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, env=os.environ | {"MALLOC_PERTURB_": "165"}
    )
    assert "survived" not in done.stdout


def test_every_expression_contains_the_message_so_absence_alone_never_matches_the_state() -> None:
    assert _expression(conjunction(0, -1)) == {"$and": [{"msg": 1}, {"$nex": {"a1": 1}}]}
    assert _expression(conjunction(0)) == {"msg": 1}
    one = rulesets(conjunction(0, -1), conjunction(1))
    for _ in range(200):
        assert matching(one, set()) == [0, 1]
        assert matching(one, {1}) == [1]


def test_rules_are_split_so_that_no_limit_of_the_engine_can_be_met() -> None:
    """512 names in a ruleset, 255 properties in a fact, 64 branches on the stack, 256 rules on one condition."""
    assert MOST_NAMES < 255 and MOST_RULES < 64
    many = [conjunction(index, 2 * index + 1, -(2 * index + 2)) for index in range(1000)]
    one = rulesets(*many)
    assert len(one) == -(-1000 // MOST_RULES)
    assert matching(one, {2 * index + 1 for index in range(1000)}) == list(range(1000))
    assert matching(one, set(range(1, 2001))) == []


@pytest.mark.parametrize("shape", ["one condition", "all different", "all absent", "long"])
def test_hundreds_of_rules_that_all_match_are_no_error(shape: str) -> None:
    make = {
        "one condition": lambda index: conjunction(index, 1),
        "all different": lambda index: conjunction(index, index + 1),
        "all absent": lambda index: conjunction(index, -(index + 1000)),
        "long": lambda index: conjunction(index, *range(index + 1, index + 31)),
    }[shape]
    one = rulesets(*(make(index) for index in range(500)))
    assert matching(one, set(range(1, 600))) == list(range(500))


def test_the_stack_of_64_is_real() -> None:
    """When this no longer fails, the guard can go."""
    with pytest.raises(Exception, match="303"):
        _One([conjunction(index, index + 1) for index in range(100)]).matching(range(1, 101))


def test_a_message_goes_only_to_rulesets_in_which_a_rule_may_match(monkeypatch: pytest.MonkeyPatch) -> None:
    one = rulesets(*(conjunction(index, index + 1) for index in range(1000)))
    asked: list[_One] = []
    ask = _One.matching
    monkeypatch.setattr(_One, "matching", lambda self, true: asked.append(self) or ask(self, true))
    assert matching(one, {5}) == [4]
    assert len(asked) == 1


def test_after_a_change_no_more_rules_are_asked_for_than_may_come_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them again for each of a thousand rules that ran would be a million; here it is eight times the thousand, at the most."""
    one = rulesets(*(conjunction(index, index + 1, -5000 if index % 2 else 5000) for index in range(1000)))
    said: list[int] = []
    ask = _One.matching

    def counted(self: _One, true: Iterable[int]) -> set[int]:
        said.append(len(found := ask(self, true)))
        return found

    monkeypatch.setattr(_One, "matching", counted)
    true = {*range(1, 1001), 5000}
    asked = Asked(one, true)
    for index in range(1000):
        assert asked.next(index - 1) == index
        true ^= {5000}
        asked.changed([5000], index)
    assert asked.next(999) is None
    assert sum(said) < 8 * 1000


def test_rules_that_had_their_turn_are_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    one = rulesets(*(conjunction(index, index + 1) for index in range(200)))
    asked: list[set[int]] = []
    ask = _One.matching
    monkeypatch.setattr(_One, "matching", lambda self, true: asked.append(set(true)) or ask(self, true))
    true = set(range(1, 201))
    assert Asked(one, true, without=set(range(5, 195))).all() == [*range(5), *range(195, 200)]
    assert set().union(*asked) == {*range(1, 6), *range(196, 201)}


def test_a_contradiction_is_not_given_to_the_engine() -> None:
    assert matching(rulesets(conjunction(0, 1, -1), conjunction(1, 1)), {1}) == [1]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # pytest keeps one of durable-rules for each call, in Python 3.12
def test_thousands_of_messages_leave_nothing_behind() -> None:
    import resource

    one = rulesets(*(conjunction(index, index % 50 + 1, -(index % 49 + 51)) for index in range(100)))
    dice = random.Random(1)
    for _ in range(500):
        matching(one, set(dice.sample(range(1, 100), 20)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(5000):
        matching(one, set(dice.sample(range(1, 100), 20)))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # KB


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_rules_that_are_replaced_leave_nothing_behind() -> None:
    """As each new configuration of a `poll` that goes on."""
    import resource

    def replaced(times: int) -> None:
        for _ in range(times):
            one = rulesets(*(conjunction(index, index % 50 + 1, -(index % 49 + 51)) for index in range(MOST_RULES)))
            assert matching(one, {1}) == [0, 50]
        gc.collect()

    replaced(20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    replaced(100)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # KB
