"""`priority changed to "Urgent"`: once when it becomes so, and not with every update of what is so already."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config.load import load_config
from engine.decide.setup import prepare
from engine.trial.case import read_cases
from engine.trial.run import Trials

RULES = """
rule "Raised"
  on ticket created
  when subject contains "raise"
  then set priority to "Urgent"

rule "Raised by an answer"
  on ticket note created
  when body contains "worse"
  then set priority to "Urgent"

rule "Somebody is called"
  on ticket updated
  when priority changed to "Urgent"
  then notify resource oncall using urgent

rule "It moved"
  on ticket note created
  when status changed and not queue changed
  then add note "it moved" as internal
"""
TICKET = "given: {tickets: [{number: T20261102.0007, organization: olivar, status: New, priority: %s, assigned: lotte}]}"
CALLED, NOT_CALLED = "notified: [oncall@harbourhill.example, lotte@harbourhill.example]", "notified: [lotte@harbourhill.example]"


@pytest.mark.parametrize(
    ("given", "message", "expect"),
    [
        ("given: {}", "subject: raise this", "fired: [Raised, Somebody is called, Urgent tickets are never unassigned]"),
        ("given: {}", "subject: leave this", "fired: []"),
        (TICKET % "Normal", "subject: T20261102.0007, body: it is worse", CALLED),
        (TICKET % "Urgent", "subject: T20261102.0007, body: it is worse", NOT_CALLED),
        (TICKET % "Urgent", "subject: T20261102.0007, body: hello", NOT_CALLED),
        # The customer's answer sets another status.
        (TICKET % "Normal", "subject: T20261102.0007, body: hello", "notes: [it moved]"),
        (TICKET.replace("status: New", "status: Customer answered") % "Normal", "subject: T20261102.0007", "notes: []"),
    ],
)
def test_what_changed(given: str, message: str, expect: str, rules: Path) -> None:
    (rules / "workflow/90.rules").write_text(RULES)
    test = f"{{name: x, mailbox: help, {given}, message: {{from: carmen@olivar.example, {message}}}, expect: {{{expect}}}}}"
    (rules / "tests/x.yaml").write_text(f"version: 1\ntests:\n  - {test}\n")
    (case,) = read_cases([rules / "tests/x.yaml"])
    assert Trials(prepare(load_config(rules))).run(case).differences == []
