"""Mail in, rows out: real SQLite, real files, the whole path."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from engine.config.load import load_config
from engine.decide.setup import Setup, prepare
from engine.errors import StoreError
from engine.processing import Processor
from engine.sources.files import open_source
from engine.store.database import open_database, open_for_reading
from engine.store.doctor import examine
from engine.store.migrations import MIGRATIONS, version_of
from tests.store.conftest import dump, mail, rows, run

ROOT = Path(__file__).resolve().parents[2]


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


def test_attachments_are_stored_once_by_their_digest(db: Path, setup: Setup) -> None:
    part = "--b\r\nContent-Type: text/x-log; name=a.log\r\n\r\nthe same\r\n--b--\r\n"
    kind = "Content-Type: multipart/mixed; boundary=b\r\n"
    run(db, setup, *(mail(n, more=kind, body=part) for n in range(3)))
    digests = {digest for (digest,) in rows(db, "SELECT sha256 FROM attachments")}
    assert rows(db, "SELECT COUNT(*) FROM attachments") == [(3,)] and len(digests) == 1
    files = [path for path in db.with_name("p.db.files").rglob("*") if path.is_file()]
    assert [path.name for path in files] == list(digests) and files[0].read_bytes().strip() == b"the same"


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


def test_a_status_on_a_task_stays(db: Path, setup: Setup) -> None:
    head = "Authentication-Results: mx.harbourhill.example; dmarc=pass header.from=harbourhill.example\r\n"
    run(db, setup, mail(1, "T20260901.0701", "joost@harbourhill.example", head, "#T=2 #S=Done\nAll is built."))
    assert rows(db, "SELECT status FROM tasks WHERE number = 'T20260901.0701'") == [("Done",)]
    run(db, setup, mail(2, "T20260901.0701", "joost@harbourhill.example", head, "#T=1\nAnd swept."))
    assert rows(db, "SELECT status FROM tasks WHERE number = 'T20260901.0701'") == [("Done",)]
    assert rows(db, "SELECT hours FROM task_time_entries ORDER BY id") == [(2.0,), (1.0,)]


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
    from engine.trial.case import read_cases, test_files
    from engine.trial.run import Trials

    setup = prepare(load_config(example))
    cases = read_cases(test_files([example / "tests"]))
    assert len(cases) == 4
    for case in cases:
        assert Trials(setup).run(case).differences == []


@pytest.mark.parametrize("name", [":memory:", "file:x?mode=memory", "file:p.db", "a?b#%20.db"])
def test_a_database_is_a_file_whatever_its_name(name: str, tmp_path: Path, setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    """What SQLite has for names of its own would be mail that is filed on the server and stored nowhere."""
    monkeypatch.chdir(tmp_path)
    run(Path(name), setup, mail(1))
    assert (tmp_path / name).is_file()
    with closing(open_for_reading(Path(name))) as connection:
        assert connection.execute("SELECT COUNT(*) FROM messages").fetchone() == (1,)
