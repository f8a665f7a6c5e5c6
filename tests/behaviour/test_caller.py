"""`attribute to caller in ...`: voicemail and missed calls belong to who has the number."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.analysis.nobody import check_nobody
from engine.config.cached import load_cached
from engine.config.load import load_config
from engine.decide.decision import Decision
from engine.errors import ConfigError
from tests.behaviour.taking import take, traced
from tests.edit import add_column, edit

EXCHANGE = "noreply@pbx.example"
NOBODYS = "attribute to caller in subject: nobody in the directory has a number that stands there"


def rule(rules: Path, place: str = "subject") -> None:
    (rules / "workflow/00.rules").write_text(
        f'rule "calls"\n  on message\n  when sender.address is "{EXCHANGE}"\n  then attribute to caller in {place}\n'
    )


@pytest.fixture
def called(rules: Path) -> Path:
    add_column(
        rules,
        "contacts",
        "phones",
        carmen="+34 91 123 45 67; +34 600 11 22 33",
        maya="+31 20 123 45 67",
        wim="+31 30 999 99 99",
        peter="+31 20 123 45 67",
    )
    add_column(
        rules,
        "organizations",
        "phones",
        olivar="+34 91 123 45 00",
        kessler="+49 40 555 66 77",
        lumiere="+49 40 555 66 77",
        oldmill="+31 10 222 33 44",
    )
    with (rules / "directory/contacts.csv").open("a") as table:
        table.write("gus,oldmill,Gus,Gone,gus@oldmill.example,,,yes,+31 40 111 22 33\n")
    rule(rules)
    return rules


def call(rules: Path, subject: str, more: str = "") -> Decision:
    return take(rules, (EXCHANGE, subject, "listen to it"), more=more)


def did(decision: Decision) -> str:
    return "; ".join(done for one in decision.fired if one.rule == "calls" for done in one.did)


@pytest.mark.parametrize("number", ["+34 91 123 45 67", "0034911234567", "91 123 45 67", "+34 600 112 233"])
def test_it_is_the_contacts(number: str, called: Path) -> None:
    decision = call(called, f"Voicemail (30 seconds) from {number}")
    assert decision.ticket is not None and decision.sender is not None
    assert (decision.ticket.organization, decision.ticket.contact) == ("olivar", "carmen")
    assert (decision.sender.kind, decision.sender.via, decision.sender.address) == ("contact", "rule", EXCHANGE)
    assert did(decision).startswith("attribute to contact carmen (") and did(decision).endswith(" in subject)")
    assert EXCHANGE not in decision.notified  # a telephone exchange reads no receipts


@pytest.mark.parametrize(
    ("number", "organization"),
    [("+34 91 123 45 00", "olivar"), ("+31 20 123 45 67", "brightwater")],  # the house's own, and one that two of its people have
)
def test_or_the_organizations(number: str, organization: str, called: Path) -> None:
    decision = call(called, f"Missed call from {number}")
    assert decision.ticket is not None and (decision.ticket.organization, decision.ticket.contact) == (organization, None)
    assert did(decision).startswith(f"attribute to organization {organization} (")


@pytest.mark.parametrize(
    ("subject", "why"),
    [
        ("Missed call", NOBODYS),
        ("from +31 30 999 99 99", NOBODYS),  # he left
        ("from +31 10 222 33 44", NOBODYS),  # no customer any more
        ("from +31 40 111 22 33", NOBODYS),  # nor he
        ("from +39 55 11 23 45 67", NOBODYS),  # it ends as Carmen's does
        ("from +49 40 555 66 77", "attribute to caller in subject: +49405556677 is the number of several: kessler, lumiere"),
        ("", "attribute to caller in subject: it is empty"),
    ],
)
def test_else_it_stays_as_it_was_and_the_trace_says_why(subject: str, why: str, called: Path) -> None:
    decision = call(called, subject)
    assert did(decision) == why
    assert decision.sender is not None and decision.sender.via == "unattributed"


def test_the_first_number_that_somebody_has(called: Path) -> None:
    decision = call(called, "Call 4711 0800 22 33 44 55 to +31 20 999 00 00 from +34 91 123 45 67")
    assert decision.ticket is not None and decision.ticket.contact == "carmen"


def test_it_may_stand_in_a_header_or_in_a_field_of_that_name(called: Path) -> None:
    rule(called, 'header "X-Caller-ID"')
    decision = call(called, "Voicemail", "X-Caller-ID: <sip:+34911234567@pbx>\r\n")
    assert decision.ticket is not None and decision.ticket.contact == "carmen"
    edit(called / "mailboxes/help.yaml", "defaults:", "extract:\n  caller: 'from (?P<caller>.*)'\ndefaults:")
    rule(called, "caller")
    decision = call(called, "Voicemail from 91 123 45 67")
    assert decision.ticket is not None and decision.ticket.contact == "carmen"
    assert "contact carmen, of olivar" in " ".join(traced(decision, "sender"))


def test_it_is_known_at_the_next_start_too(called: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("POSTROOM_CACHE", str(tmp_path / "cache"))
    for _ in range(2):
        directory = load_cached(called).directory
        assert [str(one) for one in directory.contacts["carmen"].phones] == ["+34911234567", "+34600112233"]


def test_numbers_that_are_none_are_told_with_their_line(rules: Path) -> None:
    add_column(rules, "contacts", "phones", anke="+49 40 1; none")
    with pytest.raises(ConfigError) as raised:
        load_config(rules)
    assert [f"{one.position}: {one.message}" for one in raised.value.problems] == [
        "directory/contacts.csv:4: '+49 40 1' is no telephone number",
        "directory/contacts.csv:4: 'none' is no telephone number",
    ]
    assert raised.value.problems[0].fix == "write it with its country's code, such as +41 44 123 45 67"


def test_a_rule_that_asks_where_nobody_has_one_is_told(rules: Path) -> None:
    rule(rules)
    (found,) = check_nobody(load_config(rules))
    assert (found.code, found.message) == ("PR115", "nobody in the directory has a telephone number")
    add_column(rules, "organizations", "phones", olivar="+34 91 123 45 00")
    assert list(check_nobody(load_config(rules))) == []
