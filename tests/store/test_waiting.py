"""Rules that wait: run once when they are due, dropped when their condition no longer holds, never lost (`behaviour.md` 7)."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.config.load import load_config
from engine.decide.setup import Setup, prepare
from engine.decide.waiting import decide_due
from engine.errors import StoreError
from engine.processing import Processor
from engine.sources.item import Item
from engine.state.sqlite import SqliteState
from engine.store.database import open_database
from engine.store.waiting import due_rules, finish
from engine.waiting import run_due

RECEIVED = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)
RULE = "Nobody took an urgent ticket"
DUE = RECEIVED + timedelta(minutes=30)
MAIL = b"Date: Mon, 2 Nov 2026 10:00:00 +0000\r\nFrom: maya@brightwater.example\r\nSubject: Everything is down\r\nMessage-ID: <1@t>\r\n\r\nx\r\n"


@pytest.fixture
def connection(tmp_path: Path, setup: Setup) -> sqlite3.Connection:
    opened = open_database(tmp_path / "p.db")
    Processor(opened, setup).run([Item("x", lambda: MAIL)], "help")
    return opened


def run(connection: sqlite3.Connection, setup: Setup, now: datetime, rule: str = RULE) -> list[tuple[str, str]]:
    state = SqliteState(connection, setup.config)
    result = []
    for row in due_rules(connection, now):
        if row.rule != rule:
            continue
        due = decide_due(row.rule, row.ticket, setup, state, now)
        finish(connection, row, due, setup.config, now)
        result.append((due.status, due.because))
    return result


def question(day: int) -> bytes:
    """Of one day in November; that of the 2nd is asked, and all others reply to it."""
    reply = "" if day == 2 else "In-Reply-To: <2@t>\r\n"
    head = (
        f"Date: {day} Nov 2026 10:00:00 +0000\r\nFrom: carmen@olivar.example\r\nSubject: A question\r\nMessage-ID: <{day}@t>\r\n"
    )
    return f"{head}{reply}\r\nx\r\n".encode()


def test_it_runs_once_when_it_is_due(connection: sqlite3.Connection, setup: Setup) -> None:
    queued = connection.execute("SELECT COUNT(*) FROM outbox").fetchone()[0]
    assert run(connection, setup, DUE - timedelta(seconds=1)) == []
    assert run(connection, setup, DUE) == [("ran", "notify oncall@harbourhill.example using urgent; add a note (internal)")]
    assert run(connection, setup, DUE + timedelta(days=1)) == []
    assert connection.execute("SELECT description, publish, author, type FROM ticket_notes").fetchall() == [
        ("Still not taken after 30 minutes", "internal", "system", "System note")
    ]
    assert connection.execute("SELECT COUNT(*) FROM outbox").fetchone()[0] == queued + 1
    assert connection.execute("SELECT status, finished_at FROM waiting_rules WHERE rule = ?", (RULE,)).fetchall() == [
        ("ran", "2026-11-02T10:30:00Z")
    ]


def test_it_is_dropped_when_its_condition_does_not_hold_then(connection: sqlite3.Connection, setup: Setup) -> None:
    connection.execute("UPDATE tickets SET status = 'In progress'")
    ((status, because),) = run(connection, setup, DUE)
    assert status == "dropped" and because == 'status is "New" (workflow/30-follow-up.rules:20:33) does not hold'
    assert connection.execute("SELECT COUNT(*) FROM ticket_notes").fetchone()[0] == 0


def test_it_survives_a_restart(tmp_path: Path, connection: sqlite3.Connection, setup: Setup) -> None:
    connection.close()
    assert [status for status, _ in run(open_database(tmp_path / "p.db"), setup, DUE)] == ["ran"]


def test_a_rule_that_the_configuration_no_longer_has_is_dropped(connection: sqlite3.Connection, setup: Setup) -> None:
    connection.execute("UPDATE waiting_rules SET rule = 'Gone' WHERE rule = ?", (RULE,))
    assert run(connection, setup, DUE, "Gone") == [("dropped", "the configuration has no such rule any more")]


def test_it_waits_after_an_update_too(tmp_path: Path, rules: Path) -> None:
    (rules / "workflow/90.rules").write_text(
        'rule "x"\n  after 30 minutes from ticket updated\n  when status is "Done"\n  then set priority to "Low"\n'
        'rule "y"\n  on ticket note created\n  when subject contains "thanks"\n  then set status to "Done"\n'
    )
    setup, connection = prepare(load_config(rules)), open_database(tmp_path / "p.db")
    quiet = MAIL.replace(b"Everything is down", b"A question")
    thanks = quiet.replace(b"A question", b"T20261102.0001 thanks").replace(b"<1@t>", b"<2@t>").replace(b"10:00:00", b"11:00:00")
    Processor(connection, setup).run([Item("1", lambda: quiet)], "help")
    assert connection.execute("SELECT 1 FROM waiting_rules WHERE rule = 'x'").fetchall() == []  # opened, and nothing changed it
    Processor(connection, setup).run([Item("2", lambda: thanks)], "help")
    again = thanks.replace(b"<2@t>", b"<3@t>").replace(b"11:00:00", b"11:20:00").replace(b"thanks", b"thanks again")
    done = [("2026-11-02T11:30:00Z", "waiting", "")]
    assert connection.execute("SELECT due_at, status, because FROM waiting_rules WHERE rule = 'x'").fetchall() == done
    connection.execute("UPDATE tickets SET status = 'In progress'")  # it changes once more
    Processor(connection, setup).run([Item("3", lambda: again)], "help")
    assert connection.execute("SELECT due_at, status, because FROM waiting_rules WHERE rule = 'x' ORDER BY id").fetchall() == [
        ("2026-11-02T11:30:00Z", "dropped", "the ticket was updated again"),
        ("2026-11-02T11:50:00Z", "waiting", ""),
    ]
    assert run(connection, setup, RECEIVED + timedelta(minutes=100), "x") == []
    assert run(connection, setup, RECEIVED + timedelta(minutes=110), "x") == [("ran", "set priority to Low")]


def test_one_that_fails_is_dropped_and_keeps_no_other_waiting(connection: sqlite3.Connection, setup: Setup) -> None:
    """Here a row that somebody changed by hand: no time can be read from it."""
    other = MAIL.replace(b"1@t", b"2@t").replace(b"Everything", b"The second floor").replace(b"maya@", b"peter@")
    Processor(connection, setup).run([Item("y", lambda: other)], "help")
    first, second = (number for (number,) in connection.execute("SELECT number FROM tickets ORDER BY number"))
    connection.execute("UPDATE tickets SET created_at = 'soon' WHERE number = ?", (first,))
    ran = {row.ticket: due for row, due in run_due(connection, setup, DUE) if row.rule == RULE}
    assert ran[second].status == "ran" and ran[first].status == "dropped"
    assert ran[first].because.startswith("postroom: the database is damaged: 'soon' stands where a time should; mend it by hand")
    assert not connection.in_transaction and not list(run_due(connection, setup, DUE))
    found = connection.execute("SELECT status FROM waiting_rules WHERE rule = ? ORDER BY ticket", (RULE,)).fetchall()
    assert found == [("dropped",), ("ran",)]


@pytest.mark.parametrize(
    "error", [sqlite3.OperationalError("database is locked"), sqlite3.DatabaseError("malformed"), OSError(28, "full")]
)
def test_one_that_met_a_failing_database_waits_until_that_is_mended(
    error: Exception, connection: sqlite3.Connection, setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was dropped where the second look at the database, to store that, went well again."""
    import engine.waiting as waiting

    with monkeypatch.context() as failing:
        failures = [error]

        def fails_once(*words: object) -> None:
            if failures:
                raise failures.pop()
            finish(*words)  # type: ignore[arg-type]

        failing.setattr(waiting, "finish", fails_once)
        with pytest.raises(StoreError):
            list(run_due(connection, setup, DUE))
    assert not connection.in_transaction
    assert [due.status for row, due in run_due(connection, setup, DUE) if row.rule == RULE] == ["ran"]


