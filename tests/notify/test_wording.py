"""Words of notifications, through the whole flow: variables, hostile values, what is internal (`behaviour.md` 8)."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.config.files import SourceFile
from engine.config.load import load_config
from engine.config.model import Jinja
from engine.config.templates import read_template
from engine.config.variables import PLAIN, VARIABLES
from engine.decide.decision import Envelope
from engine.decide.flow import decide
from engine.decide.mentions import without_mentions
from engine.decide.setup import Setup, prepare
from engine.decide.wording import Templates
from engine.errors import ConfigError
from engine.mail.parse import parse_message
from engine.processing import Processor
from engine.rules.facts import Facts
from engine.sources.item import Item
from engine.state.sqlite import SqliteState
from engine.store.database import open_database
from tests.edit import edit

NOW = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)


def process(rules: Path, *mails: bytes) -> sqlite3.Connection:
    connection = open_database(None)
    Processor(connection, prepare(load_config(rules))).run([Item(str(n), lambda m=m: m) for n, m in enumerate(mails)], "help")  # type: ignore[misc]
    return connection


def mail(subject: str, body: str = "x", sender: str = "Maya <maya@brightwater.example>", more: str = "") -> bytes:
    head = f"Date: Mon, 2 Nov 2026 10:00:00 +0000\r\nFrom: {sender}\r\nSubject: {subject}\r\nMessage-ID: <{abs(hash((subject, body, sender)))}@t>\r\n"
    return f"{head}{more}\r\n{body}\r\n".encode()


def template(rules: Path, name: str, subject: str, body: str) -> None:
    (rules / "templates" / f"{name}.md").write_text(f'---\nsubject: "{subject}"\n---\n{body}\n')


def rows(connection: sqlite3.Connection, what: str = "recipient, subject, body, error") -> list[tuple[str, ...]]:
    return connection.execute(f"SELECT {what} FROM outbox ORDER BY id").fetchall()


@pytest.mark.parametrize(
    "subject",
    [
        "{{ 7 * 7 }} {% for x in y %}",
        "=?utf-8?q?a=0D=0ABcc=3A_evil=40evil.example?=",
        "=?utf-8?q?a=E2=80=A8b=C2=85c?=",
        "\ue000 marks \ue001",
        "Robert'); DROP TABLE outbox;--",
    ],
)
def test_a_hostile_subject_is_only_words(rules: Path, subject: str) -> None:
    connection = process(rules, mail(subject))
    ((recipient, words, _, error),) = rows(connection)
    assert recipient == "maya@brightwater.example" and error == ""
    assert words.startswith("[T20261102.0001] ") and words.isprintable() and "49" not in words
    if "7" in subject:
        assert "{{ 7 * 7 }} {% for x in y %}" in words


def test_where_values_stand_is_kept(rules: Path) -> None:
    import json

    connection = process(rules, mail("Broken"))
    ((body, values),) = rows(connection, "body, body_values")
    assert [body[a:b] for a, b in json.loads(values)] == ["Maya", "T20261102.0001"]


def test_people_and_times_are_told_as_people_write_them(rules: Path) -> None:
    """The contact is the ticket's, whoever writes; one whom mail brought is called as his mail calls him."""
    words = "{{ contact.first_name }} {{ contact.last_name }} <{{ contact.address }}>, {{ ticket.created_at }}, for {{ assigned.name or 'nobody' }}"
    template(rules, "noted", "{{ assigned.address }}", words)
    path = rules / "mailboxes" / "help.yaml"
    path.write_text(path.read_text().replace("  created: {to", "  noted: {to: [contact], template: noted}\n  created: {to"))
    (rules / "workflow" / "90.rules").write_text(
        'rule "x"\n  on ticket created\n  when title contains "Broken"\n  then assign to joost\n'
    )
    anew = "Nia Green <nia@brightwater.example>"
    connection = process(
        rules,
        mail("Broken"),
        mail("Another thing", sender=anew),
        mail("T20261102.0001", "I come", "joost@harbourhill.example"),
        mail("T20261102.0002", "and this", anew),
    )
    assert rows(connection)[2:] == [
        ("maya@brightwater.example", "joost@harbourhill.example", "Maya Okafor <maya@brightwater.example>, 2026-11-02 11:00, for Joost Meijer", ""),
        ("nia@brightwater.example", "", "Nia Green <nia@brightwater.example>, 2026-11-02 11:00, for nobody", ""),
    ]  # fmt: skip


