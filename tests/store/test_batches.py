"""Messages of one commit where one of them fails, and databases that fail."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from engine.decide.setup import Setup
from engine.errors import StoreError
from engine.processing import Processor
from engine.report.summary import as_text
from engine.sources.item import Item
from engine.store.database import open_database, transaction
from tests.store.conftest import again, failing_store, items, mail, rows, run


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
    assert summary.findings and summary.held == 1
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


def test_the_others_of_its_batch_become_what_they_would_without_it(
    db: Path, setup: Setup, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    failing_store(monkeypatch, "boom", "crash", error=ValueError("half of it stands"))
    reply = mail(5, "Re: number 1", more="In-Reply-To: <1@test.example>\r\n")
    mails = [mail(1), mail(2, "boom"), mail(3), mail(4, "crash"), reply, mail(1)]
    summary = run(db, setup, *mails)
    assert (summary.messages, summary.known, summary.held) == (6, 1, 2)
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


def test_a_retry_that_is_stopped_leaves_what_was_not_committed_in_quarantine(
    db: Path, setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing_store(monkeypatch, "boom", "stop", error=ValueError("no step expected this"))
    mails = [mail(1, "boom"), mail(2, "stop"), mail(3, "boom")]
    run(db, setup, *mails)
    before = rows(db, "SELECT id, message_id, outcome FROM messages")
    assert len(before) == 3 and {outcome for *_, outcome in before} == {"quarantined"}
    monkeypatch.undo()
    failing_store(monkeypatch, "stop", error=KeyboardInterrupt())
    with closing(open_database(db)) as connection:
        summary = again(connection, setup)
    assert summary.interrupted and not summary.outcomes
    assert rows(db, "SELECT id, message_id, outcome FROM messages") == before
    assert rows(db, "SELECT message FROM quarantine ORDER BY 1") == [(identity,) for identity, *_ in before]
    monkeypatch.undo()
    with closing(open_database(db)) as connection:
        assert dict(again(connection, setup).outcomes) == {"created: ticket": 2, "duplicate: duplicate": 1}
    assert rows(db, "SELECT COUNT(*), COUNT(DISTINCT sha256) FROM raw_messages") == [(3, 3)]


def test_retried_messages_share_a_commit(db: Path, setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    failing_store(monkeypatch, "boom", error=ValueError("no step expected this"))
    run(db, setup, *(mail(number, "boom") for number in range(9)))
    commits: list[str] = []
    with closing(open_database(db)) as connection:
        connection.set_trace_callback(lambda sql: commits.append(sql) if sql == "COMMIT" else None)
        assert dict(again(connection, setup).outcomes) == {"quarantined: error": 9}
    assert len(commits) < 9


def test_of_many_that_are_held_back_a_run_keeps_the_first_to_show(
    db: Path, setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing_store(monkeypatch, "boom", error=ValueError("no step expected this"))
    summary = run(db, setup, *(mail(number, "boom") for number in range(23)))
    assert (summary.held, len(summary.shown)) == (23, 20)
    assert as_text(summary).endswith("item 19: ValueError: no step expected this\n  and 3 more")


def test_a_message_named_twice_is_tried_once(db: Path, setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    failing_store(monkeypatch, "boom", error=ValueError("no step expected this"))
    run(db, setup, mail(1, "boom"))
    run(db, setup, mail(2, "else"))
    with closing(open_database(db)) as connection:
        assert dict(again(connection, setup, 1, 1).outcomes) == {"quarantined: error": 1}
        assert [row[0] for row in connection.execute("SELECT message FROM quarantine")] == [3]
        with pytest.raises(StoreError, match=r"there is no message 1; .*each try gives a message a new one"):
            again(connection, setup, 1)


def test_a_failing_database_loses_nothing_and_the_next_run_goes_on(
    db: Path, setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    import engine.storing as storing

    apply = storing.apply
    calls = []

    def full(*args):  # type: ignore[no-untyped-def]
        calls.append(1)
        if len(calls) == 3:
            raise sqlite3.OperationalError("database or disk is full")
        return apply(*args)

    monkeypatch.setattr(storing, "apply", full)
    with pytest.raises(StoreError, match="the disk is full: make room, then run the same command again; nothing is lost"):
        run(db, setup, *(mail(n) for n in range(5)))
    monkeypatch.undo()
    run(db, setup, *(mail(n) for n in range(5)))
    assert rows(db, "SELECT COUNT(*) FROM messages") == [(5,)] and rows(db, "SELECT COUNT(*) FROM tickets") == [(5,)]


@pytest.mark.parametrize("number", [1, 3])
def test_a_database_that_is_damaged_meanwhile_is_no_fault_of_the_message(
    number: int, db: Path, setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third comes after one that is at fault itself, when each has a savepoint."""
    boom = mail(2, "boom")
    failing_store(monkeypatch, "boom", error=ValueError("no step expected this"))
    failing_store(monkeypatch, f"subject {number}", error=sqlite3.DatabaseError("database disk image is malformed"))
    with pytest.raises(StoreError, match="malformed; restore it from a backup; `postroom doctor` shows what is damaged"):
        run(db, setup, mail(1, "subject 1"), boom, mail(3, "subject 3"))
    assert rows(db, "SELECT COUNT(*) FROM messages") == [(0,)]
    monkeypatch.undo()
    assert dict(run(db, setup, mail(1), boom, mail(3)).outcomes) == {"created: ticket": 3}


def test_a_full_disk_that_ends_the_transaction_is_told_as_that(db: Path, setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite rolls all of it back by itself, the savepoint of the message in hand too."""
    import engine.storing as storing

    def full(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute("ROLLBACK")
        raise sqlite3.OperationalError("database or disk is full")

    with closing(open_database(db)) as connection:
        processor = Processor(connection, setup)
        monkeypatch.setattr(storing, "apply", full)
        with pytest.raises(StoreError, match="the disk is full: make room"), transaction(connection):
            processor.take(mail(1), "1", "help")


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("created_at", "'soon'", "'soon' stands where a time should"),
        ("title", "CAST(x'736563726574ff' AS TEXT)", "Could not decode to UTF-8 column 'title'"),
    ],
)
def test_a_message_of_a_damaged_ticket_is_held_back_alone(column: str, value: str, says: str, db: Path, setup: Setup) -> None:
    run(db, setup, mail(1), mail(2))
    ((before,),) = rows(db, f"SELECT {column} FROM tickets WHERE message = 1")
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute(f"UPDATE tickets SET {column} = {value} WHERE message = 1")
    replies = [mail(10 + n, f"Re: number {n}", more=f"In-Reply-To: <{n}@test.example>\r\n") for n in (1, 2)]
    assert dict(run(db, setup, *replies).outcomes) == {"quarantined: error": 1, "appended: ticket note": 1}
    ((told,),) = rows(db, "SELECT error FROM quarantine")
    assert told.startswith(f"postroom: the database is damaged: {says}; mend it by hand, or restore it")
    assert "secret" not in told
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute(f"UPDATE tickets SET {column} = ? WHERE message = 1", (before,))
    with closing(open_database(db)) as connection:
        assert dict(again(connection, setup).outcomes) == {"appended: ticket note": 1}


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
