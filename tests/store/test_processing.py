"""Mail in, rows out: real SQLite, real files, the whole path."""

from __future__ import annotations

import json
import os
import sqlite3
import zlib
from contextlib import closing
from pathlib import Path

import pytest

from engine.config.load import load_config
from engine.decide.setup import Setup, prepare
from engine.errors import StoreError
from engine.processing import Processor
from engine.sources.files import open_source
from engine.sources.item import Item
from engine.store.again import Choice, choose
from engine.store.database import open_database, open_for_reading
from engine.store.doctor import examine
from engine.store.migrations import MIGRATIONS, version_of
from engine.summary import Summary
from tests.edit import edit

ROOT = Path(__file__).resolve().parents[2]


def mail(number: int, subject: str = "", sender: str = "carmen@olivar.example", more: str = "", body: str = "text") -> bytes:
    return (
        f"Received: by mx; Mon, 2 Nov 2026 10:{number % 60:02}:00 +0000\r\nFrom: {sender}\r\nTo: help@harbourhill.example\r\n"
        f"Subject: {subject or f'number {number} {chr(97 + number % 26) * 9}'}\r\nMessage-ID: <{number}@test.example>\r\n{more}\r\n{body}\r\n"
    ).encode()


def items(*messages: bytes) -> list[Item]:
    return [Item(f"item {index}", lambda raw=raw: raw) for index, raw in enumerate(messages)]


def run(path: Path, setup: Setup, *messages: bytes, mailbox: str | None = "help") -> Summary:
    connection = open_database(path)
    try:
        return Processor(connection, setup).run(items(*messages), mailbox)
    finally:
        connection.close()


def again(connection: sqlite3.Connection, setup: Setup, *only: int) -> Summary:
    """As `postroom retry` does."""
    chosen, _ = choose(connection, Choice(only))
    return Processor(connection, setup).retry(one.id for one in chosen)


