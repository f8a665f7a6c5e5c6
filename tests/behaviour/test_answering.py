"""What comes back from an address by itself causes no mail to it: it would come back for ever (`behaviour.md` 1.4)."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config.load import load_config
from engine.decide.decision import Decision
from engine.decide.setup import prepare
from engine.processing import Processor
from engine.store.database import open_database
from engine.trial.case import read_cases
from engine.trial.run import Trials
from tests.behaviour.taking import bounce, traced
from tests.edit import edit

QUESTION = "From: {}\r\nSubject: A question\r\nMessage-ID: <1@x>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n\r\nx\r\n"
BOUNCE = bounce("Message-ID: <{}>")
AWAY = (
    "From: Reception <reception@olivar.example>\r\nSubject: Automatic reply: Your ticket\r\nMessage-ID: <2@mx>\r\nIn-Reply-To: <{}>\r\n"
    "Auto-Submitted: auto-replied\r\nDate: Mon, 2 Nov 2026 11:00:00 +0000\r\n\r\nWe are closed.\r\n"
)
RULE = 'rule "told"\n  on ticket note created\n  then notify contact, assigned resource, "desk@x.example" using received\n'


def answered(rules: Path, answer: str, sender: str = "carmen@olivar.example") -> Decision:
    """What becomes of an automatic answer to the receipt that this sender got."""
    connection = open_database(None)
    processor = Processor(connection, prepare(load_config(rules)))
    processor.take(QUESTION.format(sender).encode(), "1", "help")
    connection.execute("UPDATE tickets SET assigned = 'joost'")
    ((message_id,),) = connection.execute("SELECT message_id FROM outbox WHERE recipient = ?", (sender,)).fetchall()
    decision = processor.take(answer.format(message_id.strip("<>")).encode(), "2", "help")
    assert decision is not None and decision.entity == "ticket_note"
    return decision


@pytest.mark.parametrize("answer", [BOUNCE, AWAY])
def test_it_tells_the_others_and_never_where_it_came_from(answer: str, rules: Path) -> None:
    (rules / "workflow/90.rules").write_text(RULE)
    decision = answered(rules, answer)
    assert set(decision.notified) == {"joost@harbourhill.example", "desk@x.example"}
    assert traced(decision, "not notified") == ["none to carmen@olivar.example: this is what came back from there"]


def test_another_address_of_the_same_person_is_told(rules: Path) -> None:
    """Only one of them is dead."""
    (rules / "workflow/90.rules").write_text(RULE)
    decision = answered(rules, BOUNCE, "carmen.ruiz@outlook.es")
    assert "carmen@olivar.example" in decision.notified and "carmen.ruiz@outlook.es" not in decision.notified


def test_nor_by_the_mailbox_itself(rules: Path) -> None:
    edit(
        rules / "mailboxes/help.yaml",
        "created: {to: [sender",
        "noted: {to: [contact, assigned resource], template: received}\n  created: {to: [sender",
    )
    assert answered(rules, BOUNCE).notified == ("joost@harbourhill.example",)


@pytest.mark.parametrize(("named", "told"), [("Desk@x.example", []), ("other@x.example", ["desk@x.example"])])
def test_a_bounce_that_returns_nothing_known_tells_nobody_whom_it_names(named: str, told: list[str], rules: Path) -> None:
    """Some servers return no more than their own words."""
    (rules / "workflow/90.rules").write_text('rule "copy"\n  on message\n  then notify "desk@x.example" using held-back\n')
    processor = Processor(open_database(None), prepare(load_config(rules)))
    head = BOUNCE.partition("MIME-Version")[0]
    decision = processor.take(f"{head}\r\nDelivery has failed to these recipients: <{named}>\r\n".encode(), "1", "help")
    assert decision is not None and decision.outcome == "ignored" and decision.reason == "bounce"
    assert list(decision.notified) == told


def test_a_person_who_answers_is_told(rules: Path) -> None:
    (rules / "workflow/90.rules").write_text(RULE)
    decision = answered(rules, AWAY.replace("Auto-Submitted: auto-replied\r\n", "").replace("Automatic reply: ", "Re: "))
    assert "carmen@olivar.example" in decision.notified


def test_a_rule_test_says_whom_a_notification_went_to(tmp_path: Path, rules: Path) -> None:
    (rules / "workflow/90.rules").write_text(RULE)
    (tmp_path / "t.yaml").write_text(
        "version: 1\ntests:\n  - name: away\n    mailbox: help\n    given:\n"
        "      tickets: [{number: T20261101.0001, organization: olivar, contact: carmen, status: New}]\n"
        "      notifications: [{message_id: n1@x, number: T20261101.0001, to: Carmen@olivar.example}]\n"
        "    message: {from: reception@olivar.example, subject: Away, body: x, headers: {In-Reply-To: <n1@x>, Auto-Submitted: auto-replied}}\n"
        "    expect: {outcome: appended, notified: [desk@x.example]}\n"
    )
    (case,) = read_cases([tmp_path / "t.yaml"])
    result = Trials(prepare(load_config(rules))).run(case)
    assert result.passed, result.differences
