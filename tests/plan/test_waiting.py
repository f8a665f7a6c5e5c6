"""`plan` and rules that wait: what they would have done when they were due, and what they had changed before a message came."""

from __future__ import annotations

import json
import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.config.load import load_config
from engine.decide.setup import Setup, prepare
from engine.mail.parse import parse_message
from engine.plan.replay import Plan, decide_again, replay_recorded, replay_source
from engine.processing import Processor
from engine.report.plan import groups_of
from engine.sources.files import open_source
from engine.state.past import PastState, read_recorded, recorded
from engine.state.stored import read_kept
from engine.store.database import open_database
from engine.waiting import run_due
from tests.edit import edit

ROOT = Path(__file__).resolve().parents[2]
START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
RULES = """
rule "What nobody takes is urgent"
  after 1 hour from ticket created
  when status is "New" and title does not contain "later"
  then
    set priority to "High"
    notify contact using urgent

rule "What is high is told on"
  after 2 hours from ticket created
  when priority is "High"
  then notify resource joost using urgent

rule "It has been quiet"
  after 2 days from ticket updated
  when status is not "Done"
  then add note "Nothing happened for two days" as internal

rule "Who asks again is not forgotten"
  on ticket note created
  when subject contains "still"
  then set queue to "Second line"
"""


def mail(subject: str, more: str = "") -> bytes:
    head = f"From: carmen@olivar.example\r\nTo: help@harbourhill.example\r\nSubject: {subject}\r\nMessage-ID: <{subject[:5]}.{len(subject)}@olivar.example>\r\n"
    return f"{head}{more}\r\nhello {subject}\r\n".encode()


MAIL = [
    (timedelta(0), mail("Door is stuck")),
    (timedelta(minutes=30), mail("Re: [T20261102.0001] Door is stuck")),
    (timedelta(hours=5), mail("Fix this later")),
    (timedelta(days=1), mail("Re: [T20261102.0001] Door, still")),
]


@pytest.fixture
def base(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "rules", tmp_path / "base")
    (tmp_path / "base/workflow/90-waits.rules").write_text(RULES)
    return tmp_path / "base"


def replayed(base: Path, *changes: tuple[str, str], days: float = 30) -> Plan:
    """The mail as `base` has it in a database, under a change of it; the last of it came so many days ago."""
    work = Path(shutil.copytree(base, base.with_name("work")))
    for old, new in changes:
        edit(work / "workflow/90-waits.rules", old, new)
    before, after = prepare(load_config(base)), prepare(load_config(work))
    connection = open_database(None)
    processor = Processor(connection, before)
    shift = datetime.now(UTC) - timedelta(days=days) - START - MAIL[-1][0]
    day = (START + shift).astimezone(before.config.settings.timezone)  # of a number, also an hour before midnight
    for age, raw in MAIL:
        received = (START + age + shift).replace(microsecond=0)
        processor.take(raw.replace(b"T20261102", f"T{day:%Y%m%d}".encode()), str(age), "help", received)
    return replay_recorded(connection, recorded(connection, None, None)[0], before, after, lambda: None)


def groups(plan: Plan) -> dict[str, int]:
    return {group.words: len(group.messages) for group in groups_of(plan)}


def test_a_comment_changes_nothing(base: Path) -> None:
    assert groups(replayed(base, ("after 1 hour", "# soon\n  after 1 hour"))) == {}


@pytest.mark.parametrize(
    ("old", "new", "words", "count"),
    [
        (
            'when status is "New" and title does not contain "later"',
            'when title does not contain "later"',
            "rule 'What nobody takes is urgent' when due: priority High; notified: the contact using urgent instead of nothing",
            1,
        ),
        (
            ' and title does not contain "later"',
            "",
            "rule 'What nobody takes is urgent' when due: priority High; notified: the contact using urgent instead of nothing",
            1,
        ),
        (
            "two days",
            "2 days",
            "another text of rule 'It has been quiet' when due",
            1,
        ),
        (  # of the first update it never came so far: a day later there was another
            "after 2 days from",
            "after 1 hour from",
            "rule 'It has been quiet' when due: a note (internal) instead of nothing",
            1,
        ),
    ],
)
def test_what_a_rule_would_have_done_when_it_was_due(base: Path, old: str, new: str, words: str, count: int) -> None:
    found = replayed(base, (old, new))
    assert groups(found).get(words) == count, groups(found)
    (told,) = [one for group in groups_of(found) if group.words == words for one in group.because] or [""]
    assert not told or (told.startswith("rule '") and "(workflow/90-waits.rules:" in told)


