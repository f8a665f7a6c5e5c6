"""What became of mail: `find` says it, `hits` which rules did it, and `retry` makes it become something else once a rule is mended."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests import command as calling
from tests.edit import edit
from tests.store.conftest import rows as stored_rows

ROOT = Path(__file__).resolve().parents[2]
RULE = 'rule "Nothing of doors"\n  on message\n  when subject contains "door"\n  then discard "doors"\n'


def mail(number: int, subject: str, sender: str = "carmen@olivar.example", more: str = "", body: str = "text") -> str:
    return (
        f"From: {sender}\nTo: help@harbourhill.example\nSubject: {subject}\nMessage-ID: <{number}@test.example>\n"
        f"Date: Mon, 2 Nov 2026 10:{number:02}:00 +0000\n{more}\n{body}\n"
    )


@pytest.fixture
def desk(tmp_path: Path, rules: Path) -> Path:
    """A folder with a configuration whose rule takes too much, and what it made of some mail."""
    (rules / "workflow/00-doors.rules").write_text(RULE)
    (tmp_path / "mail").mkdir()
    for number, text in enumerate(
        [
            mail(0, "The door is stuck"),
            mail(1, "The window too"),
            mail(2, "Doors again", "kim@gmail.com"),
            mail(3, "Private", more="Sensitivity: Private\n"),
            mail(4, "Application for technician", "lee@gmail.com"),
            mail(5, "The window too", more="Auto-Submitted: auto-generated\n"),
        ]
    ):
        (tmp_path / f"mail/{number}.eml").write_text(text)
    done = postroom(tmp_path, "run", "--source", "mail", "--mailbox", "help")
    assert done.returncode == 0, done.stderr
    return tmp_path


def postroom(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return calling.postroom(*words, "--rules", folder / "rules", cwd=folder)


def rows(folder: Path, query: str) -> list[tuple[object, ...]]:
    return stored_rows(folder / "postroom.db", query)


def outcomes(folder: Path) -> list[tuple[object, ...]]:
    return rows(folder, "SELECT subject, outcome, reason FROM messages ORDER BY received_at")


BEFORE = [
    ("The door is stuck", "ignored", "rule"),
    ("The window too", "created", None),
    ("Doors again", "ignored", "rule"),
    ("", "ignored", "private"),
    ("Application for technician", "refused", "rule"),
    ("The window too", "duplicate", "duplicate"),
]


def test_what_a_rule_took_wrongly_becomes_what_it_is(desk: Path) -> None:
    assert outcomes(desk) == BEFORE
    (desk / "rules/workflow/00-doors.rules").unlink()  # its name is known from the mail that it took
    done = postroom(desk, "retry", "--rule", "Nothing of doors")
    assert done.returncode == 0, done.stderr
    assert outcomes(desk) == [
        ("The door is stuck", "created", None),
        BEFORE[1],
        ("Doors again", "created", None),
        *BEFORE[3:],
    ]
    opened = rows(desk, "SELECT number, created_at FROM tickets WHERE title = 'The door is stuck'")
    assert opened == [("T20261102.0002", "2026-11-02T10:00:00Z")]
    assert postroom(desk, "retry", "--rule", "Nothing of doors").returncode == 2  # nothing tells of it any more
    # Mail that comes again is known.
    postroom(desk, "run", "--source", "mail", "--mailbox", "help")
    assert len(rows(desk, "SELECT * FROM messages")) == 6


def test_it_says_beforehand_which_it_would_be(desk: Path) -> None:
    done = postroom(desk, "retry", "--rule", "Nothing of doors", "--dry-run")
    assert done.stdout == (
        "message 1  2026-11-02 10:00  help  carmen@olivar.example: The door is stuck: ignored (doors)\n"
        "message 3  2026-11-02 10:02  help  kim@gmail.com: Doors again: ignored (doors)\n"
        "2 would be processed again\n"
    )
    assert outcomes(desk) == BEFORE
    for since, count in (("2026-11-02", 3), ("2026-11-03", 0)):
        done = postroom(desk, "retry", "--reason", "rule", "--since", since, "--dry-run")
        assert done.returncode == 0 and done.stdout.endswith(f"{count} would be processed again\n")
    done = postroom(desk, "retry", "--reason", "private")
    assert done.returncode == 0 and "of 1 more the bytes are not kept" in done.stdout


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("CARMEN", "window"), [2, 6]),
        (("wíndow", "--outcome", "created"), [2]),
        (("2@test.example",), [3]),
        (("t20261102.0001",), [2, 6]),
        (("--outcome", "ignored"), [1, 3, 4]),
        (("--since", "2026-11-03"), []),
        (("--last", "2"), [5, 6]),
        (("%",), []),
        (("' OR 1 --",), []),
    ],
)
def test_mail_is_found_by_what_is_known_of_it(desk: Path, words: tuple[str, ...], found: list[int]) -> None:
    done = postroom(desk, "find", *words)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [int(line.split()[1]) for line in lines if line.startswith("message ")] == found
    assert ("no message is so" in lines) is (not found)
    assert ("and older ones; --last 4 shows more" in lines) is ("--last" in words)


def test_a_mailbox_that_nothing_came_to_is_told(desk: Path) -> None:
    done = postroom(desk, "find", "--mailbox", "halp")
    assert done.returncode == 2 and "no mail has come to a mailbox 'halp'; did you mean 'help'?" in done.stderr


def test_each_is_told_with_what_became_of_it(desk: Path) -> None:
    assert postroom(desk, "find").stdout.splitlines() == [
        "message 1  2026-11-02 10:00  help  carmen@olivar.example: The door is stuck: ignored (doors)",
        "message 2  2026-11-02 10:01  help  carmen@olivar.example: The window too: opened T20261102.0001",
        "message 3  2026-11-02 10:02  help  kim@gmail.com: Doors again: ignored (doors)",
        "message 4  2026-11-02 10:03  help  carmen@olivar.example: (no subject): ignored (private)",
        "message 5  2026-11-02 10:04  help  lee@gmail.com: Application for technician: refused (applications are taken at jobs@harbourhill.example)",
        "message 6  2026-11-02 10:05  help  carmen@olivar.example: The window too: duplicate ('the same mail, sent twice': the same contact, title, description as T20261102.0001 within 30 minutes, which is open)",
        "`postroom explain --message NUMBER` says why it became that",
    ]


HELD = [
    mail(10, "Rechnung", more="Content-Type: application/octet-stream; name=Rechnung.exe\n"),
    mail(11, "Report", "robot@olivar.example", more="Auto-Submitted: auto-generated\n"),
    mail(12, "It is me", more="Authentication-Results: mx.harbourhill.example; dmarc=fail\n"),
]


@pytest.fixture
def held(desk: Path) -> Path:
    """The same, with four messages more that are held back, each for something else."""
    edit(desk / "rules/settings.yaml", "auto_generated: process", "auto_generated: quarantine")
    edit(desk / "rules/settings.yaml", "on_fail: flag", "on_fail: quarantine")
    (desk / "held").mkdir()
    for number, text in enumerate(HELD):
        (desk / f"held/{number}.eml").write_text(text)
    (desk / "held/9.eml").write_bytes(b"\0\1\2")
    assert postroom(desk, "run", "--source", "held", "--mailbox", "help").returncode == 1
    assert quarantine(desk) == ["rule", "auto_generated", "unauthenticated", "unreadable"]
    return desk


def quarantine(folder: Path) -> list[object]:
    return [row[0] for row in rows(folder, "SELECT reason FROM quarantine ORDER BY id")]


def test_what_a_person_has_looked_at_passes(held: Path) -> None:
    done = postroom(held, "retry", "7", "8", "9")
    assert done.returncode == 1 and len(quarantine(held)) == 4  # nothing has changed: it is held back again
    ids = [str(row[0]) for row in rows(held, "SELECT message FROM quarantine WHERE reason <> 'unreadable' ORDER BY id")]
    done = postroom(held, "retry", *ids, "--release")
    assert done.returncode == 0, done.stdout + done.stderr
    assert quarantine(held) == ["unreadable"]
    for title in ("Rechnung", "Report", "It is me"):
        assert rows(held, f"SELECT outcome FROM messages WHERE subject = '{title}'") == [("created",)]
    (number,) = rows(held, "SELECT number FROM messages WHERE subject = 'Rechnung'")[0]
    why = postroom(held, "explain", str(number)).stdout
    assert "a person lets it pass what held it back" in why and "quarantine: spared, for a person let it pass" in why
    for message in rows(held, "SELECT id FROM messages WHERE subject IN ('Rechnung', 'Report', 'It is me')"):
        again = postroom(held, "explain", "--message", str(message[0]), "--again").stdout
        assert again.startswith("It becomes the ticket "), again
    (number,) = rows(held, "SELECT number FROM messages WHERE subject = 'It is me'")[0]
    assert "authenticated  fail: " in " ".join(postroom(held, "explain", str(number)).stdout.split("\n"))


def test_what_is_let_go_is_in_quarantine_no_more(held: Path) -> None:
    done = postroom(held, "retry", "--reason", "unreadable", "--forget", "--dry-run")
    assert done.stdout.endswith("1 would be let go\n") and len(quarantine(held)) == 4
    done = postroom(held, "retry", "--reason", "unreadable", "--forget")
    assert done.returncode == 0 and done.stdout == "1 let go\n"
    assert postroom(held, "retry", "7", "8", "9", "--forget").stdout == "3 let go\n"
    assert postroom(held, "status").returncode == 0
    assert postroom(held, "doctor").returncode == 0
    assert [row[1:] for row in outcomes(held)[-3:]] == [
        ("ignored", reason) for reason in ("auto_generated", "unauthenticated", "unreadable")
    ]
    assert "a person let it go at 20" in postroom(held, "explain", "--message", "7").stdout
    # It can be taken again all the same.
    assert postroom(held, "retry", "7").returncode == 1 and quarantine(held) == ["rule"]


def test_where_its_mailbox_is_gone_it_comes_in_as_mail_of_files_does(held: Path) -> None:
    (held / "rules/mailboxes/help.yaml").rename(held / "rules/mailboxes/desk.yaml")
    for path in (held / "rules").rglob("*.yaml"):
        text = path.read_text()
        path.write_text(text.replace("extends: help", "extends: desk").replace("[help, priority]", "[desk, priority]"))
    done = postroom(held, "retry", "7", "--release")
    assert done.returncode == 0, done.stdout + done.stderr
    assert rows(held, "SELECT mailbox, outcome FROM messages WHERE subject = 'Rechnung'") == [("desk", "created")]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--release",), "--release takes MESSAGES that you have looked at"),
        (("--reason", "rule", "--release"), "--release takes MESSAGES that you have looked at"),
        (("7", "--release", "--forget"), "--release takes MESSAGES that you have looked at"),
        (("--forget",), "--forget takes MESSAGES, --rule or --reason"),
        (("1", "--release"), "message 1 is not in quarantine; `postroom status` shows which are"),
        (("7", "1", "--forget"), "message 1 is not in quarantine; `postroom status` shows which are"),
    ],
)
def test_only_what_is_in_quarantine_is_released_or_let_go(held: Path, words: tuple[str, ...], says: str) -> None:
    done = postroom(held, "retry", *words)
    assert done.returncode == 2 and says in done.stderr, done.stderr
    assert len(quarantine(held)) == 4


def test_how_often_rules_ran(desk: Path) -> None:
    def shown(*words: str) -> dict[str, str]:
        lines = postroom(desk, "hits", *words).stdout.splitlines()
        return {line[21:].partition("  [")[0]: line[:19] for line in lines if line.endswith("]")}

    found = shown()
    assert next(iter(found)) == "Nothing of doors"  # as they stand in the files
    assert found["Nothing of doors"] == "      2  2026-11-02" and found["Job applications go elsewhere"] == "      1  2026-11-02"
    assert found["Nobody took an urgent ticket"].split() == ["0", "never"]
    assert shown("--since", "2026-11-03")["Nothing of doors"].split() == ["0", "never"]
    assert postroom(desk, "run-waiting").returncode == 0
    assert "Nobody took an urgent ticket; waited in vain: 1" in shown()


def test_by_its_number(desk: Path) -> None:
    edit(desk / "rules/workflow/00-doors.rules", '"door"', '"gate"')
    done = postroom(desk, "retry", "3")
    assert done.returncode == 0, done.stderr
    assert [row[1] for row in outcomes(desk)] == ["ignored", "created", "created", "ignored", "refused", "duplicate"]


def test_a_notice_that_was_sent_is_not_sent_twice(desk: Path) -> None:
    before = rows(desk, "SELECT message_id, recipient FROM outbox WHERE recipient = 'lee@gmail.com'")
    assert len(before) == 1
    assert postroom(desk, "retry", "--reason", "rule").returncode == 0
    assert rows(desk, "SELECT message_id, recipient FROM outbox WHERE recipient = 'lee@gmail.com'") == before
    assert outcomes(desk) == BEFORE


def test_a_duplicate_counts_once(desk: Path) -> None:
    edit(desk / "rules/duplicates.yaml", "when_open: {do: discard}", "when_open: {do: discard, count: true}")
    for expected in (2, 2):
        assert postroom(desk, "retry", "--reason", "duplicate").returncode == 0
        assert rows(desk, "SELECT occurrences FROM tickets WHERE title = 'The window too'") == [(expected,)]
    edit(desk / "rules/duplicates.yaml", "when_open: {do: discard, count: true}", "when_open: {do: append_note}")
    assert postroom(desk, "retry", "--reason", "duplicate").returncode == 0
    assert rows(desk, "SELECT occurrences FROM tickets WHERE title = 'The window too'") == [(1,)]
    assert rows(desk, "SELECT COUNT(*) FROM ticket_notes") == [(1,)]
    assert postroom(desk, "doctor").returncode == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("2",), "message 2 became something: T20261102.0001; `postroom show T20261102.0001` shows it"),
        (("4",), "of message 4 the bytes are not kept; let its sender send it again"),
        (("99",), "there is no message 99; "),
        (("--rule", "Nothing of dors"), "unknown rule 'Nothing of dors'; did you mean 'Nothing of doors'?"),
        (("99999999999999999999",), "99999999999999999999 is not in the range"),
        (("--reason", "lop"), "'lop' is not one of 'loop', 'private'"),
        (("--since", "7d"), "--since goes with --rule or --reason"),
        (("3", "--reason", "loop"), "name MESSAGES, or say which by --rule, --reason and --since"),
    ],
)
def test_what_cannot_be_tried_again_is_told(desk: Path, words: tuple[str, ...], says: str) -> None:
    done = postroom(desk, "retry", *words)
    assert done.returncode == 2 and says in done.stderr, done.stderr
    assert outcomes(desk) == BEFORE