def test_the_contact_who_writes_on_a_project_hears_of_it(rules: Path) -> None:
    template(rules, "noted", "x", "{{ contact.name }} on {{ project.name }}")
    (rules / "workflow" / "90.rules").write_text('rule "x"\n  on project note created\n  then notify contact using noted\n')
    for sender, told in (("peter@brightwater.example", 1), ("joost@harbourhill.example", 0)):
        connection = process(rules, mail("P20260901.0001", sender=sender))
        assert [row[0] for row in rows(connection)] == ["peter@brightwater.example"] * told


def test_a_template_that_fails_on_a_value_fails_the_notification_and_not_the_message(rules: Path) -> None:
    template(rules, "received", "x", "{{ 10 // (ticket.occurrences - 1) }}")
    connection = process(rules, mail("Broken"))
    assert connection.execute("SELECT outcome FROM messages ORDER BY id").fetchall() == [("created",)]
    assert connection.execute("SELECT status, error FROM outbox").fetchall() == [
        ("failed", "the template 'received' failed: integer division or modulo by zero")
    ]


def test_what_is_internal_is_not_told_to_customers(rules: Path) -> None:
    (rules / "workflow" / "90-tell.rules").write_text(
        'rule "Tell all"\n  on ticket note created\n  then notify contact, additional contacts, resource joost, "boss@harbourhill.example" using customer-wrote\n'
    )
    first = mail("Broken")
    internal = mail(
        "T20261102.0001",
        "our secret",
        "Joost <joost@harbourhill.example>",
        "Authentication-Results: mx.harbourhill.example; dmarc=pass header.from=harbourhill.example\r\n",
    )
    connection = process(rules, first, internal)
    told = [row[0] for row in rows(connection) if "our secret" in row[2]]
    assert connection.execute("SELECT publish FROM ticket_notes").fetchall() == [("internal",)]
    assert told == ["joost@harbourhill.example", "boss@harbourhill.example"]


def test_what_is_internal_of_a_time_entry_is_not_told_to_customers(rules: Path) -> None:
    edit(rules / "mailboxes/help.yaml", "{work_type: Remote work}", "{work_type: Remote work, publish: internal}")
    template(rules, "booked", "x", "{{ time_entry.hours }} hours: {{ time_entry.summary }}")
    (rules / "workflow/90.rules").write_text(
        'rule "x"\n  on ticket time entry created\n  then notify contact, resource joost using booked\n'
    )
    head = "Authentication-Results: mx.harbourhill.example; dmarc=pass header.from=harbourhill.example\r\n"
    connection = process(rules, mail("Broken"), mail("T20261102.0001", "#T=1.5\r\nour secret", "joost@harbourhill.example", head))
    assert rows(connection, "recipient, body")[1:] == [("joost@harbourhill.example", "1.5 hours: our secret")]


def test_a_person_whom_a_ticket_does_not_have_is_told_nothing(rules: Path) -> None:
    """A stranger's ticket has no contact, one that nobody took no resource, and one who left hears no more."""
    template(rules, "told", "x", "y")
    (rules / "workflow/90.rules").write_text(
        'rule "x"\n  on ticket created\n  then notify contact, assigned resource using told\n'
        'rule "y"\n  on ticket note created\n  then notify contact, additional contacts, assigned resource using told\n'
    )
    setup = prepare(load_config(rules))
    people = setup.config.directory
    resource, contact = (next(one.id for one in some.values() if not one.active) for some in (people.resources, people.contacts))
    connection = process(rules, mail("Question", sender="joe@gmail.com"))
    connection.execute("UPDATE tickets SET assigned = ?, contact = ?", (resource, contact))
    connection.execute("INSERT INTO additional_contacts SELECT number, contact FROM tickets")
    Processor(connection, setup).run([Item("2", lambda: mail("T20261102.0001", "more", "joost@harbourhill.example"))], "help")
    assert connection.execute("SELECT COUNT(*) FROM ticket_notes").fetchone() == (1,)
    assert rows(connection, "template, recipient") == [("received", "joe@gmail.com")]


