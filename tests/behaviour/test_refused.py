"""Who is told, and with which template, that his mail was refused or held back (`behaviour.md` 8)."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.decide.decision import Decision
from tests.behaviour.taking import take, traced
from tests.edit import edit

FORGED = "Authentication-Results: mx.harbourhill.example; dmarc=fail header.from=brightwater.example\r\n"
FAILED = "  failed: {to: [sender, postmaster@harbourhill.example], template: not-taken}\n"
MAYA = ("maya@brightwater.example", "A question", "x")


def told(decision: Decision) -> list[tuple[str, str, str]]:
    return [(one.recipient, one.template, one.wording.subject) for one in decision.changes.notifications if one.wording]


@pytest.mark.parametrize(
    ("using", "template", "subject"),
    [("", "not-taken", "Not taken: A question"), (" using elsewhere", "elsewhere", "Please write to sales")],
)
def test_a_rule_that_refuses_may_name_the_words(using: str, template: str, subject: str, rules: Path) -> None:
    (rules / "templates/elsewhere.md").write_text("---\nsubject: Please write to sales\n---\nWe do not sell.\n")
    (rules / "workflow/90.rules").write_text(f'rule "x"\n  on message\n  then refuse "it is for sales"{using}\n')
    found = take(rules, MAYA)
    assert (found.outcome, found.reason) == ("refused", "rule")
    expected = [(to, template, subject) for to in ("maya@brightwater.example", "postmaster@harbourhill.example")]
    assert told(found) == expected


def test_a_mailbox_without_a_notice_tells_nobody(rules: Path) -> None:
    edit(rules / "mailboxes/help.yaml", FAILED, "")
    edit(rules / "settings.yaml", "on_fail: flag", "on_fail: quarantine")
    found = take(rules, MAYA, more=FORGED)
    assert (found.outcome, found.reason, told(found)) == ("quarantined", "unauthenticated", [])


def test_an_address_that_no_server_takes_is_not_written_to(rules: Path) -> None:
    found = take(rules, (f"{'a' * 65}@brightwater.example", "A question", "x"))
    assert found.outcome == "created" and told(found) == []
    assert "none to an address that is none" in traced(found, "not notified")