def test_a_rule_sees_what_one_before_it_did(base: Path) -> None:
    found = replayed(base, ('when status is "New" and title', "when title"))
    assert (
        "rule 'What is high is told on' when due: notified: joost@harbourhill.example using urgent instead of nothing"
        in groups(found)
    )
    assert found.rules == {"What nobody takes is urgent": (0, 1), "What is high is told on": (0, 1)}
    (changed,) = found.changed
    assert changed.subject == "Door is stuck"


def test_what_is_not_due_yet_is_not_told(base: Path) -> None:
    assert groups(replayed(base, ("two days", "2 days"), days=1)) == {}


def test_a_new_rule_says_that_it_waits_and_what_it_would_have_done(base: Path) -> None:
    new = '\nrule "More"\n  after 30 minutes from ticket created\n  then set queue to "Projects"\n'
    found = groups(replayed(base, ("as internal\n", f"as internal\n{new}")))
    assert found == {"waits: rule 'More'": 2, "rule 'More' when due: queue Projects instead of nothing": 2}


def test_mail_of_files_too(base: Path, tmp_path: Path) -> None:
    (tmp_path / "mail").mkdir()
    for place, (age, raw) in enumerate(MAIL):
        date = (START + age).strftime("Date: %a, %d %b %Y %H:%M:%S +0000\r\n").encode()
        (tmp_path / f"mail/{place}.eml").write_bytes(date + raw)
    work = Path(shutil.copytree(base, base.with_name("work")))
    edit(work / "workflow/90-waits.rules", "two days", "2 days")
    setups = prepare(load_config(base)), prepare(load_config(work))
    found = replay_source(open_source(str(tmp_path / "mail"), 30_000_000), "help", *setups, lambda: None)
    assert groups(found) == {"another text of rule 'It has been quiet' when due": 1}


def test_what_a_rule_that_waited_changed_is_there_for_the_next_message(base: Path) -> None:
    setup = prepare(load_config(base))
    connection = open_database(None)
    processor = Processor(connection, setup)
    processor.take(mail("Door is stuck"), "1", "help", START)
    done = [due.status for _, due in run_due(connection, setup, START + timedelta(hours=3))]
    assert done == ["dropped", "ran", "ran"]  # the first is the shipped configuration's
    processor.take(mail("Re: [T20261102.0001] Door is stuck"), "2", "help", START + timedelta(hours=4))
    # What is there now says nothing of what was.
    connection.execute("UPDATE tickets SET priority = 'Low'")
    assert [one["ticket"]["priority"] for one in decided_as_then(connection, setup)] == ["Normal", "High"]


def test_a_ticket_that_a_rule_made_when_it_was_due_is_there_for_the_next_message_and_not_before(base: Path) -> None:
    with (base / "workflow/90-waits.rules").open("a") as file:
        file.write(
            '\nrule "A visit"\n  after 1 hour from ticket created\n  when title contains "door"\n  then create ticket "Visit them"\n'
        )
    setup = prepare(load_config(base))
    connection = open_database(None)
    processor = Processor(connection, setup)
    processor.take(mail("[T20261102.0001] Door is stuck"), "1", "help", START)  # which nothing has yet
    processor.take(mail("Re: [T20261102.0003] Nor this"), "2", "help", START + timedelta(minutes=1))
    ran = [row.ticket for row, due in run_due(connection, setup, START + timedelta(hours=3)) if due.more_tickets]
    assert ran == ["T20261102.0001"]
    processor.take(mail("Re: [T20261102.0003] The visit"), "3", "help", START + timedelta(hours=4))
    decided = decided_as_then(connection, setup)
    assert [(one["outcome"], one["number"]) for one in decided] == [
        ("created", "T20261102.0001"),
        ("created", "T20261102.0002"),
        ("appended", "T20261102.0003"),
    ]


def decided_as_then(connection: sqlite3.Connection, setup: Setup) -> list[dict[str, Any]]:
    """What became of each message, and becomes of it again."""
    decisions = []
    for one in read_recorded(connection, recorded(connection, None, None)[0], setup.passwords):
        again = decide_again(parse_message(one.raw), one, setup, PastState(connection, setup.config, one))
        then = read_kept(connection.execute("SELECT decision FROM messages WHERE id = ?", (one.id,)).fetchone()[0], one.id)
        assert json.loads(again.as_json()) == then
        decisions.append(then)
    return decisions