@pytest.mark.parametrize(
    ("sender", "words", "told"),
    [
        ("eve@evil.example", "{{ ticket.number }}: {{ ticket.title }}", False),
        ("eve@evil.example", "{{ number }}", False),
        ("eve@evil.example", "{{ organization.name }}", False),
        ("eve@evil.example", "thank you for {{ message.subject }}", True),
        ("new@brightwater.example", "{{ ticket.number }}: {{ ticket.title }}", True),
        ("eve@kessler.example", "{{ ticket.number }}: {{ ticket.title }}", False),
    ],
)
def test_a_stranger_who_guesses_a_number_learns_nothing_of_it(rules: Path, sender: str, words: str, told: bool) -> None:
    """Neither what a mailbox sends by itself nor what a rule sends: whether the number exists is no business of his."""
    template(rules, "noted", "x", words)
    template(rules, "by-rule", "y", words)
    path = rules / "mailboxes" / "help.yaml"
    noticed = path.read_text().replace("  created: {to", "  noted: {to: [sender], template: noted}\n  created: {to")
    path.write_text(noticed.replace("create_contact: true", "create_contact: false"))
    (rules / "workflow" / "90.rules").write_text('rule "x"\n  on ticket note created\n  then notify sender using by-rule\n')
    connection = process(rules, mail("The merger"), mail("T20261102.0001", "what is it?", sender))
    assert connection.execute("SELECT author, publish FROM ticket_notes").fetchall() == [("unknown", "internal")]
    to = [recipient for recipient, _, template in rows(connection, "recipient, number, template") if template != "received"]
    assert [one for one in to if one == sender] == [sender] * told


@pytest.mark.parametrize(("words", "told"), [("{{ organization.name }}", False), ("{{ ticket.number }}", True)])
def test_a_stranger_learns_no_organization_where_a_number_becomes_a_ticket_of_his_own(
    rules: Path, words: str, told: bool
) -> None:
    template(rules, "received", "x", words)
    path = rules / "mailboxes" / "help.yaml"
    makes = "creates: [ticket, ticket_note, ticket_time_entry, project_note, task_note, task_time_entry]"
    assert makes in path.read_text()
    path.write_text(path.read_text().replace(makes, "creates: [ticket]"))
    connection = process(rules, mail("The merger"), mail("T20261102.0001", "what is it?", "eve@evil.example"))
    assert connection.execute("SELECT COUNT(*) FROM tickets").fetchone() == (2,)
    assert ("eve@evil.example" in [row[0] for row in rows(connection)]) is told


@pytest.mark.parametrize(
    ("sender", "header", "told"),
    [
        ("maya.okafor@gmail.com", "", ["maya@brightwater.example", "peter@brightwater.example"]),
        ("maya.okafor@gmail.com", "X-Auto-Response-Suppress: All\r\n", ["peter@brightwater.example"]),
        ("maya+away@brightwater.example", "Auto-Submitted: auto-generated\r\n", ["peter@brightwater.example"]),
        (
            "l.smit@harbourhill.example",
            "Auto-Submitted: auto-generated\r\n",
            ["maya@brightwater.example", "peter@brightwater.example"],
        ),
        ("lotte+x@harbourhill.example", "Precedence: bulk\r\n", ["maya@brightwater.example", "peter@brightwater.example"]),
    ],
)
def test_a_robot_is_not_answered_at_its_owners_other_address(rules: Path, sender: str, header: str, told: list[str]) -> None:
    """Two mailboxes of one person that pass on and answer what comes would keep each other, and us, busy."""
    template(rules, "told", "x", "y")
    people = 'contact, resource lotte, "maya@brightwater.example", "peter@brightwater.example"'
    (rules / "workflow/00.rules").write_text(f'rule "x"\n  on ticket created\n  then notify {people} using told\n  stop\n')
    connection = process(rules, mail("Question", sender=sender, more=header))
    found = {recipient for recipient, used in rows(connection, "recipient, template") if used == "told"}
    assert found - {"lotte@harbourhill.example"} == set(told)
    assert ("lotte@harbourhill.example" in found) is ("harbourhill" not in sender)


