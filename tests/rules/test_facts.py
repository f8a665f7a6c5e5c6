"""What each field of the rule language reads, and that it reads nothing where there is nothing."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from engine.config.load import load_config
from engine.dsl.tree import Operand
from engine.dsl.vocabulary import COLLECTIONS, EVENTS, FIELDS
from engine.entities import Note, Project, Sender, Task, Ticket, TimeEntry
from engine.errors import Position
from engine.mail.parse import parse_message
from engine.rules.facts import Facts, reader

CONFIG = load_config(Path(__file__).resolve().parents[2] / "rules")
AT = datetime(2026, 11, 2, 23, 30, tzinfo=UTC)  # Monday here, and Tuesday in Amsterdam
GROUPS = tuple({group for event in EVENTS.values() for group in event.groups})
RAW = (
    "From: Maya Okafor <maya@müller.example>\nTo: help@harbourhill.example\nCc: Kim <kim@xn--mller-kva.example>\nSubject: Scanner\n"
    "Message-ID: <1@x.example>\nImportance: high\nX-Two: a\nX-Two: b\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
    "--b\nContent-Type: text/plain; charset=utf-8\n\nSee https://shop.example/x\n"
    "--b\nContent-Type: application/pdf\nContent-Disposition: attachment; filename=scan.pdf\n\n12345\n--b--\n"
).encode()
MESSAGE = parse_message(RAW)
SENDER = Sender("contact", "maya", "brightwater", "address", "maya@xn--mller-kva.example", "Maya Okafor", authenticated=True)
TICKET = Ticket(
    "T1", "Scanner", "kessler-nord", AT - timedelta(hours=3), AT, "It is slow", contact="timo", queue="Front desk", status="New"
)
TICKET = replace(TICKET, priority="High", source="Email", issue_type="Printing", sub_issue_type="Toner", assigned="joost")
TICKET = replace(TICKET, approval="Pending", due_at=AT, occurrences=2, tags=("VPN",))
FULL = Facts(
    CONFIG,
    "help",
    AT,
    AT,
    MESSAGE,
    SENDER,
    "brightwater",
    TICKET,
    Note("T1", "It is slow", "all", "contact", "maya", "maya@brightwater.example", AT, type="Mail"),
    TimeEntry("T1", "joost", 1.5, "Done", AT, role="Engineer", work_type="Remote work"),
    Task("T2", "P1", "Cables", "kessler", "New"),
    Project("P1", "Move", "kessler"),
    reply=True,
    extracted={"asset": "A1"},
)
NOTHING = Facts(CONFIG, "help", AT, AT)


def value(facts: Facts, kind: Any, name: str) -> tuple[Any, ...]:
    return reader(Operand(kind, name, Position("x")), GROUPS, frozenset({"asset"}))(facts)


BOTH = ("xn--mller-kva.example", "müller.example")
READ: dict[str, Any] = {
    "message.subject": "Scanner",
    "message.body": "See https://shop.example/x",
    "message.size": len(RAW),
    "message.received": AT,
    "message.time": time(0, 30),
    "message.weekday": "Tuesday",
    "message.business_hours": False,  # half past midnight
    "message.automatic": None,
    "message.forwarded": False,
    "message.reply": True,
    "message.encrypted": False,
    "message.calendar": None,
    "message.importance": "high",
    "message.id": "1@x.example",
    "mailbox": "help",
    "sender.address": tuple(f"maya@{domain}" for domain in BOTH),
    "sender.domain": BOTH,
    "sender.name": "Maya Okafor",
    "sender.kind": "contact",
    "sender.id": "maya",
    "sender.known": True,
    "sender.authenticated": True,
    "organization.id": "kessler-nord",
    "organization.name": "Kessler Werk Nord",
    "organization.classification": "Standard",
    "organization.language": None,
    "organization.parent": "kessler",
    "organization.resource": None,
    "contact.id": "timo",
    "contact.name": "Timo Brandt",
    "contact.address": "timo@nord.kessler.example",
    "ticket.number": "T1",
    "ticket.title": "Scanner",
    "ticket.description": "It is slow",
    "ticket.queue": "Front desk",
    "ticket.status": "New",
    "ticket.complete": False,
    "ticket.reopened": False,
    "ticket.priority": "High",
    "ticket.source": "Email",
    "ticket.issue_type": "Printing",
    "ticket.sub_issue_type": "Toner",
    "ticket.assigned": "joost",
    "ticket.approval": "Pending",
    "ticket.occurrences": 2,
    "ticket.due_at": AT,
    "ticket.created_at": AT - timedelta(hours=3),
    "ticket.age": timedelta(hours=3),
    "ticket.quiet": timedelta(0),
    "ticket": ("VPN",),
    "note.author": "contact",
    "note.publish": "all",
    "note.type": "Mail",
    "note.description": "It is slow",
    "time_entry.hours": 1.5,
    "time_entry.role": "Engineer",
    "time_entry.work_type": "Remote work",
    "time_entry.resource": "joost",
    "time_entry.summary": "Done",
    "task.number": "T2",
    "task.title": "Cables",
    "task.status": "New",
    "task.project": "P1",
    "project.number": "P1",
    "project.name": "Move",
    "asset": "A1",
}
COLLECTED = {
    "attachment.name": ("scan.pdf",),
    "attachment.type": ("application/pdf",),
    "attachment.size": (5,),
    "link.address": ("https://shop.example/x",),
    "link.domain": ("shop.example",),
    "recipient.address": ("help@harbourhill.example", *(f"kim@{domain}" for domain in BOTH)),
    "recipient.domain": ("harbourhill.example", *BOTH),
}


def test_every_field_has_its_case() -> None:
    assert set(READ) == {*FIELDS, "asset"} and set(COLLECTED) == set(COLLECTIONS)


@pytest.mark.parametrize("name", READ)
def test_a_field(name: str) -> None:
    found, expected = value(FULL, "field", name), READ[name]
    expected = () if expected is None else expected if isinstance(expected, tuple) else (expected,)
    assert tuple(one.strip() if isinstance(one, str) else one for one in found) == expected


@pytest.mark.parametrize("name", COLLECTED)
def test_a_collection(name: str) -> None:
    assert value(FULL, "any", name) == COLLECTED[name]


def test_a_header_has_all_its_values() -> None:
    assert value(FULL, "header", "x-two") == ("a", "b") and value(FULL, "header", "x-three") == ()


@pytest.mark.parametrize("name", [*FIELDS, "asset"])
def test_where_there_is_nothing(name: str) -> None:
    always = {"mailbox": "help", "message.received": AT, "message.time": time(0, 30), "message.weekday": "Tuesday"}
    never = dict.fromkeys(
        ("message.business_hours", "message.forwarded", "message.reply", "sender.known", "ticket.complete", "ticket.reopened"),
        False,
    )
    expected = (always | never).get(name)
    assert value(NOTHING, "field", name) == (() if expected is None else (expected,))


@pytest.mark.parametrize("name", COLLECTED)
def test_where_there_is_nothing_to_collect(name: str) -> None:
    assert value(NOTHING, "any", name) == () and value(NOTHING, "header", "x-two") == ()


@pytest.mark.parametrize(
    ("sender", "ticket", "organization", "contact", "name", "address"),
    [
        # Of a message alone: its sender, if he is one.
        (SENDER, None, "brightwater", "maya", "Maya Okafor", "maya@brightwater.example"),
        (replace(SENDER, kind="resource", id="joost"), None, "brightwater", None, None, None),
        (replace(SENDER, kind="unknown", id=None, organization=None), None, None, None, None, None),
        # Of a ticket: the ticket's, whoever writes.
        (SENDER, TICKET, "kessler-nord", "timo", "Timo Brandt", "timo@nord.kessler.example"),
        (SENDER, replace(TICKET, contact=None, organization=None), None, None, None, None),
        (replace(SENDER, kind="unknown", id=None), replace(TICKET, contact=None), "kessler-nord", None, None, None),
        # One that a message made is in no directory.
        (replace(SENDER, id="new@x.example", address="new@x.example"), replace(TICKET, contact="new@x.example"),
         "kessler-nord", "new@x.example", "Maya Okafor", "new@x.example"),
        (replace(SENDER, kind="resource", id="joost"), replace(TICKET, contact="new@x.example"),
         "kessler-nord", "new@x.example", None, "new@x.example"),
    ],
)  # fmt: skip
def test_whose_organization_and_contact_are_meant(
    sender: Sender, ticket: Ticket | None, organization: str | None, contact: str | None, name: str | None, address: str | None
) -> None:
    facts = replace(NOTHING, sender=sender, ticket=ticket)
    found = {one: value(facts, "field", one) for one in ("organization.id", "contact.id", "contact.name", "contact.address")}
    assert found == {
        "organization.id": (organization,) if organization else (),
        "contact.id": (contact,) if contact else (),
        "contact.name": (name,) if name else (),
        "contact.address": (address,) if address else (),
    }
