"""What came back from an address counts: automatic mail causes none there, and people are told of it (`behaviour.md` 1.4)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.config.load import load_config
from engine.decide.decision import Decision
from engine.decide.setup import prepare
from engine.polling.observe import Observer
from engine.processing import Processor
from engine.state.past import PastState, read_recorded
from engine.store.database import open_database
from engine.trial.case import read_cases
from engine.trial.run import Trials
from tests.behaviour.taking import bounce, traced
from tests.command import postroom
from tests.edit import edit

CARMEN, DESK = "carmen@olivar.example", "desk@x.example"
TOLD = f'rule "told"\n  on ticket note created\n  then notify contact, "{DESK}" using received\n'
MAIL = "From: {}\r\nSubject: {}\r\nMessage-ID: <{}@x>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n\r\nx\r\n"


class Desk:
    """A desk whose notifications leave at once."""

    def __init__(self, rules: Path, db: Path) -> None:
        self.rules, self.db = rules, db
        self.connection = open_database(db)
        self._count = 0

    def take(self, raw: str) -> Decision:
        decision = self.processor.take(raw.encode(), str(self._count), "help")
        assert decision is not None
        self._sent()
        return decision

    def _sent(self) -> None:
        self._count += 1
        moment = f"2026-11-02T12:00:{self._count:02}Z"
        self.connection.execute("UPDATE outbox SET status = 'sent', sent_at = ? WHERE status = 'queued'", (moment,))

    def write(self, sender: str, subject: str) -> Decision:
        return self.take(MAIL.format(sender, subject, self._count))

    def return_mail(self, copy: str, **more: str) -> Decision:
        """The mail with this header, by a server of its own: alike they would be a loop."""
        return self.take(bounce(copy, f"mx{self._count}.example", **more))

    def return_from(self, recipient: str) -> Decision:
        """What was sent there last comes back."""
        query = "SELECT message_id FROM outbox WHERE recipient = ? ORDER BY id DESC LIMIT 1"
        ((message_id,),) = self.connection.execute(query, (recipient,)).fetchall()
        return self.return_mail(f"Message-ID: <{message_id}>")

    @property
    def processor(self) -> Processor:
        return Processor(self.connection, prepare(load_config(self.rules)))


@pytest.fixture
def desk(rules: Path, tmp_path: Path) -> Iterator[Desk]:
    (rules / "workflow/90.rules").write_text(TOLD)
    desk = Desk(rules, tmp_path / "p.db")
    yield desk
    desk.connection.close()


def came_back(desk: Desk) -> list[tuple[str, int]]:
    return desk.connection.execute("SELECT recipient, came_back FROM outbox WHERE came_back IS NOT NULL ORDER BY id").fetchall()


def test_two_dead_addresses_are_not_told_of_each_others_bounces_for_ever(desk: Desk) -> None:
    desk.write(CARMEN, "A question")
    assert desk.return_from(CARMEN).notified == (DESK,)
    last = desk.return_from(DESK)
    assert last.outcome == "appended" and last.notified == ()
    assert traced(last, "not notified") == [
        f"none to {CARMEN}: what was sent there last came back",
        f"none to {DESK}: this is what came back from there",
    ]
    assert traced(last, "came back") == [f"the notification to {DESK} about T20261102.0001"]
    assert came_back(desk) == [(CARMEN, 2), (DESK, 3)]


def test_nor_where_the_bounces_are_no_tickets(desk: Desk, rules: Path) -> None:
    (rules / "workflow/90.rules").write_text(
        'rule "copy"\n  on message\n  then notify "a@x.example", "b@x.example" using held-back\n'
    )
    assert set(desk.return_mail("Message-ID: <nothing@known>").notified) == {"a@x.example", "b@x.example"}
    assert desk.return_from("a@x.example").notified == ("b@x.example",)
    last = desk.return_from("b@x.example")
    assert last.reason == "bounce" and last.notified == ()


def test_a_person_s_note_is_tried_there_again_and_what_arrives_makes_it_alive(desk: Desk) -> None:
    desk.write(CARMEN, "A question")
    desk.return_from(CARMEN)
    assert CARMEN in desk.write("joost@harbourhill.example", "T20261102.0001").notified
    assert desk.return_from(DESK).notified == (CARMEN,)


@pytest.mark.parametrize(
    ("fields", "subject"),
    [("Action: delayed", "Undelivered"), ("Final-Recipient: rfc822; x", "Warning: could not send message for past 4 hours")],
)
def test_what_is_only_late_may_arrive(fields: str, subject: str, desk: Desk) -> None:
    desk.write(CARMEN, "A question")
    ((message_id,),) = desk.connection.execute("SELECT message_id FROM outbox").fetchall()
    decision = desk.return_mail(f"Message-ID: <{message_id}>", subject=subject, fields=fields)
    assert decision.outcome == "appended" and decision.notified == (DESK,)
    assert came_back(desk) == []


def test_prometheus_is_told_how_many_came_back(desk: Desk) -> None:
    observer = Observer()
    for decision in (desk.write(CARMEN, "A question"), desk.return_from(CARMEN), desk.return_mail("Message-ID: <nobody@knows>")):
        observer.decided(decision)
    assert observer.registry.get_sample_value("postroom_came_back_total") == 1


def test_it_counts_where_bounces_become_nothing_and_once_where_they_are_taken_again(desk: Desk, rules: Path) -> None:
    edit(rules / "settings.yaml", "bounce: note_or_ignore", "bounce: ignore")
    desk.write(CARMEN, "A question")
    assert desk.return_from(CARMEN).reason == "bounce"
    assert came_back(desk) == [(CARMEN, 2)]
    edit(rules / "settings.yaml", "bounce: ignore", "bounce: note_or_ignore")
    desk.processor.retry([2])
    taken = desk.connection.execute("SELECT id, outcome FROM messages WHERE sender = 'mailer-daemon@mx1.example'").fetchall()
    assert taken == [(came_back(desk)[0][1], "appended")]


def test_a_message_of_the_past_sees_what_had_come_back_then(desk: Desk) -> None:
    desk.write(CARMEN, "A question")
    desk.return_from(CARMEN)
    desk.return_from(DESK)
    desk.write("joost@harbourhill.example", "T20261102.0001")  # which arrives
    setup = prepare(load_config(desk.rules))
    states = [PastState(desk.connection, setup.config, one) for one in read_recorded(desk.connection, [1, 2, 3], setup.passwords)]
    assert [state.came_back(CARMEN) for state in states] == [False, False, True]
    assert [state.came_back(DESK) for state in states] == [False, False, False]


def test_people_are_told_of_it(desk: Desk, rules: Path) -> None:
    desk.write(CARMEN, "A question")
    desk.return_from(CARMEN)
    shown = postroom("show", "T20261102.0001", "--db", desk.db, "--rules", rules, cwd=rules).stdout
    assert f"received to {CARMEN}: sent; message 2 returned it" in shown
    told = postroom("status", "--db", desk.db, "--rules", rules, cwd=rules).stdout
    assert f"1 address from which what was sent last came back\n  {CARMEN}: 1 came back, the last by message 2\n" in told
    desk.write("joost@harbourhill.example", "T20261102.0001")
    assert "came back" not in postroom("status", "--db", desk.db, "--rules", rules, cwd=rules).stdout


@pytest.mark.parametrize(("before", "told"), [("true", []), ("false", [DESK])])
def test_a_rule_test_says_what_came_back_before(before: str, told: list[str], desk: Desk, tmp_path: Path, rules: Path) -> None:
    (tmp_path / "t.yaml").write_text(
        "version: 1\ntests:\n  - name: dead\n    mailbox: help\n    given:\n"
        "      tickets: [{number: T20261101.0001, organization: olivar, contact: carmen, status: New}]\n"
        f"      notifications: [{{message_id: n1@x, number: T20261101.0001, to: {CARMEN}}},\n"
        f"        {{message_id: n2@x, number: T20261101.0001, to: {DESK}, came_back: {before}}}]\n"
        "    message: {from: reception@olivar.example, subject: Away, body: x, headers: {In-Reply-To: <n1@x>, Auto-Submitted: auto-replied}}\n"
        f"    expect: {{outcome: appended, notified: {told}}}\n"
    )
    (case,) = read_cases([tmp_path / "t.yaml"])
    result = Trials(prepare(load_config(rules))).run(case)
    assert result.passed, result.differences


def test_a_test_made_of_a_bounce_says_whom_it_came_back_from(desk: Desk, tmp_path: Path, rules: Path) -> None:
    desk.write(CARMEN, "A question")
    desk.return_from(CARMEN)
    made = postroom("explain", "--message", "2", "--as-test", "--db", desk.db, "--rules", rules, cwd=rules).stdout
    assert f"to: {CARMEN}" in made and "does not pass" not in made
    (tmp_path / "made.yaml").write_text(made)
    (tmp_path / "message-2.eml").write_text(postroom("raw", "2", "--db", desk.db, cwd=rules).stdout, newline="")
    done = postroom("test", "--tests", tmp_path / "made.yaml", "--rules", rules, cwd=rules)
    assert done.returncode == 0, done.stdout


def test_a_bounce_that_names_several_marks_the_one_that_it_returns(desk: Desk) -> None:
    """A copy's References name earlier ones, which arrived."""
    desk.write(CARMEN, "A question")
    desk.write("joost@harbourhill.example", "T20261102.0001")
    ids = [one for (one,) in desk.connection.execute("SELECT message_id FROM outbox WHERE recipient = ? ORDER BY id", (CARMEN,))]
    assert len(ids) == 2
    desk.return_mail(f"Message-ID: <{ids[1]}>\r\nReferences: <ref.{ids[0]}>")
    found = desk.connection.execute("SELECT message_id FROM outbox WHERE came_back IS NOT NULL").fetchall()
    assert found == [(ids[1],)]