def test_silence_counts_from_the_last_note_also_where_it_changed_nothing(tmp_path: Path, rules: Path) -> None:
    """A note that leaves the status is no update, and still breaks the silence."""
    (rules / "workflow/90.rules").write_text(
        'rule "silence"\n  after 3 days from ticket note created\n'
        '  when status is "Customer answered" and ticket.quiet >= 3 days\n  then set status to "Done"\n'
    )
    setup = prepare(load_config(rules))
    connection = open_database(tmp_path / "p.db")
    Processor(connection, setup).run([Item(str(day), lambda day=day: question(day)) for day in (2, 3, 5)], "help")
    when = "ticket.quiet >= 3 days (workflow/90.rules:3:42) does not hold"
    assert run(connection, setup, datetime(2026, 11, 6, 10, 0, tzinfo=UTC), "silence") == [("dropped", when)]
    assert run(connection, setup, datetime(2026, 11, 8, 9, 59, tzinfo=UTC), "silence") == []
    assert run(connection, setup, datetime(2026, 11, 8, 10, 0, tzinfo=UTC), "silence") == [("ran", "set status to Done")]


def test_on_a_note_and_a_message_the_silence_is_that_before_it(tmp_path: Path, rules: Path) -> None:
    (rules / "workflow/90.rules").write_text(
        'rule "message"\n  on message\n  when ticket.quiet >= 10 days\n  then notify "desk@x.example" using urgent\n'
        'rule "note"\n  on ticket note created\n  when ticket.quiet >= 10 days and ticket.quiet < 11 days\n  then add note "long ago"\n'
    )
    setup = prepare(load_config(rules))
    connection = open_database(tmp_path / "p.db")
    processor = Processor(connection, setup)
    for day, ran in ((2, []), (3, []), (13, ["message", "note"])):
        decision = processor.take(question(day), str(day), "help")
        assert [one.rule for one in decision.fired if one.rule in ("message", "note")] == ran


