"""What each variable of a template says, and that it says nothing where there is nothing."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from engine.config.variables import PLAIN, VARIABLES
from engine.decide.values import Values
from tests.rules.test_facts import FULL, NOTHING, SENDER, TICKET

SAID = {
    ("message", "subject"): "Scanner",
    ("message", "date"): "2026-11-03 00:30",
    ("message", "id"): "1@x.example",
    ("sender", "address"): "maya@xn--mller-kva.example",
    ("sender", "name"): "Maya Okafor",
    ("sender", "kind"): "contact",
    ("organization", "id"): "kessler-nord",
    ("organization", "name"): "Kessler Werk Nord",
    ("contact", "id"): "timo",
    ("contact", "name"): "Timo Brandt",
    ("contact", "first_name"): "Timo",
    ("contact", "last_name"): "Brandt",
    ("contact", "address"): "timo@nord.kessler.example",
    ("mailbox", "id"): "help",
    ("mailbox", "name"): "Help desk",
    ("mailbox", "address"): "help@harbourhill.example",
    ("installation", "name"): "Harbour & Hill IT",
    ("ticket", "number"): "T1",
    ("ticket", "title"): "Scanner",
    ("ticket", "description"): "It is slow",
    ("ticket", "organization"): "kessler-nord",
    ("ticket", "contact"): "timo",
    ("ticket", "queue"): "Front desk",
    ("ticket", "status"): "New",
    ("ticket", "priority"): "High",
    ("ticket", "source"): "Email",
    ("ticket", "issue_type"): "Printing",
    ("ticket", "sub_issue_type"): "Toner",
    ("ticket", "assigned"): "joost",
    ("ticket", "approval"): "Pending",
    ("ticket", "occurrences"): 2,
    ("ticket", "created_at"): "2026-11-02 21:30",
    ("ticket", "due_at"): "2026-11-03 00:30",
    ("ticket", "tags"): "VPN",
    ("assigned", "id"): "joost",
    ("assigned", "name"): "Joost Meijer",
    ("assigned", "address"): "joost@harbourhill.example",
    ("note", "description"): "It is slow",
    ("note", "author"): "contact",
    ("note", "type"): "Mail",
    ("note", "publish"): "all",
    ("time_entry", "summary"): "Done",
    ("time_entry", "hours"): "1.5",
    ("time_entry", "role"): "Engineer",
    ("time_entry", "work_type"): "Remote work",
    ("time_entry", "resource"): "joost",
    ("task", "number"): "T2",
    ("task", "title"): "Cables",
    ("task", "status"): "New",
    ("task", "project"): "P1",
    ("project", "number"): "P1",
    ("project", "name"): "Move",
    ("number", ""): "T1",
    ("reason", ""): "too large",
}
ALWAYS = ("mailbox", "installation")


def test_every_variable_has_its_case() -> None:
    assert set(SAID) == {(group, name) for group, names in VARIABLES.items() for name in names} | {(name, "") for name in PLAIN}


@pytest.mark.parametrize(("group", "name"), SAID)
def test_a_variable(group: str, name: str) -> None:
    assert Values(FULL, "too large").get(group, name) == SAID[group, name]


@pytest.mark.parametrize(("group", "name"), [one for one in SAID if one[0] not in ALWAYS])
def test_where_there_is_nothing(group: str, name: str) -> None:
    expected = "2026-11-03 00:30" if (group, name) == ("message", "date") else ""
    assert Values(NOTHING, "").get(group, name) == expected


def test_the_contact_of_a_ticket_whoever_writes() -> None:
    def said(**changes: object) -> list[object]:
        values = Values(replace(FULL, **changes), "")
        return [values.get("contact", name) for name in ("id", "first_name", "last_name", "address")]

    brought = replace(TICKET, contact="new@x.example")
    writes = replace(SENDER, id="new@x.example", address="new@x.example", name="Nia Green")
    assert said(ticket=brought, sender=writes) == ["new@x.example", "Nia", "Green", "new@x.example"]
    assert said(ticket=brought, sender=replace(SENDER, kind="resource", id="joost")) == ["new@x.example", "", "", "new@x.example"]
    assert said(ticket=None) == ["maya", "Maya", "Okafor", "maya@brightwater.example"]
    # A resource is no contact, whatever his id.
    assert said(ticket=None, sender=replace(SENDER, kind="resource", id="timo")) == ["", "", "", ""]
    assert said(ticket=replace(TICKET, contact=None)) == ["", "", "", ""]