def test_a_stranger_is_told_of_the_ticket_that_his_own_mail_opened(rules: Path) -> None:
    template(rules, "noted", "x", "{{ ticket.number }}: {{ ticket.title }}")
    path = rules / "mailboxes" / "help.yaml"
    path.write_text(path.read_text().replace("  created: {to", "  noted: {to: [sender], template: noted}\n  created: {to"))
    own = "new@stranger.example"
    connection = process(rules, mail("Broken", sender=own), mail("T20261102.0001", "still", sender=own))
    assert (own, "noted") in rows(connection, "recipient, template")


@pytest.mark.parametrize(
    ("body", "line", "says"),
    [
        ("{{ ticket.titel }}", 4, "unknown variable 'ticket.titel'; did you mean 'title'?"),
        ("{{ tickt.title }}", 4, "unknown variable 'tickt'; did you mean 'ticket'?"),
        ("x\n{{ ticket }}", 5, "'ticket' is a whole group of variables; write ticket.number"),
        ('{{ ticket["titel"] }}', 4, "unknown variable 'ticket.titel'"),
        ("{{ ticket.title | shout }}", 4, "No filter named 'shout'"),
        ("{% include 'secret' %}", 4, "a template cannot include another"),
        ("{{ ticket.number", 4, "the template is wrong"),
    ],
)
def test_a_wrong_template_is_found_before_it_is_used(rules: Path, body: str, line: int, says: str) -> None:
    template(rules, "received", "x", body)
    with pytest.raises(ConfigError) as found:
        load_config(rules)
    assert f"templates/received.md:{line}: " in str(found.value) and says in str(found.value)


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("on ticket created then notify contact using customer-wrote", "uses 'note.description' (templates/customer-wrote.md:4)"),
        ("after 5 minutes from ticket created then notify contact using received", "uses 'sender.name'"),
        ('on message when subject is "x" then refuse "x" using urgent', "uses 'ticket.priority'"),
        ("on ticket note created then notify contact using held-back", "uses 'reason'"),
    ],
)
def test_a_template_that_the_event_cannot_fill_is_found_where_it_is_used(rules: Path, rule: str, says: str) -> None:
    (rules / "workflow" / "90.rules").write_text(f'rule "x"\n{rule}\n')
    with pytest.raises(ConfigError) as found:
        load_config(rules)
    assert "workflow/90.rules:2:" in str(found.value) and says in str(found.value)


def test_a_template_that_a_mailbox_cannot_fill_is_found_there(rules: Path) -> None:
    path = rules / "mailboxes" / "help.yaml"
    path.write_text(path.read_text().replace("template: not-taken", "template: urgent"))
    with pytest.raises(ConfigError, match=r"mailboxes/help.yaml:\d+:\d+: the template 'urgent' uses 'ticket.priority'"):
        load_config(rules)


def test_templates_cannot_reach_into_python(rules: Path) -> None:
    template(rules, "received", "x", "{{ ticket.number['__class__'].__mro__ }}")
    with pytest.raises(ConfigError, match="'__class__' cannot be asked for here"):
        load_config(rules)
    template(rules, "received", "x", "{{ (ticket.number | attr('__cl' ~ 'ass__')).__name__ | upper }}")
    with pytest.raises(ConfigError, match="'__name__' cannot be asked for here"):
        load_config(rules)
    template(rules, "received", "x", "{{ ticket.number | attr('__cl' ~ 'ass__') | attr('mro') }}")
    connection = process(rules, mail("Broken"))
    assert "unsafe" in rows(connection)[0][3]


def test_every_shipped_template_is_worded_in_the_sample(setup: Setup) -> None:
    from engine.sources.files import open_source

    connection = open_database(None)
    Processor(connection, setup).run(open_source(str(Path(__file__).parents[2] / "sample"), 30_000_000), None)
    assert connection.execute("SELECT COUNT(*) FROM outbox WHERE error <> '' OR subject = '' OR body = ''").fetchone() == (0,)
    used = {row[0] for row in connection.execute("SELECT DISTINCT template FROM outbox")}
    assert used == set(setup.config.templates)


@pytest.fixture(scope="module")
def facts(setup: Setup) -> Facts:
    """A ticket of Maya's with everything that variables can show."""
    raw = mail("Broken \ue000 \ue001")
    message = parse_message(raw)
    at = datetime(2026, 11, 2, 10, tzinfo=UTC)
    decision = decide(message, Envelope("help", "1", at), setup, SqliteState(open_database(None), setup.config), at)
    assert decision.ticket is not None
    ticket = replace(decision.ticket, assigned=next(iter(setup.config.directory.resources)), tags=("one", "two"), due_at=at)
    return Facts(setup.config, "help", at, at, message, decision.sender, ticket=ticket)