def test_what_changes_a_ticket_is_its_last_update(tmp_path: Path, rules: Path) -> None:
    """Whoever reads the database asks by `updated_at` for what is new: also a rule that waited, and a report that was only counted."""
    (rules / "workflow/90.rules").write_text(
        'rule "low"\n  after 30 minutes from ticket created\n  then set priority to "Low"\n'
        'rule "told"\n  after 60 minutes from ticket created\n  then notify "desk@x.example" using urgent\n'
    )
    (rules / "duplicates.yaml").write_text(
        "version: 1\nduplicates:\n  - name: again\n    same: [sender, title]\n    when_open: {do: discard, count: true}\n"
        "    when_complete: {do: create}\n"
    )
    setup, connection = prepare(load_config(rules)), open_database(tmp_path / "p.db")
    mail = MAIL.replace(b"Everything is down", b"A question")
    again = mail.replace(b"<1@t>", b"<2@t>").replace(b"10:00:00", b"12:00:00")

    def updated() -> str:
        return str(connection.execute("SELECT updated_at FROM tickets").fetchone()[0])

    Processor(connection, setup).run([Item("1", lambda: mail)], "help")
    assert updated() == "2026-11-02T10:00:00Z"
    assert run(connection, setup, DUE, "low") == [("ran", "set priority to Low")]
    assert updated() == "2026-11-02T10:30:00Z"
    assert [status for status, _ in run(connection, setup, RECEIVED + timedelta(hours=1), "told")] == ["ran"]
    assert updated() == "2026-11-02T10:30:00Z"
    Processor(connection, setup).run([Item("2", lambda: again)], "help")
    assert connection.execute("SELECT occurrences, updated_at FROM tickets").fetchall() == [(2, "2026-11-02T12:00:00Z")]
