"""Whom mail brings, and what becomes of him when the directory changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config.load import load_config
from engine.decide.setup import Setup, prepare
from tests.edit import edit
from tests.store.conftest import mail, rows, run


def test_whom_one_alert_brought_the_next_one_finds(db: Path, setup: Setup) -> None:
    first = '<Customer name="Olivar Hermanos S.L."/><Email name="rosa@home.example"/><Contact name="Rosa Gil"/>'
    head = '<Autotask><ID name="harbourhill"/><PW name="sample-only"/>'
    for number, named in enumerate((first, first.replace('<Contact name="Rosa Gil"/>', ""), '<Email name="ROSA@home.example"/>')):
        run(db, setup, mail(number, f"alert {'xyz'[number] * 9}", body=f"text\n{head}{named}</Autotask>"), mailbox="alerts")
    assert rows(db, "SELECT organization, contact FROM tickets") == [("olivar", "rosa@home.example")] * 3
    assert rows(db, "SELECT first_name, last_name FROM contacts WHERE origin = 'mail'") == [("Rosa", "Gil")]


def test_whom_mail_brought_and_the_directory_lists_by_now_is_one_person(db: Path, setup: Setup, rules: Path) -> None:
    newcomer = "nia@brightwater.example"
    run(db, setup, mail(1, "the first matter", newcomer))
    with (rules / "directory/contacts.csv").open("a") as file:
        file.write(f"nia,brightwater,Nia,Green,nia.green@brightwater.example,{newcomer},,yes\n")
    listed = prepare(load_config(rules))
    run(db, listed, mail(2, "quite another", newcomer))
    run(db, listed, mail(3, "something else", "maya@brightwater.example", more=f"Cc: {newcomer}\r\n"))
    assert rows(db, "SELECT organization, contact FROM tickets") == [
        ("brightwater", newcomer),
        ("brightwater", "nia"),
        ("brightwater", "maya"),
    ]
    assert rows(db, "SELECT contact FROM additional_contacts") == [("nia",)]


def test_whom_mail_brought_moves_with_his_domain_once_his_customer_is_gone(db: Path, setup: Setup, rules: Path) -> None:
    newcomer = "nia@lumiere.example"
    run(db, setup, mail(1, "the first matter", newcomer))
    path = rules / "directory/organizations.csv"
    (line,) = (one for one in path.read_text("utf-8").splitlines() if one.startswith("lumiere,"))
    gone = line.replace("lumiere.example", "old.example").removesuffix("yes") + "no"
    edit(path, line, f"{gone}\nnewlight,New Light,lumiere.example,Standard,,yes")
    later = prepare(load_config(rules))
    run(db, later, mail(2, "quite another", newcomer), mail(3, "something else", newcomer))
    assert rows(db, "SELECT organization FROM tickets ORDER BY number") == [("lumiere",), ("newlight",), ("newlight",)]
    assert rows(db, "SELECT organization FROM contacts WHERE email = 'nia@lumiere.example'") == [("newlight",)]
    assert rows(db, "SELECT json_extract(decision, '$.sender.via') FROM messages ORDER BY id") == [
        ("created",),
        ("created",),
        ("primary",),
    ]


def test_who_becomes_a_customer_goes_on_with_his_own_ticket_and_no_other(db: Path, setup: Setup, rules: Path) -> None:
    run(db, setup, mail(1, "we are new here", "eva@newco.example"), mail(2, "something else", "bo@oldco.example"))
    with (rules / "directory/organizations.csv").open("a") as file:
        file.write("newco,New Company,newco.example,Standard,,yes\n")
    with (rules / "directory/contacts.csv").open("a") as file:
        file.write("eva,newco,Eva,Berg,eva@newco.example,,,yes\n")
    ((own,), (other,)) = rows(db, "SELECT number FROM tickets ORDER BY number")
    run(
        db,
        prepare(load_config(rules)),
        mail(3, f"Re: [{own}] we are new here", "eva@newco.example"),
        mail(4, "Re: something else", "eva@newco.example", more="In-Reply-To: <2@test.example>\r\n"),
        mail(5, f"Re: [{other}] something else", "eva@newco.example"),
    )
    assert rows(db, "SELECT ticket, author, publish FROM ticket_notes") == [(own, "contact", "all")]
    assert {row[0] for row in rows(db, "SELECT number FROM messages WHERE id > 3")}.isdisjoint({own, other})


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        ("Nia Green <nia.green@olivar.example>", "Nia", "Green"),
        ('"Green, Nia" <nia.green@olivar.example>', "Nia", "Green"),
        ("Nia <nia.green@olivar.example>", "Nia", ""),
        ("nia.green@olivar.example", "Nia", "Green"),
        ("nia@home.example <nia.green@olivar.example>", "Nia", "Green"),
        ('"Green, Nia, Sales" <nia.green@olivar.example>', "Nia", "Green"),
    ],
)
def test_a_contact_that_mail_brings_has_the_name_that_it_says(
    written: str, first: str, last: str, db: Path, setup: Setup
) -> None:
    run(db, setup, mail(1, sender=written))
    assert rows(db, "SELECT organization, first_name, last_name, email, active FROM contacts WHERE origin = 'mail'") == [
        ("olivar", first, last, "nia.green@olivar.example", 1)
    ]
