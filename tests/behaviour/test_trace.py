"""What the trace says of steps that few messages take, and that nothing of them happens elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.config.load import load_config
from engine.decide.setup import prepare
from engine.processing import Processor
from engine.store.database import open_database
from tests.behaviour.taking import take, traced
from tests.edit import edit

CARMEN, JOOST = "carmen@olivar.example", "joost@harbourhill.example"
RESULT = "Authentication-Results: mx.harbourhill.example; dmarc={} header.from=olivar.example\r\n"
TOLD = "Authentication-Results of mx.harbourhill.example"


@pytest.mark.parametrize(
    ("on_fail", "result", "steps", "outcome"),
    [
        ("flag", "fail", [f"fail: {TOLD}"], "created"),
        ("flag", "pass", [f"pass: {TOLD}"], "created"),
        ("process", "fail", [], "created"),
        ("process", "pass", [f"pass: {TOLD}"], "created"),
        ("quarantine", "fail", [f"fail: {TOLD}"], "quarantined"),
        ("quarantine", "pass", [f"pass: {TOLD}"], "created"),
        ("quarantine", "none", [f"none: {TOLD}"], "created"),
    ],
)
def test_3_4_what_a_server_said_of_the_sender_is_told_unless_it_is_of_no_matter(
    on_fail: str, result: str, steps: list[str], outcome: str, rules: Path
) -> None:
    edit(rules / "settings.yaml", "on_fail: flag", f"on_fail: {on_fail}")
    decision = take(rules, (CARMEN, "Scanner", "It is slow."), more=RESULT.format(result))
    assert (traced(decision, "authenticated"), decision.outcome) == (steps, outcome)


def test_1_4_who_let_a_message_pass_stands_in_its_trace(rules: Path) -> None:
    edit(rules / "settings.yaml", "on_fail: flag", "on_fail: quarantine")
    connection = open_database(None)
    processor = Processor(connection, prepare(load_config(rules)))
    raw = f"From: {CARMEN}\r\nSubject: Scanner\r\nMessage-ID: <1@x>\r\n{RESULT.format('fail')}\r\nIt is slow.\r\n".encode()
    held = processor.take(raw, "1", "help")
    assert held is not None and (held.outcome, traced(held, "released")) == ("quarantined", [])
    processor.retry([1], release=True)
    [(outcome, decision)] = connection.execute("SELECT outcome, decision FROM messages").fetchall()
    told = [step["found"] for step in json.loads(decision)["trace"] if step["step"] == "released"]
    assert (outcome, told) == ("created", ["a person lets it pass what held it back"])


def test_2_whom_a_rule_names_stands_in_the_trace(rules: Path) -> None:
    (rules / "workflow/00.rules").write_text(
        'rule "c"\n  on message\n  when subject is "c"\n  then attribute to contact carmen\n\n'
        'rule "o"\n  on message\n  when subject is "o"\n  then attribute to organization kessler\n'
    )
    by_contact = take(rules, ("maya@brightwater.example", "c", "x"))
    by_organization = take(rules, ("maya@brightwater.example", "o", "x"))
    assert traced(by_contact, "sender")[1:] == ["the contact carmen, of olivar: a rule says so"]
    assert traced(by_organization, "sender")[1:] == ["unknown, of kessler: a rule says so"]


def test_2_who_belongs_to_nobody_is_unknown_of_nobody(rules: Path) -> None:
    edit(rules / "settings.yaml", "unattributed: harbourhill ", "unattributed: none ")
    decision = take(rules, ("who@none.example", "Scanner", "x"))
    assert traced(decision, "sender") == ["unknown: nobody's address, and no organization owns none.example"]


@pytest.mark.parametrize(("status", "rule"), [("Done", "closed"), ("In progress", "open")])
def test_7_a_rule_on_the_message_asks_for_the_ticket_that_it_answers(status: str, rule: str, rules: Path) -> None:
    asking = 'rule "{}"\n  on message\n  when ticket.status is "{}"\n  then notify "a@b.example" using held-back\n\n'
    (rules / "workflow/00.rules").write_text(
        f'rule "set"\n  on ticket created\n  then set status to "{status}"\n\n'
        + asking.format("closed", "Done")
        + asking.format("open", "In progress")
    )
    decision = take(rules, (CARMEN, "Scanner", "It is slow."), (CARMEN, "Re: T20261102.0001", "Still."))
    assert [one.rule for one in decision.fired if one.rule in ("closed", "open")] == [rule]


@pytest.mark.parametrize("number", ["T20260901.0701", "P20260901.0001"])
def test_8_a_notification_on_the_message_is_about_the_task_or_project_that_it_answers(number: str, rules: Path) -> None:
    (rules / "workflow/00.rules").write_text(
        'rule "all"\n  on message\n  then\n    notify "a@b.example" using held-back\n    discard "no more of it"\n'
    )
    decision = take(rules, (JOOST, number, "It goes on."))
    assert [one.number for one in decision.changes.notifications if one.recipient == "a@b.example"] == [number]


def test_3_4_a_task_has_no_approval(rules: Path) -> None:
    edit(rules / "settings.yaml", "indicators_need: pass", "indicators_need: none")
    decision = take(rules, (JOOST, "T20260901.0701", "#A=Approved\r\nFine."))
    assert decision.note is not None and decision.note.description.endswith(
        "[Nothing was booked or set: a task has no approval.]"
    )
    assert traced(decision, "indicators") == ["a task has no approval"]


@pytest.mark.parametrize(
    ("creates", "subject"), [("[ticket]", "Re: T20261102.0001"), ("[ticket, ticket_note, ticket_time_entry]", "Something new")]
)
def test_3_4_a_line_of_indicators_in_what_opens_a_ticket_is_text(creates: str, subject: str, rules: Path) -> None:
    edit(rules / "settings.yaml", "indicators_need: pass", "indicators_need: none")
    edit(
        rules / "mailboxes/help.yaml",
        "[ticket, ticket_note, ticket_time_entry, project_note, task_note, task_time_entry]",
        creates,
    )
    decision = take(rules, (CARMEN, "Scanner", "It is slow."), (JOOST, subject, "#T=1\r\ndone"))
    assert decision.ticket is not None and decision.ticket.description.startswith("#T=1\ndone")
    assert traced(decision, "indicators") == []


def test_5_a_part_that_a_pattern_may_lack_is_no_field_where_it_lacks(rules: Path) -> None:
    with (rules / "mailboxes/help.yaml").open("a") as file:
        file.write("extract:\n  host: 'host(?: (?P<host>srv\\d+))?'\n")
    named, unnamed = (take(rules, (CARMEN, f"Our host{more} is down", "x")) for more in (" srv12", ""))
    assert (traced(named, "extract"), named.outcome) == (["host is 'srv12'"], "created")
    assert (traced(unnamed, "extract"), unnamed.outcome) == ([], "created")


def test_3_5_what_a_mailbox_does_not_make_is_told_with_the_line_that_says_so(rules: Path) -> None:
    edit(rules / "mailboxes/help.yaml", "creates: [ticket, ", "creates: [")
    decision = take(rules, (CARMEN, "Scanner", "It is slow."))
    assert (decision.reason, traced(decision, "becomes")) == ("not_created_here", ["help makes no ticket"])