def test_an_answer_by_itself_is_no_bounce(desk: Desk) -> None:
    desk.write(CARMEN, "A question")
    ((message_id,),) = desk.connection.execute("SELECT message_id FROM outbox").fetchall()
    away = MAIL.format(CARMEN, "Automatic reply: Your ticket", "away").replace(
        "\r\n\r\n", f"\r\nIn-Reply-To: <{message_id}>\r\nAuto-Submitted: auto-replied\r\n\r\n"
    )
    decision = desk.take(away)
    assert decision.outcome == "appended" and decision.notified == (DESK,)
    assert came_back(desk) == []


def test_the_first_bounce_counts_where_it_comes_twice(desk: Desk) -> None:
    desk.write(CARMEN, "A question")
    desk.return_from(CARMEN)
    desk.return_from(CARMEN)
    assert came_back(desk) == [(CARMEN, 2)]


def test_a_bounce_names_what_the_mail_server_called_it(desk: Desk) -> None:
    """Exchange Online gives what it sends a Message-ID of its own."""
    desk.write(CARMEN, "A question")
    desk.connection.execute("UPDATE outbox SET went_as = 'other@outlook.example'")
    desk.return_mail("Message-ID: <other@outlook.example>")
    assert came_back(desk) == [(CARMEN, 2)]
