"""What rules set is stored, of every entity that a message becomes: from a mail to the row of the database."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.config.load import load_config
from engine.decide.setup import prepare
from engine.dsl.vocabulary import EVENTS
from engine.processing import Processor
from engine.sources.item import Item
from engine.store.database import open_database
from engine.waiting import run_due

TASK, PROJECT, TICKET = "T20260901.0701", "P20260901.0001", "T20261102.0001"
HEAD = b"Date: Mon, 2 Nov 2026 10:%02d:00 +0000\r\nFrom: %s\r\nSubject: %s\r\nMessage-ID: <%d@t.example>\r\n"
TRUSTED = b"Authentication-Results: mx.harbourhill.example; dkim=pass header.d=harbourhill.example; dmarc=pass header.from=harbourhill.example\r\n"
CUSTOMER, COLLEAGUE = "peter@brightwater.example", "joost@harbourhill.example"


def mail(number: int, sender: str, subject: str, body: str = "It is so.") -> Item:
    raw = HEAD % (number, sender.encode(), subject.encode(), number) + TRUSTED + b"\r\n" + body.encode() + b"\r\n"
    return Item(str(number), lambda: raw)


# The mail that makes the event, after a first one that opens a ticket.
MAILS = {
    "ticket created": None,
    "ticket note created": mail(1, CUSTOMER, f"Re: {TICKET}"),
    "ticket time entry created": mail(1, COLLEAGUE, f"Re: {TICKET}", "#T=2\r\nDone."),
    "project note created": mail(1, COLLEAGUE, PROJECT),
    "task note created": mail(1, COLLEAGUE, TASK),
    "task time entry created": mail(1, COLLEAGUE, TASK, "#T=2\r\nDone."),
    "ticket updated": mail(1, COLLEAGUE, f"Re: {TICKET}", "#T=2 #S=Done\r\nDone."),
}
TICKET_ACTIONS = [
    ('set title to "Another"', "title", "Another"),
    ('set description to "Other words"', "description", "Other words"),
    ("clear description", "description", ""),
    ("set organization to kessler", "organization", "kessler"),
    ("set contact to anke", "contact", "anke"),
    ("clear contact", "contact", None),
    ('set queue to "Projects"', "queue", "Projects"),
    ("clear queue", "queue", None),
    ('set status to "In progress"', "status", "In progress"),
    ('set status to "In progress"', "completed_at", None),
    ('set priority to "Urgent"', "priority", "Urgent"),
    ('set source to "Monitoring"', "source", "Monitoring"),
    ('set issue type to "Connectivity" / "VPN"', "issue_type", "Connectivity"),
    ('set issue type to "Connectivity" / "VPN"', "sub_issue_type", "VPN"),
    ("assign to lotte", "assigned", "lotte"),
    ("set assigned to lotte", "assigned", "lotte"),
    ("assign to lotte clear assigned", "assigned", None),
    ('set approval to "Approved"', "approval", "Approved"),
    ("set due to 3 hours", "due_at", "2026-11-02T13:{minute}:00Z"),
    ("clear due", "due_at", None),
]
NOTE_ACTIONS = [
    ('set type to "Alert update"', "type", "Alert update"),
    ('set note type to "Alert update"', "type", "Alert update"),
    ("clear type", "type", None),
    ("set publish to internal", "publish", "internal"),
    ("set publish to all", "publish", "all"),
]
TIME_ACTIONS = [
    ('set role to "Project lead"', "role", "Project lead"),
    ('set time entry role to "Project lead"', "role", "Project lead"),
    ('set work type to "On-site work"', "work_type", "On-site work"),
    ("clear work type", "work_type", None),
]
TASK_ACTIONS = [('set task.status to "Done"', "status", "Done"), ('set status to "Done"', "status", "Done")]
CASES = [
    *(
        (event, "tickets", *one)
        for event in ("ticket created", "ticket note created", "ticket time entry created", "ticket updated")
        for one in TICKET_ACTIONS
    ),
    *((f"{kind} note created", f"{kind}_notes", *one) for kind in ("ticket", "project", "task") for one in NOTE_ACTIONS),
    *((f"{kind} time entry created", f"{kind}_time_entries", *one) for kind in ("ticket", "task") for one in TIME_ACTIONS),
    *((event, "tasks", *one) for event in ("task note created", "task time entry created") for one in TASK_ACTIONS),
]


def test_every_field_that_can_be_set_has_its_case() -> None:
    table = {"tickets": "ticket", "tasks": "task"}
    set_here = {
        (event, f"{table.get(place) or ('note' if place.endswith('notes') else 'time_entry')}.{column}")
        for event, place, _, column, _ in CASES
        if column != "completed_at"
    }
    assert set_here == {(event.name, field) for event in EVENTS.values() for field in event.settable}


@pytest.mark.parametrize(("event", "table", "action", "column", "expected"), CASES)
def test_what_a_rule_sets_is_stored(
    event: str, table: str, action: str, column: str, expected: str | None, rules: Path, tmp_path: Path
) -> None:
    (rules / "workflow/90-set.rules").write_text(f'rule "Sets it"\n  on {event}\n  then {action}\n')
    second = MAILS[event]
    with open_database(tmp_path / "p.db") as connection:
        mails = [mail(0, CUSTOMER, "Scanner"), *([second] if second else [])]
        Processor(connection, prepare(load_config(rules))).run(mails, "help")
        ran = {row[0] for row in connection.execute("SELECT event FROM rule_hits WHERE rule = 'Sets it'")}
        assert ran == {event}
        where = {"tickets": f"number = '{TICKET}'", "tasks": f"number = '{TASK}'"}.get(
            table, "author <> 'system'" if table.endswith("notes") else "1"
        )
        found = connection.execute(f"SELECT {column} FROM {table} WHERE {where}").fetchall()
    expected = expected.format(minute="01" if second else "00") if expected else expected
    assert found == [(expected,)]


@pytest.mark.parametrize(("action", "column", "expected"), TICKET_ACTIONS)
def test_what_a_rule_that_waited_sets_is_stored(
    action: str, column: str, expected: str | None, rules: Path, tmp_path: Path
) -> None:
    (rules / "workflow/90-set.rules").write_text(f'rule "Sets it"\n  after 20 minutes from ticket created\n  then {action}\n')
    setup = prepare(load_config(rules))
    with open_database(tmp_path / "p.db") as connection:
        Processor(connection, setup).run([mail(0, CUSTOMER, "Scanner")], "help")
        done = list(run_due(connection, setup, datetime(2026, 11, 2, 10, 20, tzinfo=UTC)))
        assert [(row.rule, due.status) for row, due in done] == [("Sets it", "ran")]
        found = connection.execute(f"SELECT {column} FROM tickets").fetchall()
    assert found == [(expected.format(minute="20") if expected else expected,)]


WHOLE = (
    'add tag "VPN" add tag "Printer" add tag "Printer" remove tag "VPN" add note "Look at it" as internal'
    ' create ticket "Order toner" with queue "Projects", status "In progress", priority "Low", source "Monitoring",'
    ' issue type "Devices", assigned "lotte", description "Black", approval "Approved"'
)


@pytest.mark.parametrize("event", ["on ticket created", "after 20 minutes from ticket created"])
def test_tags_notes_and_further_tickets(event: str, rules: Path, tmp_path: Path) -> None:
    (rules / "workflow/90-set.rules").write_text(f'rule "Does it"\n  {event}\n  then {WHOLE}\n')
    setup = prepare(load_config(rules))
    with open_database(tmp_path / "p.db") as connection:
        Processor(connection, setup).run([mail(0, CUSTOMER, "Scanner")], "help")
        list(run_due(connection, setup, datetime(2026, 11, 2, 10, 20, tzinfo=UTC)))
        tags = connection.execute("SELECT ticket, tag FROM ticket_tags").fetchall()
        notes = connection.execute("SELECT ticket, description, publish, author FROM ticket_notes").fetchall()
        columns = "title, organization, contact, queue, status, priority, source, issue_type, assigned, description, approval"
        further = connection.execute(f"SELECT {columns} FROM tickets WHERE number <> ?", (TICKET,)).fetchall()
        related = connection.execute("SELECT * FROM related_tickets").fetchall()
    assert tags == [(TICKET, "Printer")]
    assert notes == [(TICKET, "Look at it", "internal", "system")]
    assert further == [
        (
            "Order toner",
            "brightwater",
            "peter",
            "Projects",
            "In progress",
            "Low",
            "Monitoring",
            "Devices",
            "lotte",
            "Black",
            "Approved",
        )
    ]
    assert [(one[0], one[1]) for one in related] == [(TICKET, "T20261102.0002")]


@pytest.mark.parametrize("ending", ["discard", "refuse"])
@pytest.mark.parametrize(
    ("reply", "even", "outcome"), [(False, "", "ended"), (True, "", "kept"), (True, " even replies", "ended")]
)
def test_a_rule_that_does_more_spares_a_reply_too_and_does_the_rest(
    ending: str, reply: bool, even: str, outcome: str, rules: Path, tmp_path: Path
) -> None:
    """One that only discards does not even run on a reply."""
    (rules / "workflow/90-end.rules").write_text(
        f'rule "Ends it"\n  on message\n  when body contains "offer"\n  then notify "desk@example.com" using urgent {ending} "no"{even}\n'
    )
    with open_database(tmp_path / "p.db") as connection:
        subject = f"Re: {TICKET}" if reply else "Toner"
        mails = [mail(0, CUSTOMER, "Scanner"), mail(1, CUSTOMER, subject, "An offer.")]
        Processor(connection, prepare(load_config(rules))).run(mails, "help")
        (found,) = connection.execute("SELECT outcome FROM messages WHERE message_id = '1@t.example'").fetchone()
        told = connection.execute("SELECT COUNT(*) FROM outbox WHERE recipient = 'desk@example.com'").fetchone()[0]
    assert found == ({"discard": "ignored", "refuse": "refused"}[ending] if outcome == "ended" else "appended") and told == 1
