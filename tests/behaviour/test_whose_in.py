"""`attribute to organization in ...` and `attribute to sender in ...`: robots and forms that say themselves whose their mail is."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.decide.decision import Decision
from tests.behaviour.taking import take, traced
from tests.edit import edit

ROBOT = "backups@cloud-vault.example"


def decided(rules: Path, to: str, body: str = "x", *, sender: str = ROBOT, subject: str = "A mail", more: str = "") -> Decision:
    help_desk = rules / "mailboxes/help.yaml"
    edit(help_desk, "defaults:", "extract:\n  client: '(?m)^Client: (?P<client>.*)'\ndefaults:")
    (rules / "workflow/00.rules").write_text(f'rule "whose"\n  on message\n  when sender.address is "{sender}"\n  then {to}\n')
    return take(rules, (sender, subject, body), more=more)


def did(decision: Decision) -> str:
    return "; ".join(done for one in decision.fired if one.rule == "whose" for done in one.did)


@pytest.mark.parametrize(
    ("client", "organization"),
    [
        ("Kessler Maschinenbau GmbH", "kessler"),
        ("  KESSLER   maschinenbau gmbh ", "kessler"),
        ("kessler-nord", "kessler-nord"),
        ("Atelier Lumi\u0065\u0300re", "lumiere"),
        ("mail.kessler.example", "kessler"),
        ("nord.kessler.example", "kessler-nord"),
        ("backup-agent@Olivar.example", "olivar"),
    ],
)
def test_an_organization_is_named_by_its_name_its_id_or_a_domain(client: str, organization: str, rules: Path) -> None:
    decision = decided(rules, "attribute to organization in client", f"The backup failed.\r\nClient: {client}\r\n")
    assert decision.ticket is not None
    assert (decision.ticket.organization, decision.ticket.contact) == (organization, None)
    assert decision.sender is not None and (decision.sender.kind, decision.sender.address) == ("unknown", ROBOT)
    assert did(decision) == f"attribute to organization {organization} ('{' '.join(client.split())}' in client)"
    assert f"unknown, of {organization}: a rule says so" in traced(decision, "sender")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("nothing", "attribute to organization in client: it is empty"),
        ("Client: Kessler GmbH", "attribute to organization in client: 'Kessler GmbH' is no organization's id, name or domain"),
        (
            "Client: Old Mill Bakery",
            "attribute to organization in client: 'Old Mill Bakery' is no organization's id, name or domain",
        ),
        ("Client: ana@gmail.com", "attribute to organization in client: 'ana@gmail.com' is no organization's id, name or domain"),
        ("Client: Twins Ltd", "attribute to organization in client: 'Twins Ltd' is the name of several: twin-1, twin-2"),
    ],
)
def test_where_no_organization_is_named_it_stays_as_it_was_and_the_trace_says_why(body: str, why: str, rules: Path) -> None:
    with (rules / "directory/organizations.csv").open("a") as table:
        table.write("twin-1,Twins Ltd,,Standard,,yes\ntwin-2,Twins LTD,,Standard,,yes\ngoogle,Google,gmail.com,Standard,,yes\n")
    decision = decided(rules, "attribute to organization in client", body)
    assert did(decision) == why
    assert decision.ticket is not None and decision.ticket.organization == "harbourhill"
    assert decision.sender is not None and decision.sender.via == "unattributed"


def test_a_header_may_name_it_in_several_values(rules: Path) -> None:
    decision = decided(
        rules,
        'attribute to organization in header "X-Client"',
        more="X-Client: nobody\r\nX-Client: kessler\r\nX-Client: olivar\r\n",
    )
    assert decision.ticket is not None and decision.ticket.organization == "kessler"


def test_a_form_is_of_who_filled_it_in(rules: Path) -> None:
    decision = decided(
        rules, 'attribute to sender in header "Reply-To"', more='Reply-To: "Ruiz, Carmen" <Carmen@olivar.example>\r\n'
    )
    assert decision.ticket is not None
    assert (decision.ticket.organization, decision.ticket.contact) == ("olivar", "carmen")
    assert did(decision) == 'attribute to sender in header "reply-to": carmen@olivar.example'
    assert list(decision.notified) == ["carmen@olivar.example"]


@pytest.mark.parametrize(
    "value",
    ['"maya@brightwater.example" <carmen@olivar.example>', "=?utf-8?q?maya=40brightwater.example?= <carmen@olivar.example>"],
)
def test_a_name_in_a_header_is_no_address(value: str, rules: Path) -> None:
    decision = decided(rules, 'attribute to sender in header "Reply-To"', more=f"Reply-To: {value}, maya@brightwater.example\r\n")
    assert decision.ticket is not None and decision.ticket.contact == "carmen"


def test_what_we_write_to_a_customer_is_his(rules: Path) -> None:
    """A technician writes to a customer, with the desk in copy: the first recipient that is no mailbox of ours."""
    to = "To: Help desk <help@harbourhill.example>, support@harbourhill.example,\r\n Carmen <carmen@olivar.example>, maya@brightwater.example\r\n"
    decision = decided(rules, 'attribute to sender in header "To"', sender="joost@harbourhill.example", more=to)
    assert decision.ticket is not None
    assert (decision.ticket.organization, decision.ticket.contact) == ("olivar", "carmen")


def test_who_filled_it_in_may_stand_in_the_text_and_be_new(rules: Path) -> None:
    decision = decided(rules, "attribute to sender in client", "Client: Nadia Amin <nadia@kessler.example>\r\nThe door is stuck.")
    assert decision.ticket is not None and decision.ticket.organization == "kessler"
    assert decision.changes.contact is not None and (decision.changes.contact.email, decision.changes.contact.last_name) == (
        "nadia@kessler.example",
        "Amin",
    )


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("", 'attribute to sender in header "reply-to": it is empty'),
        ("Carmen Ruiz", "attribute to sender in header \"reply-to\": 'Carmen Ruiz' is no address"),
        ("Us <support@harbourhill.example>", 'attribute to sender in header "reply-to": support@harbourhill.example is our own'),
        ("who@nowhere.example", 'attribute to sender in header "reply-to": who@nowhere.example belongs to nobody'),
    ],
)
def test_where_nobody_is_named_the_sender_stays(value: str, why: str, rules: Path) -> None:
    edit(rules / "settings.yaml", "unattributed: harbourhill ", "unattributed: none ")
    sender = "maya@brightwater.example"
    decision = decided(
        rules, 'attribute to sender in header "Reply-To"', sender=sender, more=f"Reply-To: {value}\r\n" if value else ""
    )
    assert did(decision) == why
    assert decision.sender is not None and decision.sender.id == "maya"


def test_what_a_message_says_authenticates_nobody(rules: Path) -> None:
    """Our own server verified the robot, and not the technician whom the robot names: no time is booked, no status set."""
    edit(rules / "mailboxes/help.yaml", "defaults:", "extract:\n  client: '(?m)^Client: (?P<client>.*)'\ndefaults:")
    (rules / "workflow/00.rules").write_text(
        f'rule "whose"\n  on message\n  when sender.address is "{ROBOT}"\n  then attribute to sender in client\n'
    )
    said = "Authentication-Results: mx.harbourhill.example; spf=pass smtp.mailfrom=cloud-vault.example\r\nIn-Reply-To: <0@x>\r\n"
    body = "#T=0.5\r\nClient: joost@harbourhill.example\r\n"
    decision = take(rules, ("maya@brightwater.example", "A question", "x"), (ROBOT, "x", body), more=said)
    assert decision.sender is not None and (decision.sender.id, decision.sender.authenticated) == ("joost", False)
    assert decision.time_entry is None
    assert (
        decision.note is not None
        and "the sender is not authenticated: the status stays as it is" in traced(decision, "becomes")[0]
    )


def test_a_number_still_counts_for_whom_it_is_attributed_to(rules: Path) -> None:
    """A robot may not write to the ticket of a customer whom its mail does not name."""
    opened = take(rules, ("carmen@olivar.example", "A question", "x"))
    assert opened.ticket is not None
    edit(rules / "mailboxes/help.yaml", "defaults:", "extract:\n  client: '(?m)^Client: (?P<client>.*)'\ndefaults:")
    (rules / "workflow/00.rules").write_text(
        f'rule "whose"\n  on message\n  when sender.address is "{ROBOT}"\n  then attribute to sender in client\n'
    )
    subject = f"Re: {opened.ticket.number}"
    for client, entity in (("carmen@olivar.example", "ticket_note"), ("anke.vogt@kessler.example", "ticket")):
        decision = take(rules, ("carmen@olivar.example", "A question", "x"), (ROBOT, subject, f"Client: {client}\r\n"))
        assert decision.entity == entity


@pytest.mark.parametrize(
    ("more", "organization"),
    [
        ("X-Client: x\r\n" * 31 + "X-Client: kessler\r\n", "kessler"),
        ("X-Client: x\r\n" * 32 + "X-Client: kessler\r\n", "harbourhill"),
        ("X-Client: kessler" + " " * 2_000 + "x\r\n", "kessler"),
    ],
)
def test_of_a_million_values_the_first_are_looked_at_each_at_its_beginning(more: str, organization: str, rules: Path) -> None:
    decision = decided(rules, 'attribute to organization in header "X-Client"', more=more)
    assert decision.ticket is not None and decision.ticket.organization == organization
    assert decision.sender is not None and decision.sender.via in ("rule", "unattributed")


@pytest.mark.parametrize(
    ("reply_to", "told"), [("carmen@olivar.example", ["carmen@olivar.example"]), ("forms@olivar.example", [])]
)
def test_a_form_that_is_automatic_tells_who_filled_it_in_and_never_itself(reply_to: str, told: list[str], rules: Path) -> None:
    decision = decided(
        rules,
        'attribute to sender in header "Reply-To"',
        sender="forms@olivar.example",
        more=f"Reply-To: {reply_to}\r\nAuto-Submitted: auto-generated\r\n",
    )
    assert decision.entity == "ticket" and list(decision.notified) == told
