"""Who looks after a customer: the `resource` of `organizations.csv`, for rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config.load import load_config
from engine.decide.decision import Decision
from engine.errors import ConfigError
from tests.behaviour.taking import take
from tests.edit import edit

RULE = (
    'rule "own"\n  on ticket created\n  when subject contains "question"\n'
    "  then\n    assign to organization resource\n    notify organization resource using urgent\n"
)


def looked_after(rules: Path, **resources: str) -> None:
    """The table with a column for it."""
    path = rules / "directory/organizations.csv"
    head, *rows = path.read_text().splitlines()
    lines = [f"{head},resource", *(f"{row},{resources.get(row.partition(',')[0].replace('-', '_'), '')}" for row in rows)]
    path.write_text("\n".join(lines) + "\n")


def did(decision: Decision) -> list[str]:
    return [done for one in decision.fired if one.rule == "own" for done in one.did]


@pytest.mark.parametrize(
    ("sender", "resource"),
    [
        ("anke.vogt@kessler.example", "lotte"),
        ("timo@nord.kessler.example", "lotte"),  # of an organization below it that has none
        ("carmen@olivar.example", "joost"),
    ],
)
def test_a_ticket_is_assigned_to_who_looks_after_its_customer(sender: str, resource: str, rules: Path) -> None:
    looked_after(rules, kessler="lotte", olivar="joost")
    (rules / "workflow/90.rules").write_text(RULE)
    decision = take(rules, (sender, "A question", "x"))
    assert decision.ticket is not None and decision.ticket.assigned == resource
    assert did(decision) == [f"assign to {resource}", f"notify {resource}@harbourhill.example using urgent"]


def test_where_nobody_does_it_stays_as_it_was(rules: Path) -> None:
    looked_after(rules, kessler="lotte")
    (rules / "workflow/90.rules").write_text(RULE)
    decision = take(rules, ("carmen@olivar.example", "A question", "x"))
    assert decision.ticket is not None and decision.ticket.assigned is None
    assert did(decision) == ["assign to organization resource: olivar has none", "notify nobody using urgent"]


def test_rules_ask_who_it_is_and_a_mailbox_tells_him(rules: Path) -> None:
    looked_after(rules, kessler="lotte", kessler_nord="joost")
    edit(rules / "mailboxes/help.yaml", "created: {to: [sender", "created: {to: [organization resource, sender")
    (rules / "workflow/90.rules").write_text(
        'rule "own"\n  on message\n  when organization.resource is joost\n  then notify organization resource using urgent\n'
    )
    decision = take(rules, ("timo@nord.kessler.example", "A question", "x"))
    assert did(decision) == ["notify joost@harbourhill.example using urgent"]
    assert set(decision.notified) == {"joost@harbourhill.example", "timo@nord.kessler.example"}
    assert take(rules, ("anke.vogt@kessler.example", "A question", "x")).notified == (
        "lotte@harbourhill.example",
        "anke.vogt@kessler.example",
    )


@pytest.mark.parametrize(
    ("resource", "says"),
    [
        ("lote", "unknown resource 'lote'; did you mean 'lotte'?"),
        ("ruben", "its resource 'ruben' is not active; name an active one"),
    ],
)
def test_it_is_an_active_resource(resource: str, says: str, rules: Path) -> None:
    looked_after(rules, olivar=resource)
    with pytest.raises(ConfigError) as caught:
        load_config(rules)
    (problem,) = caught.value.problems
    assert (problem.position.file, problem.position.line) == ("directory/organizations.csv", 6)
    assert says in str(problem)