_VARIABLES = st.sampled_from([f"{group}.{name}" for group, names in VARIABLES.items() for name in names] + [*PLAIN])
_CHOICES = st.lists(st.one_of(_VARIABLES, st.sampled_from(['"there"', "''"])), min_size=1, max_size=3).map(" or ".join)
_TEXTS = st.lists(st.one_of(st.sampled_from(["Hello ", "\n", " { ", "}", "é", "**"]), _CHOICES.map("{{{{ {} }}}}".format)))


@given(_TEXTS.map("".join))
def test_text_and_variables_are_filled_in_as_jinja_does_it(setup: Setup, facts: Facts, text: str) -> None:
    found, problems = read_template(SourceFile("templates/x.md", f'---\nsubject: "x"\n---\n{text}'))
    assert found is not None and problems == [] and found.body.parts is not None
    by_jinja = replace(found, name="y", body=Jinja(found.body.source))
    templates = Templates(replace(setup.config, templates={"x": found, "y": by_jinja}))
    assert templates.word("x", facts, "why") == templates.word("y", facts, "why")


@pytest.mark.parametrize(
    "text", ["{{ ticket.title | upper }}", "{% if number %}a{% endif %}", "{{ number and reason }}", "{{ 1 }}"]
)
def test_all_else_is_left_to_jinja(text: str) -> None:
    found, problems = read_template(SourceFile("templates/x.md", f'---\nsubject: "x"\n---\n{text}'))
    assert found is not None and problems == [] and found.body.parts is None and found.subject.parts == ("x",)


@pytest.mark.parametrize(
    ("description", "shown"),
    [
        ("x\n\n[The subject names T1.]", "x"),
        ("[This message is about P1.]", ""),
        (
            "x\n\n[This message answers T1, which is complete.]\n[Attachment left out, over 1 KB: a (2 KB)]",
            "x\n\n[Attachment left out, over 1 KB: a (2 KB)]",
        ),
        ("x [The subject names T1.]", "x [The subject names T1.]"),
        ("x\n[The subject names T1.] y\n", "x\n[The subject names T1.] y"),
        ("x\n", "x\n"),
        ("\n" * 200_000 + ".]" + "[The subject names " * 10_000, "\n" * 200_000 + ".]" + "[The subject names " * 10_000),
    ],
)
def test_lines_that_name_another_ticket_are_left_out(description: str, shown: str) -> None:
    assert without_mentions(description) == shown


def test_a_stranger_is_told_the_organization_of_a_ticket_that_no_number_placed(rules: Path) -> None:
    """It says nothing of any customer: what comes from nobody's address stands with the organization for all of that."""
    template(rules, "received", "x", "{{ organization.name }} has {{ ticket.number }}")
    connection = process(rules, mail("Broken", sender="new@stranger.example"))
    assert rows(connection) == [("new@stranger.example", "x", "Harbour & Hill IT has T20261102.0001", "")]


@pytest.mark.parametrize("form", ["{{ message.subject }}", "{{ message.subject | upper | lower }}"])
def test_white_space_around_a_text_goes(form: str, rules: Path) -> None:
    """With Jinja2 and without."""
    template(rules, "received", "x", f"\n\n  Hello\n{form}\n\n")
    ((body,),) = rows(process(rules, mail("a b")), "body")
    assert body == "Hello\na b"


@pytest.mark.parametrize("form", ["{{ reason }}", "{{ reason | replace('x', 'x') }}"])
def test_and_that_of_a_value_stays(form: str, rules: Path) -> None:
    template(rules, "spaces", "x", f"\n {form} \n")
    setup = prepare(load_config(rules))
    found = setup.templates.word("spaces", Facts(setup.config, "help", NOW, NOW), " as it is ")
    assert (found.body, found.values) == (" as it is ", ((0, 10),))
    empty = setup.templates.word("spaces", Facts(setup.config, "help", NOW, NOW), "")
    assert (empty.body, empty.values) == ("", ())
