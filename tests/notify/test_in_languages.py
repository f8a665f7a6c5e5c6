"""Who is written to in which language: templates in several, and the directory's `language`."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.analysis.literal import check_literal
from engine.analysis.nobody import check_nobody
from engine.analysis.unused import check_unused
from engine.config.load import load_config
from engine.decide.setup import prepare
from engine.errors import ConfigError
from engine.processing import Processor
from engine.store.database import open_database
from tests.behaviour.taking import take, traced
from tests.edit import add_column, edit

TEMPLATE = "---\nsubject: {}\n---\n{}\n"
MAILS = "From: {}\r\nSubject: {}\r\nMessage-ID: <{}@x>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n\r\nx\r\n"


def write(rules: Path, name: str, subject: str, body: str = "text") -> None:
    (rules / f"templates/{name}.md").write_text(TEMPLATE.format(subject, body))


@pytest.fixture
def several(rules: Path) -> Path:
    """Receipts in four languages, for whoever the test gives one."""
    write(rules, "received", "base")
    for code in ("de", "fr", "pt", "pt-BR"):
        write(rules, f"received.{code}", code.lower())
    return rules


def subjects(rules: Path, *mails: tuple[str, str]) -> list[tuple[str, str]]:
    """(recipient, subject) of what the last of the mails causes, a file in which stands its language."""
    decision = take(rules, *[(sender, subject, "x") for sender, subject in mails])
    return [(one.recipient, one.wording.subject) for one in decision.changes.notifications]


def receipt(rules: Path, sender: str) -> str:
    (subject,) = [subject for recipient, subject in subjects(rules, (sender, "A question")) if recipient == sender]
    return subject


@pytest.mark.parametrize(
    ("contacts", "organizations", "sender", "expected"),
    [
        ({}, {}, "anke.vogt@kessler.example", "base"),
        ({"anke": "fr"}, {"kessler": "de"}, "anke.vogt@kessler.example", "fr"),
        ({}, {"kessler": "de"}, "anke.vogt@kessler.example", "de"),
        ({}, {"kessler": "de"}, "timo@nord.kessler.example", "de"),  # the organization above his
        ({}, {"kessler": "de", "kessler-nord": "fr"}, "timo@nord.kessler.example", "fr"),
        ({"anke": "pt-br"}, {}, "anke.vogt@kessler.example", "pt-br"),
        ({"anke": "pt_PT"}, {}, "anke.vogt@kessler.example", "pt"),
        ({"anke": "DE-at"}, {}, "anke.vogt@kessler.example", "de"),
        ({"anke": "it"}, {"kessler": "de"}, "anke.vogt@kessler.example", "base"),  # he reads no German
        ({"carmen": "fr"}, {}, "carmen.ruiz@outlook.es", "fr"),  # another address of hers
        ({"carmen": "fr"}, {}, "carmen+x@olivar.example", "fr"),
        ({}, {"kessler": "de"}, "somebody@kessler.example", "de"),  # nobody's address, at its domain
        ({}, {"harbourhill": "de"}, "kim@gmail.com", "base"),  # strangers count for us
    ],
)
def test_a_receipt_is_in_the_language_of_who_wrote(
    contacts: dict[str, str], organizations: dict[str, str], sender: str, expected: str, several: Path
) -> None:
    add_column(several, "contacts", "language", **contacts)
    add_column(several, "organizations", "language", **organizations)
    assert receipt(several, sender) == expected


def test_each_gets_it_in_his_own(several: Path) -> None:
    (several / "workflow/90.rules").write_text(
        'rule "told"\n  on ticket note created\n  then notify contact, additional contacts, assigned resource, "desk@x.example" using received\n'
    )
    add_column(several, "contacts", "language", maya="de")
    add_column(several, "organizations", "language", brightwater="fr")
    add_column(several, "resources", "language", joost="pt")
    processor = Processor(open_database(None), prepare(load_config(several)))
    processor.take(
        b"Cc: peter@brightwater.example, new@brightwater.example\r\n"
        + MAILS.format("maya@brightwater.example", "A question", 1).encode(),
        "1",
        "help",
    )
    processor.connection.execute("UPDATE tickets SET assigned = 'joost'")
    processor.connection.execute(
        "INSERT INTO contacts (id, organization, first_name, last_name, email, origin, created_at) VALUES ('n@b.example', 'brightwater', '', '', 'n@b.example', 'mail', '')"
    )
    processor.connection.execute("INSERT INTO additional_contacts VALUES ('T20261102.0001', 'n@b.example')")
    decision = processor.take(MAILS.format("lotte@harbourhill.example", "T20261102.0001", 2).encode(), "2", "help")
    assert decision is not None
    assert {one.recipient: one.wording.subject for one in decision.changes.notifications} == {
        "maya@brightwater.example": "de",
        "peter@brightwater.example": "fr",
        "n@b.example": "fr",
        "joost@harbourhill.example": "pt",
        "desk@x.example": "base",
    }
    assert "maya@brightwater.example using received in de" in traced(decision, "notified")
    assert "desk@x.example using received" in traced(decision, "notified")


def test_a_rule_that_waited_tells_it_so_too(several: Path) -> None:
    (several / "workflow/90.rules").write_text(
        'rule "later"\n  after 1 hour from ticket created\n  then notify contact using received\n'
    )
    add_column(several, "organizations", "language", kessler="de")
    from engine.decide.waiting import foresee

    processor = Processor(open_database(None), prepare(load_config(several)))
    decision = processor.take(MAILS.format("anke.vogt@kessler.example", "A question", 1).encode(), "1", "help")
    assert decision is not None and decision.ticket is not None
    found = foresee(decision.ticket, decision.changes.waiting, processor.setup, processor.state)
    assert [
        one.wording.subject for foreseen in found for one in foreseen.due.notifications if foreseen.waiting.rule == "later"
    ] == ["de"]


def test_who_guesses_a_number_does_not_learn_whose_it_is(several: Path) -> None:
    add_column(several, "organizations", "language", kessler="de")
    edit(
        several / "mailboxes/help.yaml",
        "created: {to: [sender",
        "noted: {to: [sender], template: received}\n  created: {to: [sender",
    )
    found = subjects(several, ("anke.vogt@kessler.example", "A question"), ("kim@gmail.com", "T20261102.0001"))
    assert found == [("kim@gmail.com", "base")]


def test_internal_words_leave_in_no_language(several: Path) -> None:
    """Whether a template may be sent is asked of all its languages."""
    write(several, "noted", "base")
    write(several, "noted.de", "de", "{{ note.description }}")
    (several / "workflow/90.rules").write_text('rule "told"\n  on ticket note created\n  then notify contact using noted\n')
    add_column(several, "organizations", "language", kessler="de")
    mails = ("anke.vogt@kessler.example", "A question"), ("joost@harbourhill.example", "T20261102.0001")
    assert subjects(several, *mails) == []
    write(several, "noted.de", "de", "{{ ticket.title }}")
    assert subjects(several, *mails) == [("anke.vogt@kessler.example", "de")]


def problems(rules: Path) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        load_config(rules)
    return [f"{one.position}: {one.message}; {one.fix}" for one in raised.value.problems]


def test_a_language_that_is_none_is_told_with_its_line(rules: Path) -> None:
    add_column(rules, "contacts", "language", anke="german")
    assert problems(rules) == ["directory/contacts.csv:4: 'german' is no language; write a code such as fr or pt-BR"]


def test_what_is_wrong_in_one_language_is_told_there(several: Path) -> None:
    write(several, "received.de", "de", "Guten Tag\n{{ ticket.numer }}")
    assert problems(several) == ["templates/received.de.md:5: unknown variable 'ticket.numer'; did you mean 'number'?"]
    write(several, "received.de", "de", "Guten Tag\n{{ note.author }}")
    (found, *_) = problems(several)
    assert "the template 'received' uses 'note.author' (templates/received.de.md:5), which 'created' does not have" in found


def test_two_files_in_one_language_are_told(several: Path) -> None:
    write(several, "received.DE", "de")
    assert problems(several) == [
        "templates/received.de.md:1:1: the template 'received' is there twice in the language 'de'; the other is templates/received.DE.md"
    ]


def test_without_its_template_it_is_one_itself(rules: Path) -> None:
    """As it was before templates had languages."""
    write(rules, "plain.fr", "x")
    write(rules, "received.urgently", "x")  # that is no language
    config = load_config(rules)
    assert config.templates["plain.fr"].languages == {} and "plain" not in config.templates
    assert config.templates["received"].languages == {} and "received.urgently" in config.templates


def test_variables_of_other_programs_are_told_in_each(several: Path) -> None:
    write(several, "received.de", "de", "Guten Tag ${contact.name}")
    told = [str(one.position) for one in check_literal(load_config(several))]
    assert told == ["templates/received.de.md:4"]


def test_a_language_that_nobody_reads_is_told(several: Path) -> None:
    add_column(several, "contacts", "language", anke="de-AT", timo="pt")
    add_column(several, "resources", "language", joost="fr")
    told = [(str(one.position), one.message) for one in check_unused(load_config(several)) if one.code == "PR107"]
    assert told == [
        (
            "templates/received.pt-BR.md:1:1",
            "nobody is sent the template 'received' in 'pt-br': no `language` in directory/ is that",
        )
    ]


def test_our_own_people_are_answered_in_theirs(several: Path) -> None:
    """Also from an address with a tag, and where a contact has the same id."""
    path = several / "directory/contacts.csv"
    path.write_text(path.read_text().replace("peter,", "joost,"))
    add_column(several, "contacts", "language", joost="de")
    add_column(several, "resources", "language", joost="fr", lotte="pt")
    assert receipt(several, "joost+phone@harbourhill.example") == "fr"
    assert receipt(several, "l.smit@harbourhill.example") == "pt"


def test_an_address_that_several_have_is_in_nobodys_language(several: Path) -> None:
    (several / "workflow/90.rules").write_text(
        'rule "told"\n  on ticket created\n  then notify "both@freelance.example" using received\n'
    )
    path = several / "directory/contacts.csv"
    path.write_text(path.read_text() + "a,kessler,A,A,both@freelance.example,,,yes\nb,olivar,B,B,both@freelance.example,,,yes\n")
    add_column(several, "contacts", "language", a="de", b="de")
    assert ("both@freelance.example", "base") in subjects(several, ("carmen@olivar.example", "A question"))


@pytest.mark.parametrize(
    ("asked", "sender", "runs"),
    [
        ("PT", "timo@nord.kessler.example", True),
        ("pt-br", "anke.vogt@kessler.example", True),
        ("pt-pt", "anke.vogt@kessler.example", False),
        ("pt", "carmen@olivar.example", False),
    ],
)
def test_rules_ask_for_it(asked: str, sender: str, runs: bool, rules: Path) -> None:
    """That of the organization above counts too, and `pt` for `pt-BR`."""
    add_column(rules, "organizations", "language", kessler="pt-BR")
    (rules / "workflow/90.rules").write_text(
        f'rule "asks"\n  on ticket created\n  when organization.language is "{asked}"\n  then set priority to "Urgent"\n'
    )
    config = load_config(rules)
    assert [one.message for one in check_nobody(config)] == (
        [] if asked != "pt-pt" else ["no organization has the language 'pt-pt'"]
    )
    assert any(one.rule == "asks" for one in take(rules, (sender, "A question", "x")).fired) is runs
