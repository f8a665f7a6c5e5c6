"""Why a rule did not run, in words (`behaviour.md` 7: the trace)."""

from __future__ import annotations

from pathlib import Path

from tests.behaviour.taking import take

MAYA = ("maya@brightwater.example", "A question", "x")


def why(rules: Path, text: str, *mails: tuple[str, str, str]) -> dict[str, str]:
    """Of each rule of the text that did not run about the last mail."""
    for path in (rules / "workflow").glob("*.rules"):
        path.unlink()
    (rules / "workflow/90.rules").write_text(text)
    return {one.rule: one.because for one in take(rules, *mails).not_fired}


def test_a_condition_that_does_not_hold_is_named_with_its_place(rules: Path) -> None:
    text = 'rule "a"\n  on ticket created\n  when ticket.title contains "zzz"\n  then set priority to High\n'
    assert why(rules, text, MAYA) == {"a": 'ticket.title contains "zzz" (workflow/90.rules:3:8) does not hold'}


def test_what_stands_behind_a_stop_did_not_run_for_that_and_what_stands_before_it_for_its_condition(rules: Path) -> None:
    text = (
        'rule "before"\n  on ticket created\n  when ticket.title contains "zzz"\n  then set priority to High\n'
        'rule "stops"\n  on ticket created\n  then stop\n'
        'rule "behind"\n  on ticket created\n  when ticket.title contains "zzz"\n  then set priority to High\n'
        'rule "behind too"\n  on ticket created\n  then set priority to Low\n'
    )
    ended = "the rule 'stops' ended the pass before it"
    found = why(rules, text, MAYA)
    assert found == {
        "before": 'ticket.title contains "zzz" (workflow/90.rules:3:8) does not hold',
        "behind": ended,
        "behind too": ended,
    }


def test_a_condition_is_judged_as_things_stood_at_its_turn(rules: Path) -> None:
    text = (
        'rule "first"\n  on ticket created\n  when priority is Urgent\n  then set queue to Monitoring\n'
        'rule "second"\n  on ticket created\n  then set priority to Urgent\n'
    )
    assert why(rules, text, MAYA) == {"first": "priority is Urgent (workflow/90.rules:3:8) does not hold"}


def test_a_rule_that_spares_replies_says_so(rules: Path) -> None:
    text = 'rule "a"\n  on message\n  when message.subject contains "T2026"\n  then discard "x"\n'
    found = why(rules, text, MAYA, ("maya@brightwater.example", "T20261102.0001", "y"))
    assert found == {"a": "it spares replies, and the message is one; `even replies` would not"}


def test_of_many_rules_only_their_number_is_kept(rules: Path) -> None:
    """Keeping the words cost a third of the time at a hundred rules; `explain` asks for them."""
    rule = 'rule "{}"\n  on ticket created\n  when ticket.title contains "zzz"\n  then set priority to High\n'
    assert len(why(rules, "".join(rule.format(number) for number in range(40)), MAYA)) == 40
    assert why(rules, "".join(rule.format(number) for number in range(41)), MAYA) == {}