def rows(path: Path, query: str) -> list[tuple]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def dump(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "p.db"


def test_the_sample_shows_everything(db: Path, setup: Setup) -> None:
    connection = open_database(db)
    summary = Processor(connection, setup).run(open_source(str(ROOT / "sample"), 30_000_000), None)
    connection.close()
    outcomes = {key.partition(":")[0] for key in summary.outcomes}
    assert outcomes == {"created", "appended", "duplicate", "ignored", "refused", "quarantined"}
    reasons = {reason for (reason,) in rows(db, "SELECT DISTINCT reason FROM messages WHERE reason IS NOT NULL")}
    assert reasons >= {
        "loop",
        "private",
        "own_mail",
        "bounce",
        "auto_reply",
        "feedback_report",
        "too_large",
        "rule",
        "duplicate",
        "token",
        "unreadable",
    }
    for table in (
        "tickets",
        "ticket_notes",
        "ticket_time_entries",
        "project_notes",
        "task_notes",
        "task_time_entries",
        "contacts",
        "attachments",
        "ticket_tags",
        "outbox",
        "waiting_rules",
        "quarantine",
        "rule_hits",
    ):
        assert rows(db, f"SELECT COUNT(*) FROM {table}")[0][0] > 0, table
    ran = {rule for (rule,) in rows(db, "SELECT DISTINCT rule FROM rule_hits")}
    not_waiting = {rule.name for rule in setup.config.rules.rules if rule.event.after is None}
    assert not_waiting <= ran, not_waiting - ran


def test_running_twice_changes_nothing_the_second_time(db: Path, setup: Setup) -> None:
    states = []
    for _ in range(2):
        connection = open_database(db)
        summary = Processor(connection, setup).run(open_source(str(ROOT / "sample"), 30_000_000), None)
        connection.close()
        states.append(dump(db))
    assert states[0] == states[1]
    assert summary.known == summary.messages == 68


def test_a_stranger_who_reuses_a_message_id_cannot_make_anothers_mail_vanish(db: Path, setup: Setup) -> None:
    summary = run(db, setup, mail(1, "x y z", "thief@evil.example"), mail(1, "x y z"))
    assert summary.known == 0 and rows(db, "SELECT COUNT(*) FROM messages") == [(2,)]


def test_the_same_message_in_two_mailboxes_is_two_messages(db: Path, setup: Setup) -> None:
    run(db, setup, mail(1), mailbox="help")
    run(db, setup, mail(1), mailbox="priority")
    assert rows(db, "SELECT mailbox, outcome FROM messages ORDER BY id") == [("help", "created"), ("priority", "created")]


def test_a_message_that_makes_processing_fail_is_kept_whole_and_the_next_goes_on(
    db: Path, setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    import engine.processing as processing

    decide = processing.decide

    def failing(message, *rest, **more):  # type: ignore[no-untyped-def]
        if "boom" in message.subject:
            raise ValueError("no step expected this")
        return decide(message, *rest, **more)

    monkeypatch.setattr(processing, "decide", failing)
    boom = mail(2, "boom")
    summary = run(db, setup, mail(1), boom, mail(3))
    assert summary.findings and len(summary.held) == 1
    assert rows(db, "SELECT outcome, reason FROM messages ORDER BY id") == [
        ("created", None),
        ("quarantined", "error"),
        ("created", None),
    ]
    assert rows(db, "SELECT error FROM quarantine") == [("ValueError: no step expected this",)]
    monkeypatch.undo()
    connection = open_database(db)
    retried = again(connection, setup)
    connection.close()
    assert dict(retried.outcomes) == {"created: ticket": 1}
    assert rows(db, "SELECT COUNT(*) FROM quarantine") == [(0,)]
    assert rows(db, "SELECT title FROM tickets WHERE title = 'boom'") == [("boom",)]


def failing_store(monkeypatch: pytest.MonkeyPatch, *subjects: str, error: BaseException) -> None:
    """Stores such a message, and then fails: its rows stand already."""
    import engine.processing as processing

    apply = processing.apply

    def failing(connection, blobs, decision, stored, config):  # type: ignore[no-untyped-def]
        message = apply(connection, blobs, decision, stored, config)
        if stored.message.subject in subjects and decision.outcome != "quarantined":
            raise error
        return message

    monkeypatch.setattr(processing, "apply", failing)


def test_the_others_of_its_batch_become_what_they_would_without_it(
    db: Path, setup: Setup, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    failing_store(monkeypatch, "boom", "crash", error=ValueError("half of it stands"))
    reply = mail(5, "Re: number 1", more="In-Reply-To: <1@test.example>\r\n")
    mails = [mail(1), mail(2, "boom"), mail(3), mail(4, "crash"), reply, mail(1)]
    summary = run(db, setup, *mails)
    assert (summary.messages, summary.known, len(summary.held)) == (6, 1, 2)
    other = tmp_path / "other.db"
    run(other, setup, mails[0], mails[2], reply)
    query = "SELECT message_id, outcome, number FROM messages WHERE outcome != 'quarantined' ORDER BY id"
    assert rows(db, query) == rows(other, query) and len(rows(db, query)) == 3
    assert rows(db, "SELECT number, title FROM tickets ORDER BY number") == rows(
        other, "SELECT number, title FROM tickets ORDER BY number"
    )
    assert rows(db, "SELECT DISTINCT error FROM quarantine") == [("ValueError: half of it stands",)]
    assert rows(db, "SELECT COUNT(*) FROM quarantine") == [(2,)]


def test_another_process_may_take_mail_of_a_batch_that_was_undone(
    db: Path, setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing_store(monkeypatch, "boom", error=ValueError("half of it stands"))
    end, undone = Processor._end, []

    def ends(self: Processor, word: str) -> None:
        end(self, word)
        if word == "ROLLBACK" and not undone:
            undone.append(word)
            run(db, setup, mail(1))

    monkeypatch.setattr(Processor, "_end", ends)
    summary = run(db, setup, mail(1), mail(2, "boom"), mail(3))
    assert undone and summary.known == 1 and dict(summary.outcomes) == {"created: ticket": 1, "quarantined: error": 1}
    assert rows(db, "SELECT message_id FROM messages ORDER BY id") == [(f"{n}@test.example",) for n in (1, 2, 3)]


def test_large_messages_share_a_commit_with_few(db: Path, setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    import engine.processing as processing

    monkeypatch.setattr(processing, "BATCH_BYTES", 2_000)
    commits: list[str] = []
    connection = open_database(db)
    connection.set_trace_callback(lambda sql: commits.append(sql) if sql == "COMMIT" else None)
    with closing(connection):
        Processor(connection, setup).run(items(*(mail(n, body="x" * 900) for n in range(4))), "help")
    assert len(commits) == 3  # the directory, and two messages each


def test_stopped_in_the_middle_of_a_message_nothing_of_it_stands(db: Path, setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    failing_store(monkeypatch, "stop", error=KeyboardInterrupt())
    mails = [mail(1), mail(2, "stop"), mail(3)]
    summary = run(db, setup, *mails)
    assert summary.interrupted and sum(summary.outcomes.values()) == rows(db, "SELECT COUNT(*) FROM messages")[0][0]
    assert rows(db, "SELECT COUNT(*) FROM tickets WHERE title = 'stop'") == [(0,)]
    monkeypatch.undo()
    run(db, setup, *mails)
    assert rows(db, "SELECT message_id, outcome FROM messages ORDER BY id") == [
        (f"{n}@test.example", "created") for n in (1, 2, 3)
    ]


def test_of_a_private_message_neither_subject_nor_body_is_stored(db: Path, setup: Setup) -> None:
    run(db, setup, mail(1, "zebra-subject", more="Sensitivity: Private\r\n", body="zebra-body"))
    assert rows(db, "SELECT outcome, reason, subject FROM messages") == [("ignored", "private", "")]
    assert not any("zebra" in line for line in dump(db))
    assert rows(db, "SELECT COUNT(*) FROM raw_messages") == [(0,)]


ALERT = 'Alert: A-1\n<Autotask><ID name="harbourhill"/><PW name="sample-only"/><Customer name="Olivar Hermanos S.L."/></Autotask>'


def raws(path: Path) -> list[bytes]:
    return [zlib.decompress(packed) for (packed,) in rows(path, "SELECT zlib FROM raw_messages ORDER BY rowid")]


def test_the_tokens_password_is_stored_nowhere(db: Path, setup: Setup) -> None:
    run(db, setup, mail(1, "alert", body=ALERT), mailbox="alerts")
    assert rows(db, "SELECT outcome FROM messages ORDER BY id") == [("created",)]
    assert not any("sample-only" in line for line in dump(db))
    # nor where it was sent to the wrong mailbox
    run(db, setup, mail(2, "gone astray", body=ALERT), mailbox="help")
    html = ALERT.replace("<", "&lt;").replace(">", "&gt;")
    run(
        db,
        setup,
        mail(3, "Re: gone astray", more="In-Reply-To: <2@test.example>\r\nContent-Type: text/html\r\n", body=html),
        mailbox="help",
    )
    assert rows(db, "SELECT outcome FROM messages ORDER BY id") == [("created",), ("created",), ("appended",)]
    assert not any("sample-only" in line for line in dump(db))
    assert [b"Alert: A-1" in raw and b"sample-only" not in raw for raw in raws(db)] == [True, True, True]


def test_an_alert_from_quarantine_is_read_with_its_password(
    db: Path, setup: Setup, monkeypatch: pytest.MonkeyPatch, rules: Path
) -> None:
    failing_store(monkeypatch, "alert", error=ValueError("no step expected this"))
    run(db, setup, mail(1, "alert", body=ALERT), mailbox="alerts")
    monkeypatch.undo()
    assert b"sample-only" not in raws(db)[0] and rows(db, "SELECT reason FROM quarantine") == [("error",)]
    with closing(open_database(db)) as connection:
        assert dict(again(connection, setup).outcomes) == {"created: ticket": 1}
    assert len(raws(db)) == 1 and b"sample-only" not in raws(db)[0]


def test_an_empty_password_opens_no_door(db: Path, monkeypatch: pytest.MonkeyPatch, rules: Path) -> None:
    """A variable that is there and empty is how Compose and systemd pass on one that nobody set."""
    edit(rules / "mailboxes/alerts.yaml", "${env:ALERTS_TOKEN:-sample-only}", "${env:ALERTS_TOKEN}")
    monkeypatch.setenv("ALERTS_TOKEN", "")
    run(db, prepare(load_config(rules)), mail(1, "alert", body=ALERT.replace("sample-only", "")), mailbox="alerts")
    ((reason, error),) = rows(db, "SELECT reason, error FROM quarantine")
    assert reason == "token" and "the environment variable ALERTS_TOKEN is empty" in error


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
    "form", ["datetime('now')", "datetime('now', '-1 minute')", "'2026-11-02'", "'soon'", "''", "5", "x'00'"]
)
def test_times_that_another_program_wrote_in_its_own_form_hold_no_mail_up(form: str, db: Path, setup: Setup) -> None:
    run(db, setup, mail(1, "the first"))
    with closing(open_database(db)) as connection:
        connection.execute(f"UPDATE tickets SET status = 'Done', completed_at = {form}, due_at = {form}")
    run(db, setup, mail(2, "Re: the first", more="In-Reply-To: <1@test.example>\r\n"))
    assert rows(db, "SELECT outcome FROM messages ORDER BY id") == [("created",), ("appended",)]
    with closing(open_database(db)) as connection:
        assert not [one for one in examine(connection) if "time" in one.what]


def test_a_message_named_twice_is_tried_once(db: Path, setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    failing_store(monkeypatch, "boom", error=ValueError("no step expected this"))
    run(db, setup, mail(1, "boom"))
    run(db, setup, mail(2, "else"))
    with closing(open_database(db)) as connection:
        assert dict(again(connection, setup, 1, 1).outcomes) == {"quarantined: error": 1}
        assert [row[0] for row in connection.execute("SELECT message FROM quarantine")] == [3]
        with pytest.raises(StoreError, match=r"there is no message 1; .*each try gives a message a new one"):
            again(connection, setup, 1)


def test_a_copy_that_stays_in_quarantine_keeps_its_bytes(db: Path, setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    failing_store(monkeypatch, "boom", error=ValueError("no step expected this"))
    run(db, setup, mail(1, "boom"), mailbox="help")
    run(db, setup, mail(1, "boom"), mailbox="priority")
    monkeypatch.undo()
    assert len(raws(db)) == 1
    with closing(open_database(db)) as connection:
        again(connection, setup, 1)
        again(connection, setup, 2)
    assert len(raws(db)) == 1
    assert rows(db, "SELECT mailbox, outcome FROM messages ORDER BY id") == [("help", "created"), ("priority", "created")]


def test_what_was_no_password_of_ours_when_it_came_is_withheld_once_it_is(
    db: Path, setup: Setup, monkeypatch: pytest.MonkeyPatch, rules: Path
) -> None:
    run(db, setup, mail(1, "alert", body=ALERT.replace("sample-only", "rotated-early")), mailbox="alerts")
    assert rows(db, "SELECT reason FROM quarantine") == [("token",)] and b"rotated-early" in raws(db)[0]
    monkeypatch.setenv("ALERTS_TOKEN", "rotated-early")
    with closing(open_database(db)) as connection:
        assert dict(again(connection, prepare(load_config(rules))).outcomes) == {"created: ticket": 1}
    assert len(raws(db)) == 1 and b"rotated-early" not in raws(db)[0]


def test_attachments_are_stored_once_by_their_digest(db: Path, setup: Setup) -> None:
    part = "--b\r\nContent-Type: text/x-log; name=a.log\r\n\r\nthe same\r\n--b--\r\n"
    kind = "Content-Type: multipart/mixed; boundary=b\r\n"
    run(db, setup, *(mail(n, more=kind, body=part) for n in range(3)))
    digests = {digest for (digest,) in rows(db, "SELECT sha256 FROM attachments")}
    assert rows(db, "SELECT COUNT(*) FROM attachments") == [(3,)] and len(digests) == 1
    files = [path for path in db.with_name("p.db.files").rglob("*") if path.is_file()]
    assert [path.name for path in files] == list(digests) and files[0].read_bytes().strip() == b"the same"


@pytest.mark.parametrize(("first", "then"), [("", "appended"), ("the file", "duplicate"), ("another file", "appended")])
def test_who_sends_his_mail_again_with_the_file_that_he_forgot_is_heard(first: str, then: str, db: Path, setup: Setup) -> None:
    """`discard` is for what is there already."""

    def again(number: int, file: str) -> bytes:
        part = f"--b\r\nContent-Type: a/b; name=plan.pdf\r\n\r\n{file}\r\n" if file else ""
        more = "Content-Type: multipart/mixed; boundary=b\r\n"
        return mail(number, "The plan", more=more, body=f"--b\r\n\r\nHere it is.\r\n{part}--b--")

    run(db, setup, again(1, first), again(2, "the file"))
    assert rows(db, "SELECT outcome FROM messages ORDER BY id") == [("created",), (then,)]
    files = [number for (number,) in rows(db, "SELECT number FROM attachments")]
    assert files == ["T20261102.0001"] * (bool(first) + (then == "appended"))


def test_a_databases_name_need_be_no_utf8(tmp_path: Path, setup: Setup) -> None:
    """Its attachments stand beside it, and SQLite is asked where that is."""
    db = tmp_path / os.fsdecode(b"gr\xfc\xdfe.db")
    connection = open_database(db)
    with closing(connection):
        Processor(connection, setup).run(open_source(str(ROOT / "sample"), 30_000_000), None)
    assert any(db.with_name(f"{db.name}.files").rglob("*"))


def test_every_decision_is_stored_with_its_trace_and_configuration(db: Path, setup: Setup) -> None:
    run(db, setup, mail(1, "VPN"))
    decision, version = rows(db, "SELECT decision, config_version FROM messages")[0]
    found = json.loads(decision)
    for key in (
        "message_id",
        "mailbox",
        "outcome",
        "reason",
        "entity",
        "number",
        "target",
        "sender",
        "fields",
        "tags",
        "fired",
        "not_fired",
        "notified",
        "waiting",
        "trace",
    ):
        assert key in found
    assert found["fields"]["title"] == "VPN" and "digest" in version
    assert all(one["because"] for one in found["not_fired"])
    ran = {one["rule"] for one in found["fired"]}
    assert ran and ran.isdisjoint(one["rule"] for one in found["not_fired"])


def test_a_reply_to_mail_of_the_same_batch_is_joined(db: Path, setup: Setup) -> None:
    run(db, setup, mail(1, "first"), mail(2, "Re: first", more="In-Reply-To: <1@test.example>\r\n"))
    assert rows(db, "SELECT COUNT(*) FROM tickets") == [(1,)] and rows(db, "SELECT COUNT(*) FROM ticket_notes") == [(1,)]


def test_loops_are_counted_over_a_run(db: Path, setup: Setup) -> None:
    summary = run(db, setup, *(mail(n, "again and again", "robot@olivar.example", body=str(n)) for n in range(6)))
    assert summary.outcomes["ignored: loop"] == 4


def test_at_most_three_reopenings_an_hour(db: Path, setup: Setup) -> None:
    run(db, setup, mail(0, "first"))
    for n in range(1, 6):
        connection = sqlite3.connect(db)
        connection.execute("UPDATE tickets SET status = 'Done', completed_at = '2026-11-02T10:00:00Z'")
        connection.commit()
        connection.close()
        run(db, setup, mail(n, f"T20261102.0001 part {'abcdefgh'[n] * 5}"))
    assert rows(db, "SELECT COUNT(*) FROM reopenings") == [(3,)]
    assert rows(db, "SELECT status FROM tickets") == [("Done",)]


def test_a_copy_of_our_notification_that_comes_back_is_ours_whoever_sends_it(db: Path, setup: Setup) -> None:
    run(db, setup, mail(1))
    ((own,),) = rows(db, "SELECT message_id FROM outbox")
    copy = mail(2, "Back again", sender="carmen@olivar.example").replace(b"2@test.example", own.encode())
    run(db, setup, copy, mail(3, "Another matter"))
    found = rows(db, "SELECT outcome, reason FROM messages ORDER BY id")
    assert found == [("created", None), ("ignored", "own_mail"), ("created", None)]


def test_a_bounce_of_a_notification_is_noted_on_its_ticket_and_a_reply_to_it_joined(db: Path, setup: Setup) -> None:
    run(db, setup, mail(1, "first"))
    ours = rows(db, "SELECT message_id FROM outbox")[0][0]
    bounce = (
        f"From: MAILER-DAEMON@mx.example\r\nReturn-Path: <>\r\nSubject: failure\r\nMessage-ID: <b@mx>\r\nContent-Type: multipart/report; boundary=b\r\n\r\n"
        f"--b\r\n\r\nfailed\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nStatus: 5.1.1\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <{ours}>\r\nSubject: x\r\n\r\ny\r\n--b--\r\n"
    ).encode()
    run(db, setup, bounce, mail(3, "Re: received", more=f"In-Reply-To: <{ours}>\r\n"))
    assert rows(db, "SELECT author, publish FROM ticket_notes ORDER BY id") == [("unknown", "internal"), ("contact", "all")]
    assert len(rows(db, "SELECT * FROM outbox")) == 1


def test_a_receipt_for_a_notification_is_noted_on_its_ticket(db: Path, setup: Setup) -> None:
    """It names what it is about in its report alone (RFC 8098)."""
    run(db, setup, mail(1, "first"))
    ours = rows(db, "SELECT message_id FROM outbox")[0][0]
    receipt = (
        "From: carmen@olivar.example\r\nSubject: Read: received\r\nMessage-ID: <r@olivar.example>\r\n"
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n\r\n--b\r\n\r\nIt was read.\r\n"
        "--b\r\nContent-Type: message/disposition-notification\r\n\r\nFinal-Recipient: rfc822;carmen@olivar.example\r\n"
        f"Original-Message-ID: <{ours}>\r\nDisposition: manual-action/MDN-sent-manually; displayed\r\n--b--\r\n"
    ).encode()
    run(db, setup, receipt)
    assert rows(db, "SELECT outcome, number FROM messages ORDER BY id")[1] == ("appended", "T20261102.0001")
    assert rows(db, "SELECT author, publish FROM ticket_notes") == [("contact", "internal")]


def test_a_status_on_a_task_stays(db: Path, setup: Setup) -> None:
    head = "Authentication-Results: mx.harbourhill.example; dmarc=pass header.from=harbourhill.example\r\n"
    run(db, setup, mail(1, "T20260901.0701", "joost@harbourhill.example", head, "#T=2 #S=Done\nAll is built."))
    assert rows(db, "SELECT status FROM tasks WHERE number = 'T20260901.0701'") == [("Done",)]
    run(db, setup, mail(2, "T20260901.0701", "joost@harbourhill.example", head, "#T=1\nAnd swept."))
    assert rows(db, "SELECT status FROM tasks WHERE number = 'T20260901.0701'") == [("Done",)]
    assert rows(db, "SELECT hours FROM task_time_entries ORDER BY id") == [(2.0,), (1.0,)]


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


def test_tickets_that_belong_together_are_related(db: Path, rules: Path) -> None:
    """A late answer to one that is complete, and one that looks like it (`behaviour.md` 3.6 and 5)."""
    edit(rules / "mailboxes/help.yaml", "reopen: true", "reopen: new_linked")
    setup = prepare(load_config(rules))
    head = "Authentication-Results: mx.harbourhill.example; dmarc=pass header.from=harbourhill.example\r\n"
    done = mail(2, "T20261102.0001", "joost@harbourhill.example", head, "#T=1 #S=Done\nIt works.")
    run(db, setup, mail(1, "Scanner is slow"), done, mail(3, "T20261102.0001", body="no"), mail(4, "Scanner is slow", body="y"))
    assert rows(db, "SELECT ticket, related, how FROM related_tickets ORDER BY ticket") == [
        ("T20261102.0002", "T20261102.0001", "answers"),
        ("T20261102.0003", "T20261102.0001", "looks like"),
    ]


def test_a_failing_database_loses_nothing_and_the_next_run_goes_on(
    db: Path, setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    import engine.processing as processing

    apply = processing.apply
    calls = []

    def full(*args):  # type: ignore[no-untyped-def]
        calls.append(1)
        if len(calls) == 3:
            raise sqlite3.OperationalError("database or disk is full")
        return apply(*args)

    monkeypatch.setattr(processing, "apply", full)
    with pytest.raises(StoreError, match="the disk is full: make room, then run the same command again; nothing is lost"):
        run(db, setup, *(mail(n) for n in range(5)))
    monkeypatch.undo()
    run(db, setup, *(mail(n) for n in range(5)))
    assert rows(db, "SELECT COUNT(*) FROM messages") == [(5,)] and rows(db, "SELECT COUNT(*) FROM tickets") == [(5,)]


def test_an_item_that_cannot_be_read_is_named_and_the_rest_goes_on(db: Path, setup: Setup, tmp_path: Path) -> None:
    gone = Item("gone.eml", (tmp_path / "gone.eml").read_bytes)
    vast = Item("vast.eml", lambda: bytes(10**16))
    connection = open_database(db)
    summary = Processor(connection, setup).run([gone, vast, *items(mail(1))], "help")
    connection.close()
    assert summary.unread == [
        ("gone.eml", "No such file or directory"),
        ("vast.eml", "there is not enough memory for it; lower limits.message in settings.yaml"),
    ]
    assert summary.findings
    assert rows(db, "SELECT COUNT(*) FROM messages") == [(1,)]


def test_a_newer_database_is_refused_in_words(db: Path) -> None:
    open_database(db).close()
    connection = sqlite3.connect(db)
    connection.execute("INSERT INTO schema_version VALUES (99, '')")
    connection.commit()
    connection.close()
    with pytest.raises(StoreError, match="the database has version 99, this postroom understands"):
        open_database(db)
    with pytest.raises(StoreError, match="upgrade postroom"):
        open_for_reading(db)


def test_the_database_is_durable_and_its_tables_are_those_of_the_contract(db: Path) -> None:
    connection = open_database(db)
    assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2
    assert connection.execute("PRAGMA foreign_keys").fetchone()[0] == 1
    assert version_of(connection) == len(MIGRATIONS)
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables >= {
        "messages", "tickets", "ticket_notes", "ticket_time_entries", "project_notes", "task_notes", "task_time_entries", "projects",
        "tasks", "contacts", "attachments", "ticket_tags", "related_tickets", "outbox", "waiting_rules", "quarantine", "cursors",
        "rule_hits", "schema_version",
    }  # fmt: skip
    columns = [row[1] for row in connection.execute("PRAGMA table_info(messages)")]
    assert columns[:16] == [
        "id",
        "mailbox",
        "message_id",
        "identity",
        "source_id",
        "received_at",
        "sender",
        "subject",
        "size",
        "raw_sha256",
        "outcome",
        "reason",
        "number",
        "decision",
        "config_version",
        "processed_at",
    ]
    connection.close()


def test_real_mail_is_one_row_each_and_no_bounce_opens_a_ticket(db: Path, example: Path, corpus: Path) -> None:
    from engine.config.load import load_config
    from engine.decide.setup import prepare

    setup = prepare(load_config(example))
    connection = open_database(db)
    for folder in ("bounces", "mail-gem", "redmine"):
        found = list(open_source(str(corpus / folder), 30_000_000))
        summary = Processor(connection, setup).run(found, None)
        assert summary.messages == len(found) and not summary.unread
        assert sum(summary.outcomes.values()) + summary.known == len(found)
        if folder == "bounces":
            assert {key.partition(":")[0] for key in summary.outcomes} == {"ignored"}
            assert connection.execute("SELECT COUNT(*) FROM outbox").fetchone()[0] == 0
    assert connection.execute("SELECT COUNT(*) FROM quarantine WHERE reason = 'error'").fetchone()[0] == 0
    connection.close()


def test_the_examples_own_tests_hold(example: Path) -> None:
    from engine.config.load import load_config
    from engine.decide.setup import prepare
    from engine.trial.case import read_cases, test_files
    from engine.trial.run import run_case

    setup = prepare(load_config(example))
    cases = read_cases(test_files([example / "tests"]))
    assert len(cases) == 4
    for case in cases:
        assert run_case(case, setup).differences == []


@pytest.mark.parametrize("name", [":memory:", "file:x?mode=memory", "file:p.db", "a?b#%20.db"])
def test_a_database_is_a_file_whatever_its_name(name: str, tmp_path: Path, setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    """What SQLite has for names of its own would be mail that is filed on the server and stored nowhere."""
    monkeypatch.chdir(tmp_path)
    run(Path(name), setup, mail(1))
    assert (tmp_path / name).is_file()
    with closing(open_for_reading(Path(name))) as connection:
        assert connection.execute("SELECT COUNT(*) FROM messages").fetchone() == (1,)
