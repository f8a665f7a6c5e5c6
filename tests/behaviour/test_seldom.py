"""Statements of `behaviour.md` that seldom come true: with the lines that they add to texts and traces."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from engine.config.load import load_config
from engine.decide.setup import prepare
from engine.processing import Processor
from engine.store.database import open_database
from tests.behaviour.taking import take, traced
from tests.edit import edit

TOKEN = '<Autotask><ID name="harbourhill"/><PW name="sample-only"/>{}</Autotask>'


@pytest.mark.parametrize(
    ("table", "row", "named", "line"),
    [
        (
            "organizations.csv",
            "olivar-2,Olivar Hermanos S.L.,,Standard,,yes\n",
            '<Customer name="Olivar Hermanos S.L."/>',
            "[The token's customer 'Olivar Hermanos S.L.' is the name of several organizations: olivar, olivar-2.]",
        ),
        (
            "contacts.csv",
            "twin,kessler,T,W,carmen@olivar.example,,,yes\n",
            '<Email name="Carmen@olivar.example"/>',
            "[The token's email carmen@olivar.example belongs to several contacts: carmen of olivar, twin of kessler.]",
        ),
        ("contacts.csv", "", '<Customer name="Olivar"/>', "[The token names no customer that is known: 'Olivar'.]"),
        ("contacts.csv", "", '<Email name="who@x.example"/>', "[The token names no customer that is known: 'who@x.example'.]"),
    ],
)
def test_5_an_alert_of_nobody_certain_is_the_local_organizations_with_a_line(
    table: str, row: str, named: str, line: str, rules: Path
) -> None:
    with (rules / "directory" / table).open("a") as file:
        file.write(row)
    decision = take(rules, ("m@kessler.example", "PROBLEM", f"down\r\n{TOKEN.format(named)}"), mailbox="alerts")
    assert decision.ticket is not None and decision.sender is not None
    assert (decision.ticket.organization, decision.sender.kind) == ("harbourhill", "unknown")
    assert decision.ticket.description == f"down\n\n{line}"


def test_7_a_rule_that_would_run_in_a_sixth_pass_is_reported(rules: Path) -> None:
    """Each pass enables the next rule, which stands before it."""
    with (rules / "tags.yaml").open("a") as file:
        file.write("".join(f"  - {{label: step {number}, match: false}}\n" for number in range(8)))
    chain = "".join(
        f'rule "{number}"\n  priority {9 - number}\n  on ticket updated\n  when ticket has tag "step {number - 1}"\n'
        f'  then add tag "step {number}"\n'
        for number in range(7, 0, -1)
    )
    (rules / "workflow/90.rules").write_text(f'rule "0"\n  on ticket created\n  then add tag "step 0"\n{chain}')
    decision = take(rules, ("maya@brightwater.example", "A question", "x"))
    assert [one.rule for one in decision.fired if one.rule.isdigit()] == ["0", "1", "2", "3", "4", "5"]
    assert "'6' would run in a sixth pass: the rules of `ticket updated` go round in circles" in traced(decision, "rule")


@pytest.mark.parametrize(
    ("body", "did"),
    [
        ("nothing forwarded", "attribute to forwarded sender: the message forwards none"),
        (
            "---------- Forwarded message ---------\r\nFrom: Who <who@nowhere.example>\r\nDate: Mon, 2 Nov 2026\r\nSubject: x\r\n"
            "To: maya@brightwater.example\r\n\r\nhello",
            "attribute to forwarded sender: who@nowhere.example belongs to nobody",
        ),
    ],
)
def test_2_a_forwarded_sender_who_is_not_there_or_nobody_leaves_the_sender(body: str, did: str, rules: Path) -> None:
    edit(rules / "settings.yaml", "unattributed: harbourhill ", "unattributed: none ")
    (rules / "workflow/00.rules").write_text('rule "f"\n  on message\n  then attribute to forwarded sender\n')
    decision = take(rules, ("maya@brightwater.example", "Fwd: x", body))
    assert decision.sender is not None and decision.sender.id == "maya"
    assert [one.did for one in decision.fired if one.rule == "f"] == [(did,)]


def test_2_who_forwards_mail_of_nobody_is_still_authenticated(rules: Path) -> None:
    edit(rules / "settings.yaml", "unattributed: harbourhill ", "unattributed: none ")
    (rules / "workflow/00.rules").write_text(
        'rule "f"\n  on message\n  when message.forwarded\n  then attribute to forwarded sender\n'
    )
    forwarded = "#T=0.5\r\n\r\n---------- Forwarded message ---------\r\nFrom: Who <who@nowhere.example>\r\nSubject: x\r\nDate: Mon, 2 Nov 2026\r\n\r\nhello"
    decision = take(
        rules,
        ("maya@brightwater.example", "A question", "x"),
        ("joost@harbourhill.example", "Fwd: x", forwarded),
        more="Authentication-Results: mx.harbourhill.example; spf=pass smtp.mailfrom=harbourhill.example\r\nIn-Reply-To: <0@x>\r\n",
    )
    assert decision.time_entry is not None and decision.time_entry.hours == 0.5


def test_5_automatic_mail_is_noted_on_a_complete_duplicate_and_does_not_reopen_it(rules: Path) -> None:
    (rules / "duplicates.yaml").write_text(
        "version: 1\nduplicates:\n  - name: d\n    same: [title]\n    when_open: {do: append_note}\n"
        "    when_complete: {do: reopen, status: In progress}\n"
    )
    (rules / "workflow/90.rules").write_text('rule "done"\n  on ticket created\n  then set status to "Done"\n')
    backup = ("backup@kessler.example", "Backup failed", "x")
    again = take(rules, backup, backup, more="Auto-Submitted: auto-generated\r\n")
    assert (again.outcome, again.ticket and again.ticket.status) == ("appended", "Done")
    by_people = take(rules, backup, backup)
    assert (by_people.outcome, by_people.ticket and by_people.ticket.status) == ("appended", "In progress")


def test_3_4_an_indicator_that_stands_twice_books_nothing(rules: Path) -> None:
    edit(rules / "settings.yaml", "indicators_need: pass", "indicators_need: none")
    first = ("maya@brightwater.example", "A question", "x")
    decision = take(rules, first, ("joost@harbourhill.example", "T20261102.0001", "#T=1 #T=2\r\ndone"))
    assert decision.note is not None and decision.time_entry is None
    assert decision.note.description.endswith("[Nothing was booked or set: #T= stands twice.]")


@pytest.mark.parametrize(
    ("headers", "named"),
    [
        ("In-Reply-To: <0@x>\r\nReferences: <other@x>\r\n", "In-Reply-To"),
        ("In-Reply-To: <other@x>\r\nReferences: <0@x> <none@x>\r\n", "References"),
    ],
)
def test_3_2_the_trace_says_which_header_names_the_mail(headers: str, named: str, rules: Path) -> None:
    one, other = ("carmen@olivar.example", "Scanner", "It is slow."), ("pablo@olivar.example", "A question", "Mine too.")
    decision = take(rules, one, other, more=headers)
    assert decision.outcome == "appended"
    assert traced(decision, "target") == [f"{named} names a message of {decision.target}, of the sender's organization"]


@pytest.mark.parametrize(
    ("subject", "body", "words"),
    [
        (
            "Re: Scanner on floor two is slow",
            "See  title.",
            "'the same mail, sent twice': the same contact, title, description as {} within 30 minutes, which is open: discard",
        ),
        (
            "Scanner on floor two is slow!",
            "Still.",
            "'nearly the same title': title 0.98 alike as {} within 2 hours, which is open: append note",
        ),
    ],
)
def test_5_the_trace_says_what_is_alike(subject: str, body: str, words: str, rules: Path) -> None:
    edit(rules / "duplicates.yaml", "within: 30 minutes", "within: 3 hours")
    mails = [("carmen@olivar.example", "Scanner on floor two is slow", "See title."), ("carmen@olivar.example", subject, body)]
    decision = take(rules, *mails)
    assert traced(decision, "duplicate") == [words.format(decision.target).replace("30 minutes", "3 hours")]


def test_3_1_a_ticket_of_a_customer_who_is_gone_is_nobodys_to_write_to(rules: Path) -> None:
    connection = open_database(None)
    setup = prepare(load_config(rules))
    first = b"From: carmen@olivar.example\r\nSubject: Scanner\r\nMessage-ID: <1@x>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n\r\nIt is slow.\r\n"
    opened = Processor(connection, setup).take(first, "1", "help")
    assert opened is not None
    connection.execute("UPDATE tickets SET organization = 'left', sender = 'who@left.example'")
    again = first.replace(b"<1@x>", b"<2@x>").replace(b"Scanner", f"Re: {opened.number}".encode())
    decision = Processor(connection, setup).take(again, "2", "help")
    assert decision is not None and decision.ticket is not None
    assert (decision.outcome, decision.reason) == ("created", None)
    assert decision.ticket.description.endswith(f"[The subject names {opened.number}.]")


@pytest.mark.parametrize(
    ("sender", "why"),
    [
        ("", "unknown, of harbourhill: the message has no sender"),
        ("x@both.example", "unknown, of harbourhill: nobody's address; both.example belongs to several: kessler, olivar"),
        ("x@none.example", "unknown, of harbourhill: nobody's address, and no organization owns none.example"),
        (
            "two@none.example",
            "unknown, of harbourhill: nobody's address, and no organization owns none.example; two@none.example is ambiguous:"
            " one of olivar (directory/contacts.csv:10), two of kessler (directory/contacts.csv:11)",
        ),
        (
            "two+x@none.example",
            "unknown, of harbourhill: nobody's address, and no organization owns none.example; two@none.example is ambiguous:"
            " one of olivar (directory/contacts.csv:10), two of kessler (directory/contacts.csv:11)",
        ),
        ("three@none.example", "the contact one, of olivar: the third address of the contact one of olivar, at a domain that is not the organization's"),
        ("LOTTE@harbourhill.example", "the resource lotte, of harbourhill: the address of the resource lotte"),
    ],
)  # fmt: skip
def test_2_the_trace_says_why_it_is_whose_it_is(sender: str, why: str, rules: Path) -> None:
    for domain in ("olivar.example", "kessler.example"):
        edit(rules / "directory/organizations.csv", f",{domain}", f",{domain};both.example")
    contacts = rules / "directory/contacts.csv"
    lines = contacts.read_text("utf-8").splitlines()
    lines += ["one,olivar,O,Ne,two@none.example,,three@none.example,yes", "two,kessler,T,Wo,two@none.example,,,yes"]
    contacts.write_text("\n".join(lines) + "\n", "utf-8")
    assert traced(take(rules, (sender, "Scanner", "It is slow.")), "sender") == [why]


def test_2_whom_mail_brought_is_nobody_once_his_customer_is_gone(rules: Path) -> None:
    connection = open_database(None)
    mail = "From: Nia <nia@new.example>\r\nSubject: Scanner {0}\r\nMessage-ID: <{0}@x>\r\nDate: Mon, 2 Nov 2026 1{0}:00:00 +0000\r\n\r\nSlow.\r\n"
    table = rules / "directory/organizations.csv"
    before = table.read_text("utf-8")
    table.write_text(f"{before}new,New one,new.example,Standard,,yes\n", "utf-8")
    first = Processor(connection, prepare(load_config(rules))).take(mail.format(1).encode(), "1", "help")
    table.write_text(before, "utf-8")
    then = Processor(connection, prepare(load_config(rules))).take(mail.format(2).encode(), "2", "help")
    assert first is not None and then is not None and first.sender is not None
    assert (first.sender.kind, first.sender.organization) == ("contact", "new")
    assert traced(then, "sender") == ["unknown, of harbourhill: nobody's address, and no organization owns new.example"]


def test_1_1_the_trace_of_a_copy_says_where_the_first_one_went(rules: Path) -> None:
    edit(rules / "settings.yaml", "private_mail: ignore", "several_mailboxes: first\nprivate_mail: ignore")
    processor = Processor(open_database(None), prepare(load_config(rules)))
    raw = b"From: carmen@olivar.example\r\nSubject: Scanner\r\nMessage-ID: <1@x>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n\r\nSlow.\r\n"
    processor.take(raw, "1", "help")
    copy = processor.take(raw, "2", "priority")
    assert copy is not None and (copy.outcome, copy.reason) == ("duplicate", "several_mailboxes")
    assert (copy.target, traced(copy, "copies")) == (
        "T20261102.0001",
        ["a copy of a message to help, which became T20261102.0001"],
    )


def test_1_2_bytes_that_are_no_message_are_told_as_such(rules: Path) -> None:
    decision = Processor(open_database(None), prepare(load_config(rules))).take(b"\r\nonly text\r\n", "1", "help")
    assert decision is not None and (decision.outcome, decision.reason) == ("quarantined", "unreadable")
    assert decision.detail == "the bytes are no message: there is not one header field"


@pytest.mark.parametrize(
    ("sender", "told"),
    [
        ("who@none.example", ("who@none.example",)),
        ("carmen@olivar.example", ("carmen@olivar.example",)),
        ("lotte@harbourhill.example", ("lotte@harbourhill.example",)),
        ("", ()),
    ],
)
def test_8_who_is_not_there_is_not_told(sender: str, told: tuple[str, ...], rules: Path) -> None:
    """Before there is a ticket it has no assigned resource and no contacts, and only a contact is one."""
    everybody = "assigned resource, additional contacts, contact, sender"
    (rules / "workflow/99-all.rules").write_text(f'rule "All"\n  on message\n  then notify {everybody} using held-back\n')
    decision = take(rules, (sender, "Scanner", "It is slow."))
    assert decision.outcome == "created" and decision.notified == told
    assert not [words for words in traced(decision, "not notified") if "address that is none" in words]


@pytest.mark.parametrize(
    ("creates", "steps", "outcome"),
    [
        (
            "[ticket, ticket_note]",
            ["discard", "not discarded, for it brings plan.pdf, photo.png: append note"],
            ("appended", "ticket_note"),
        ),
        (
            "[ticket]",
            ["discard", "not discarded, for it brings plan.pdf, photo.png: append note", "help makes no notes: a new ticket"],
            ("created", "ticket"),
        ),
    ],
)
def test_5_the_trace_says_why_a_duplicate_is_not_discarded(
    creates: str, steps: list[str], outcome: tuple[str, str], rules: Path
) -> None:
    edit(
        rules / "mailboxes/help.yaml",
        "[ticket, ticket_note, ticket_time_entry, project_note, task_note, task_time_entry]",
        creates,
    )
    processor = Processor(open_database(None), prepare(load_config(rules)))
    head = "From: carmen@olivar.example\r\nSubject: Scanner\r\nMessage-ID: <{}@x>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n"
    kind = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSlow.\r\n"
    files = "".join(f"--b\r\nContent-Type: a/b; name={name}\r\n\r\n{name}\r\n" for name in ("plan.pdf", "photo.png"))
    processor.take(f"{head.format(1)}{kind}--b--\r\n".encode(), "1", "help")
    found = processor.take(f"{head.format(2)}{kind}{files}--b--\r\n".encode(), "2", "help")
    assert found is not None and (found.outcome, found.entity) == outcome
    told = traced(found, "duplicate")
    assert told[0].endswith(f": {steps[0]}") and told[1:] == steps[1:]


AUTOMATIC = "Auto-Submitted: auto-generated\r\n"


@pytest.mark.parametrize("more", ["", AUTOMATIC], ids=["by hand", "automatic"])
def test_5_reopen_for_an_open_ticket_sets_its_status_and_counts_as_no_reopening(more: str, rules: Path) -> None:
    edit(rules / "duplicates.yaml", "when_open: {do: append_note}", "when_open: {do: reopen, status: In progress}")
    mails = [("carmen@olivar.example", subject, "Slow.") for subject in ("The scanner is slow", "the scanner is slow!")]
    decision = take(rules, *mails, more=more)
    assert decision.changes.ticket is not None
    assert (decision.outcome, decision.changes.ticket.status, decision.changes.reopened) == ("appended", "In progress", False)


def test_5_an_alert_with_its_token_reopens_though_it_is_automatic(rules: Path) -> None:
    body = f"Alert: KM-1\r\n{TOKEN.format('')}"
    kinds = ("PROBLEM", "RECOVERY", "PROBLEM")
    decision = take(rules, *(("monitor@x.example", f"{kind} disk", body) for kind in kinds), mailbox="alerts", more=AUTOMATIC)
    assert decision.changes.ticket is not None and traced(decision, "status") == ["Done becomes In progress"]
    assert (decision.outcome, decision.changes.ticket.occurrences, decision.changes.reopened) == ("appended", 2, True)


def test_5_append_note_to_what_is_complete_leaves_it_so(rules: Path) -> None:
    edit(rules / "duplicates.yaml", "when_complete: {do: reopen, status: In progress}", "when_complete: {do: append_note}")
    body = f"Alert: KM-1\r\n{TOKEN.format('')}"
    kinds = ("PROBLEM", "RECOVERY", "PROBLEM")
    decision = take(rules, *(("monitor@x.example", f"{kind} disk", body) for kind in kinds), mailbox="alerts")
    assert decision.changes.ticket is not None and traced(decision, "status") == []
    assert (decision.outcome, decision.changes.ticket.status, decision.changes.reopened) == ("appended", "Done", False)


@pytest.mark.parametrize(
    ("subject", "body", "event", "condition"),
    [
        ("T20260901.0701", "x", "task note created", "organization.id is {}"),
        ("T20260901.0701", "#T=1\r\nx", "task time entry created", "message.reply"),
        ("T20261102.0001", "#T=1\r\nx", "ticket time entry created", "message.reply"),
        ("T20261102.0001", "x", "ticket note created", "message.reply"),
    ],
)
def test_7_rules_about_an_entry_see_whose_it_is_and_that_it_is_a_reply(
    subject: str, body: str, event: str, condition: str, rules: Path
) -> None:
    (rules / "templates/plain.md").write_text("---\nsubject: Seen\n---\nSeen.\n")
    organization = load_config(rules).directory.tasks["T20260901.0701"].organization
    (rules / "workflow/90.rules").write_text(
        f'rule "seen"\n  on {event}\n  when {condition.format(organization)}\n  then notify resource lotte using plain\n'
    )
    pass_ = "Authentication-Results: mx.harbourhill.example; dmarc=pass\r\n"
    decision = take(rules, ("maya@brightwater.example", "Printer", "x"), ("joost@harbourhill.example", subject, body), more=pass_)
    assert "seen" in [one.rule for one in decision.fired]


def test_3_7_a_stranger_brings_people_to_the_ticket_that_his_own_mail_opened_alone(rules: Path) -> None:
    edit(rules / "settings.yaml", "unattributed: harbourhill", "unattributed: brightwater")
    processor = Processor(open_database(None), prepare(load_config(rules)))
    brought = []
    for sender, subject, more in (
        ("who@nowhere.example", "Printer", ""),
        ("else@nowhere.example", "T20261102.0001", "Cc: maya@brightwater.example\r\n"),
        ("who@nowhere.example", "T20261102.0001", "Cc: maya@brightwater.example\r\n"),
    ):
        head = f"From: {sender}\r\nSubject: {subject}\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n{more}"
        decision = processor.take(f"{head}\r\nx\r\n".encode(), sender + more, "help")
        assert decision is not None and decision.ticket is not None
        brought.append(decision.ticket.additional_contacts)
    assert brought == [(), (), ("maya",)]


@pytest.mark.parametrize(("status", "opened"), [("Done", "New"), ("In progress", "In progress")])
def test_3_6_reopening_sets_the_status_of_a_new_ticket_or_else_the_first_open_one(status: str, opened: str, rules: Path) -> None:
    """Where the mailbox names none for replies."""
    edit(rules / "mailboxes/help.yaml", "from_customer: {status: Customer answered, reopen: true", "from_customer: {reopen: true")
    edit(rules / "mailboxes/help.yaml", "status: New", f"status: {status}")
    (rules / "workflow/90.rules").write_text('rule "x"\n  on ticket created\n  then set status to Done\n')
    maya = ("maya@brightwater.example", "T20261102.0001", "y")
    decision = take(rules, ("maya@brightwater.example", "A question", "x"), maya)
    assert decision.ticket is not None and (decision.outcome, decision.ticket.status) == ("appended", opened)


def test_3_6_a_ticket_is_reopened_three_times_an_hour(rules: Path) -> None:
    edit(rules / "settings.yaml", "messages: 2\n", "messages: 99\n")
    (rules / "workflow/90.rules").write_text('rule "x"\n  on ticket note created\n  then set status to Done\n')
    edit(rules / "mailboxes/help.yaml", "status: New", "status: Done")
    processor = Processor(open_database(None), prepare(load_config(rules)))
    reopened = []
    for minute in range(5):
        head = f"From: maya@brightwater.example\r\nSubject: T20261102.0001\r\nDate: Mon, 2 Nov 2026 10:0{minute}:00 +0000\r\n"
        decision = processor.take(f"{head}\r\n{minute}\r\n".encode(), f"{minute}", "help")
        assert decision is not None
        reopened.append(decision.changes.reopened)
    assert reopened == [False, True, True, True, False]  # the first one opened it


def test_3_4_a_ticket_that_is_complete_and_is_completed_again_was_completed_then(rules: Path) -> None:
    edit(rules / "settings.yaml", "indicators_need: pass", "indicators_need: none")
    edit(rules / "mailboxes/help.yaml", "status: New", "status: Done")
    first = ("maya@brightwater.example", "A question", "x")
    decision = take(rules, first, ("joost@harbourhill.example", "T20261102.0001", "#T=1 #S=Done\r\ndone"))
    assert decision.ticket is not None and decision.ticket.completed_at is not None and decision.time_entry is not None
    assert decision.ticket.completed_at == decision.ticket.created_at < decision.ticket.updated_at


def test_7_a_ticket_that_a_rule_creates_is_due_as_the_mailboxs_are(rules: Path) -> None:
    (rules / "workflow/90.rules").write_text('rule "x"\n  on ticket created\n  then create ticket "Call back"\n')
    (other,) = take(rules, ("maya@brightwater.example", "A question", "x")).changes.more_tickets
    assert other.due_at is not None and other.due_at - other.created_at == timedelta(hours=8)
