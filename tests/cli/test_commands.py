"""The commands as a person calls them: what they print, and their exit status."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests import command as calling
from tests.edit import edit

ROOT = Path(__file__).resolve().parents[2]
MAIL = b"From: carmen@olivar.example\r\nTo: help@harbourhill.example\r\nSubject: VPN \x1b[31mred\r\nMessage-ID: <1@t>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n\r\nhello\r\n"


SHIPPED = {"POSTROOM_RULES": str(ROOT / "rules"), "COLUMNS": "120"}


def postroom(*words: str | Path, cwd: Path, stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
    return calling.postroom(*words, cwd=cwd, stdin=stdin, **SHIPPED)


@pytest.mark.parametrize("command", ["run", "check", "explain", "show", "status", "retry", "test", "run-waiting"])
def test_every_command_has_help_with_an_example(command: str, tmp_path: Path) -> None:
    done = postroom(command, "--help", cwd=tmp_path)
    assert done.returncode == 0 and "Example" in done.stdout and f"postroom {command}" in done.stdout


def test_run_status_show_and_explain(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(MAIL)
    done = postroom("run", "--source", "a.eml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "1 message\n" in done.stdout and "Remote access is a matter of connectivity" in done.stdout
    done = postroom("status", cwd=tmp_path)
    assert done.returncode == 0 and "0 in quarantine" in done.stdout
    done = postroom("show", "t20261102.0001", cwd=tmp_path)
    assert done.returncode == 0 and "joost" in done.stdout and "hello" in done.stdout and "configuration" in done.stdout
    assert "\x1b" not in done.stdout
    done = postroom("explain", "--message", "1@t", cwd=tmp_path)
    assert done.returncode == 0 and "It becomes the ticket T20261102.0001" in done.stdout
    before = (tmp_path / "postroom.db").read_bytes()
    done = postroom("explain", "a.eml", cwd=tmp_path)
    assert done.returncode == 0 and "processed before" in done.stderr
    assert (tmp_path / "postroom.db").read_bytes() == before


def test_a_number_counts_in_any_case_whatever_case_the_form_has(tmp_path: Path, rules: Path) -> None:
    edit(rules / "settings.yaml", ": T{date", ": Case-{date", -1)
    (rules / "directory/tasks.csv").unlink()
    answer = MAIL.replace(b"<1@t>", b"<2@t>").replace(b"VPN", b"about case-20261102.0001")
    for name, raw in (("1.eml", MAIL), ("2.eml", answer)):
        (tmp_path / name).write_bytes(raw)
        assert postroom("run", "--source", name, "--rules", rules, cwd=tmp_path).returncode == 0
    shown = [postroom("show", number, cwd=tmp_path).stdout for number in ("Case-20261102.0001", "CASE-20261102.0001")]
    assert shown[0] == shown[1] and "Mail of carmen" in shown[0]
    done = postroom("explain", "CASE-20261102.0001", "--rules", rules, cwd=tmp_path)
    assert "It becomes the ticket Case-20261102.0001" in done.stdout


def test_a_ticket_is_shown_with_its_mail_its_notifications_and_its_rules_and_each_is_explained(tmp_path: Path) -> None:
    answer = (
        MAIL.replace(b"<1@t>", b"<2@t>\r\nIn-Reply-To: <1@t>").replace(b"10:00", b"10:01").replace(b"hello", b"one more word")
    )
    for name, raw in (("1.eml", MAIL), ("2.eml", answer), ("T20261102.0001", answer)):
        (tmp_path / name).write_bytes(raw)
    postroom("run", "--source", "1.eml", cwd=tmp_path)
    postroom("run", "--source", "2.eml", cwd=tmp_path)
    shown = postroom("show", "T20261102.0001", cwd=tmp_path).stdout
    assert "\n       1  2026-11-02T10:00:00Z  created    carmen@olivar.example\n" in shown
    assert "\n       2  2026-11-02T10:01:00Z  appended   carmen@olivar.example\n" in shown
    assert "received to carmen@olivar.example: queued\n" in shown
    assert "Nobody took an urgent ticket: waiting\n" in shown
    postroom("run-waiting", cwd=tmp_path)
    assert "Nobody took an urgent ticket: dropped, priority is" in postroom("show", "T20261102.0001", cwd=tmp_path).stdout
    project = postroom("show", "P20260901.0001", cwd=tmp_path).stdout
    assert "New practice" in project and "Messages" not in project and "Notifications" not in project
    # A file of that name comes first; without it, the mail that opened the ticket is meant.
    assert "message 2" not in postroom("explain", "T20261102.0001", cwd=tmp_path).stdout
    (tmp_path / "T20261102.0001").unlink()
    assert "message 1, " in postroom("explain", "T20261102.0001", cwd=tmp_path).stdout
    assert "message 2, " in postroom("explain", "--message", "2", cwd=tmp_path).stdout


def test_a_stored_message_comes_out_as_it_came_and_is_decided_again(tmp_path: Path, rules: Path) -> None:
    (tmp_path / "a.eml").write_bytes(MAIL)
    postroom("run", "--source", "a.eml", cwd=tmp_path)
    for name in ("1", "1@t", "T20261102.0001"):
        done = subprocess.run(
            [sys.executable, "-m", "engine", "raw", name],
            cwd=tmp_path,
            capture_output=True,
            env=calling.environment(**SHIPPED),
            check=True,
        )
        assert done.stdout == MAIL
    again = postroom("explain", "--message", "1", "--again", cwd=tmp_path).stdout
    assert "It becomes the ticket T20261102.0001" in again and "Rules that did not run" in again  # as if it had just come
    edit(rules / "mailboxes/help.yaml", "due: 8 hours", "due: 9 hours")
    words = ("explain", "--message", "1", "--json", "--rules", rules)
    stored, now = (json.loads(postroom(*words, *more, cwd=tmp_path).stdout) for more in ((), ("--again",)))
    assert [one["ticket"]["due_at"] for one in (stored, now)] == ["2026-11-02T18:00:00Z", "2026-11-02T19:00:00Z"]
    assert "\nTo carmen@" in postroom("explain", "T20261102.0001", "--words", cwd=tmp_path).stdout
    with closing(sqlite3.connect(tmp_path / "postroom.db")) as connection, connection:
        connection.execute("DELETE FROM raw_messages")
    for words in (("raw", "1"), ("explain", "--message", "1", "--again")):
        done = postroom(*words, cwd=tmp_path)
        assert done.returncode == 2 and "of message 1 the bytes are not kept" in done.stderr
    main, end = os.openpty()
    shown = subprocess.run(
        [sys.executable, "-m", "engine", "raw", "1"],
        cwd=tmp_path,
        stdout=end,
        stderr=subprocess.PIPE,
        env=calling.environment(**SHIPPED),
        check=False,
    )
    os.close(main), os.close(end)
    assert (
        shown.returncode == 2
        and b"a message as it came is nothing for a terminal; write `postroom raw 1 > mail.eml`" in shown.stderr
    )
    done = postroom("raw", "7", cwd=tmp_path)
    assert done.returncode == 2 and "there is no message '7' in postroom.db; `postroom find` tells its number" in done.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nothing.eml",), "nothing.eml is no file, and no mail in postroom.db has this number"),
        (("nothing.eml", "--db", "none.db"), "nothing.eml is no file, and there is no database none.db"),
        (("\udcff",), "is no file, and no mail in postroom.db has this number"),
        (("--message", "77"), "there is no message '77' in postroom.db"),
        (("x" * 5_000,), f"{'x' * 100}...: File name too long; mend that, or name another"),
        ((), "name a FILE or the NUMBER of a ticket"),
        (("T20261102.0001", "--mailbox", "help"), "--mailbox takes a FILE"),
        (("-", "--again"), "--again takes a stored message"),
    ],
)
def test_what_explain_cannot_find_is_told(words: tuple[str, ...], says: str, tmp_path: Path) -> None:
    postroom("run", "--source", "-", cwd=tmp_path, stdin=MAIL)
    done = postroom("explain", *words, cwd=tmp_path)
    assert done.returncode == 2 and says in done.stderr and not (tmp_path / "none.db").exists()


@pytest.mark.parametrize(("on_fail", "is_told"), [("flag", True), ("process", False)])
def test_explain_says_that_a_sender_failed_authentication_unless_that_is_nobodys_concern(
    on_fail: str, is_told: bool, tmp_path: Path, rules: Path
) -> None:
    edit(rules / "settings.yaml", "on_fail: flag", f"on_fail: {on_fail}")
    raw = b"Authentication-Results: mx.harbourhill.example; dmarc=fail header.from=olivar.example\r\n" + MAIL
    done = postroom("explain", "-", "--rules", rules, cwd=tmp_path, stdin=raw)
    assert ("fail: Authentication-Results of mx.harbourhill.example" in done.stdout) == is_told


def test_explain_says_each_step_with_its_place_and_why_rules_did_not_run(tmp_path: Path) -> None:
    done = postroom("explain", "-", cwd=tmp_path, stdin=MAIL)
    assert done.returncode == 0
    assert "the contact carmen, of olivar: the primary address" in done.stdout
    assert "[directory/contacts.csv:6]" in done.stdout
    assert "[workflow/20-triage.rules:" in done.stdout
    assert 'organization.classification is "Premium"' in done.stdout and "does not hold" in done.stdout
    assert not (tmp_path / "postroom.db").exists()


def test_explain_says_what_rules_that_wait_would_do(tmp_path: Path) -> None:
    mail = MAIL.replace(b"carmen@olivar", b"maya@brightwater").replace(b"VPN \x1b[31mred", b"Reception is down")
    lines = [line.strip() for line in postroom("explain", "-", cwd=tmp_path, stdin=mail).stdout.splitlines()]
    place = lines.index("+ at 2026-11-02T10:30:00Z: Nobody took an urgent ticket")
    assert lines[place + 1] == "notify oncall@harbourhill.example using urgent; add a note (internal)"
    place = lines.index("- at 2026-11-02T14:00:00Z: A premium customer waits no longer than half a day")
    assert lines[place + 1].startswith('priority is not "Urgent" (workflow/30-follow-up.rules:')
    told = json.loads(postroom("explain", "-", "--json", cwd=tmp_path, stdin=mail).stdout)["when_due"]
    assert [(one["rule"], one["status"]) for one in told] == [
        ("Nobody took an urgent ticket", "ran"),
        ("A premium customer waits no longer than half a day", "dropped"),
    ]


def test_status_tells_of_what_is_due_and_nobody_runs(tmp_path: Path) -> None:
    mail = MAIL.replace(b"carmen@olivar", b"maya@brightwater")
    (tmp_path / "a.eml").write_bytes(mail)
    shutil.copytree(ROOT / "rules", tmp_path / "rules")
    words = ("--rules", tmp_path / "rules")
    postroom("run", "--source", "a.eml", *words, cwd=tmp_path)
    done = postroom("status", *words, cwd=tmp_path)
    # They were due before the mail was there.
    assert (
        done.returncode == 0
        and "2 rules waiting\n" in done.stdout
        and "1 notification to send; they stay, for settings.yaml does not say" in done.stdout
    )
    with closing(sqlite3.connect(tmp_path / "postroom.db")) as connection, connection:
        connection.execute("UPDATE waiting_rules SET created_at = '2026-11-02T10:00:00Z'")
        before = (datetime.now(UTC) - timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
        connection.execute("UPDATE outbox SET created_at = ?, next_attempt_at = ?", (before, before))
    done = postroom("status", *words, cwd=tmp_path)
    assert done.returncode == 1
    assert (
        "2 rules waiting, 2 of them due since 2026-11-02T10:30:00Z: run `postroom run-waiting` every minute, or `poll`\n"
        in done.stdout
    )
    assert "1 notification to send; they stay, for settings.yaml does not say how they leave (`sending`)\n" in done.stdout
    edit(tmp_path / "rules/settings.yaml", "private_mail: ignore", "private_mail: ignore\nsending: {folder: out}")
    told = f"1 notification to send, 1 of them due since {before}: run `postroom send` every minute, or `poll`\n"
    assert told in postroom("status", *words, cwd=tmp_path).stdout
    for command in ("run-waiting", "send"):
        postroom(command, *words, cwd=tmp_path)
    assert postroom("status", *words, cwd=tmp_path).returncode == 0


def test_status_without_a_configuration_at_hand_says_nothing_of_it(tmp_path: Path) -> None:
    postroom("run", "--source", "-", cwd=tmp_path, stdin=MAIL)
    assert "they stay" in postroom("status", cwd=tmp_path).stdout
    told = postroom("status", "--rules", "nowhere", cwd=tmp_path)
    assert "1 message," in told.stdout and "to send\n" in told.stdout and "they stay" not in told.stdout


def test_no_line_of_status_is_somebody_elses(tmp_path: Path) -> None:
    """What stands in the database came from mail and from servers."""
    postroom("run", "--source", "-", cwd=tmp_path, stdin=b"\0\1\2")
    with closing(sqlite3.connect(tmp_path / "postroom.db")) as connection, connection:
        connection.execute("UPDATE quarantine SET error = 'unreadable\n0 in quarantine\x1b[2K'")
    lines = postroom("status", cwd=tmp_path).stdout.splitlines()
    assert "1 in quarantine" in lines and "0 in quarantine" not in lines
    assert any(": unreadable: unreadable 0 in quarantine\ufffd[2K (" in line for line in lines)


def test_explain_shows_what_notifications_say(tmp_path: Path) -> None:
    mail = MAIL.replace(b"carmen@olivar", b"maya@brightwater").replace(b"VPN ", b"Reception is down ")
    shown = postroom("explain", "-", "--words", cwd=tmp_path, stdin=mail).stdout
    assert (
        "\nTo maya@brightwater.example, by the template 'received'\n"
        "  Subject: [T20261102.0001] Reception is down \ufffd[31mred\n\n  Hello Maya,\n\n  thank you" in shown
    )
    assert shown.count("To oncall@harbourhill.example, by the template 'urgent'") == 2  # at once, and when nobody takes it
    assert "\x1b" not in shown and "Subject:" not in postroom("explain", "-", cwd=tmp_path, stdin=mail).stdout
    told = json.loads(postroom("explain", "-", "--words", "--json", cwd=tmp_path, stdin=mail).stdout)["notifications"]
    assert [one["recipient"].partition("@")[0] for one in told] == ["oncall", "maya", "oncall"]


def test_json_is_one_decision_a_line(tmp_path: Path) -> None:
    done = postroom("run", "--source", ROOT / "sample", "--json", cwd=tmp_path)
    decisions = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(decisions) == 67 and all(one["outcome"] and one["trace"] for one in decisions)
    assert all("because" in rule for one in decisions for rule in one["not_fired"])


def test_quarantine_is_said_and_is_exit_status_1(tmp_path: Path) -> None:
    done = postroom("run", "--source", "-", cwd=tmp_path, stdin=b"\0\1\2")
    assert done.returncode == 1 and "1 in quarantine" in done.stderr
    assert postroom("status", cwd=tmp_path).returncode == 1
    assert postroom("retry", cwd=tmp_path).returncode == 1
    done = postroom("retry", "7", cwd=tmp_path)
    assert done.returncode == 2 and "there is no message 7; " in done.stderr


def called(*words: str, cwd: Path, **how: Any) -> subprocess.CompletedProcess[str]:
    """With streams that only a process of its own can have."""
    line = [sys.executable, "-m", "engine", *words]
    return subprocess.run(
        line, cwd=cwd, env=calling.environment(**SHIPPED, **how.pop("more", {})), text=True, timeout=60, check=False, **how
    )


def test_output_that_cannot_be_written_is_said_and_is_no_fault_of_the_database(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(MAIL)
    with Path("/dev/full").open("w") as full:
        done = called("run", "--source", "a.eml", "--json", cwd=tmp_path, stdout=full, stderr=subprocess.PIPE)
        assert done.returncode == 2
        assert done.stderr.startswith(
            "postroom: the output cannot be written: No space left on device; what was processed is stored"
        )
        done = called("status", cwd=tmp_path, stdout=full, stderr=subprocess.PIPE)
        assert done.returncode == 2
        assert (
            done.stderr
            == "the output cannot be written: No space left on device; make room, or send it elsewhere, and run it again\n"
        )
    assert "1 message" in postroom("status", cwd=tmp_path).stdout  # it was stored


def test_streams_that_were_closed_are_no_fault(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(MAIL)
    for words in (("run", "--source", "a.eml"), ("raw", "1"), ("status",)):
        closed = called(*words, cwd=tmp_path, preexec_fn=lambda: os.closerange(0, 3))
        assert closed.returncode == 0, words


def test_letters_that_a_locale_does_not_have_are_written_as_their_numbers(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(MAIL.replace(b"Subject: ", b"Subject: =?utf-8?q?=E2=98=95?= "))
    assert postroom("run", "--source", "a.eml", cwd=tmp_path).returncode == 0
    done = called("find", "a", cwd=tmp_path, capture_output=True, more={"PYTHONIOENCODING": "latin-1"})
    assert done.returncode == 0 and "\\u2615" in done.stdout, done.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("run", "--source", "nowhere"), "nowhere: there is no such file or folder; name one with --source PATH"),
        (("run",), "Missing option '--source'"),
        (("run", "--source", ".", "--mailbox", "helpp"), "unknown mailbox 'helpp'; did you mean 'help'?"),
        (("run", "--source", ".", "--mailbox", "former"), "the mailbox 'former' is not active"),
        (("run", "--source", "a.eml", "--db", "no/such/folder/x.db"), "no/such/folder/x.db: the database cannot be used"),
        (("status", "--db", ""), ".: this is a folder and no database; name a file with --db"),
        (("run", "--source", "a.eml", "--db", ""), "unable to open database file; this is a folder; name a file with --db"),
        (("retry", "--db", ""), ".: this is a folder and no database"),
        (("run", "--source", "a.eml", "--db", "a.eml"), "a.eml: the database cannot be used: file is not a database; restore it"),
        (("check", "--rules", "nowhere"), "nowhere: there is no such configuration folder"),
        (("show", "T1"), "postroom.db: there is no such database; run `postroom run` first"),
        (("retry", "--db", "typo.db"), "typo.db: there is no such database"),
        (("send", "--db", "typo.db", "--folder", "out"), "typo.db: there is no such database"),
        (("run-waiting", "--db", "typo.db"), "typo.db: there is no such database"),
        (("prune", "--raw", "3d", "--db", "typo.db"), "typo.db: there is no such database"),
        (("doctor", "--db", "typo.db"), "typo.db: there is no such database"),
        (("explain",), "name a FILE"),
        (("explain", "two.mbox"), "two.mbox holds more than one message; name one message's file"),
        (("frobnicate",), "there is no command 'frobnicate'"),
    ],
)
def test_a_wrong_call_is_one_line_and_exit_status_2(tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    (tmp_path / "a.eml").write_bytes(MAIL)
    (tmp_path / "two.mbox").write_bytes(b"From a\nSubject: 1\n\n\nFrom a\nSubject: 2\n\n")
    done = postroom(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert says in done.stderr + done.stdout
    assert "Traceback" not in done.stderr and not (tmp_path / "typo.db").exists()


def test_a_wrong_configuration_is_exit_status_2_everywhere(tmp_path: Path, rules: Path) -> None:
    (rules / "workflow/20-triage.rules").write_text('rule "x"\n  on ticket created\n  then set queue to "Nowhere"\n')
    (tmp_path / "a.eml").write_bytes(MAIL)
    for words in (("check",), ("run", "--source", "a.eml"), ("explain", "a.eml"), ("test",)):
        done = postroom(*words, "--rules", rules, cwd=tmp_path)
        assert done.returncode == 2 and "workflow/20-triage.rules:3:21: unknown queue 'Nowhere'" in done.stdout + done.stderr
    done = postroom("check", "--rules", rules, "--format", "json", cwd=tmp_path)
    assert json.loads(done.stdout)[0] == {"file": "workflow/20-triage.rules", "line": 3, "column": 21, "severity": "error", "code": "PR009", "message": "unknown queue 'Nowhere'", "fix": "known are: Front desk, Second line, Monitoring, Projects, Unknown senders"}  # fmt: skip
    done = postroom("check", "--rules", rules, "--format", "github", cwd=tmp_path)
    assert done.stdout.startswith("::error file=") and ",line=3,col=21,title=PR009" in done.stdout


def test_a_failing_rule_test_shows_expected_and_found_and_why(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(
        "version: 1\ntests:\n  - name: wrong\n    mailbox: help\n    message: {from: carmen@olivar.example, subject: VPN}\n"
        "    expect: {outcome: created, ticket: {queue: Projects}}\n"
    )
    done = postroom("test", "--tests", "t.yaml", cwd=tmp_path)
    assert done.returncode == 1
    assert "ticket.queue  'Projects'  'Second line'" in done.stdout and "0 passed, 1 failed" in done.stdout
    (tmp_path / "t.yaml").write_text(
        "version: 1\ntests:\n  - name: wrong\n    message: {from: a@b.example}\n    expect: {not_fired: [No such rule]}\n"
    )
    done = postroom("test", "--tests", "t.yaml", cwd=tmp_path)
    assert done.returncode == 2 and "t.yaml:5:26: unknown rule 'No such rule'" in done.stderr


def test_ctrl_c_stores_what_is_done_and_the_next_run_goes_on(tmp_path: Path) -> None:
    box = tmp_path / "box"
    with box.open("wb") as file:
        for number in range(4000):
            body = MAIL.replace(b"<1@t>", b"<%d@t>" % number).replace(
                b"VPN", b"%d %s" % (number, chr(97 + number % 26).encode() * 9)
            )
            file.write(b"From x\n" + body.replace(b"\r\n", b"\n") + b"\n")
    command = [sys.executable, "-m", "engine", "run", "--source", "box"]
    process = subprocess.Popen(
        command, cwd=tmp_path, env=calling.environment(**SHIPPED), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    while not (tmp_path / "postroom.db-wal").exists() or (tmp_path / "postroom.db-wal").stat().st_size < 500_000:
        time.sleep(0.02)
        assert process.poll() is None, process.communicate()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and b"run the same command again to go on" in errors and b"Traceback" not in errors
    done = postroom("run", "--source", "box", cwd=tmp_path)
    assert done.returncode == 0 and "processed before, passed over" in done.stdout
    import sqlite3

    counts = (
        sqlite3.connect(tmp_path / "postroom.db").execute("SELECT COUNT(*), COUNT(DISTINCT message_id) FROM messages").fetchone()
    )
    assert counts == (4000, 4000)


def test_schemas_for_an_editor_know_the_names_of_the_configuration(tmp_path: Path) -> None:
    def found(name: str, *path: str, plain: bool = False) -> Any:
        done = postroom("schema", name, *(() if plain else ("--for-editor",)), cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        value = json.loads(done.stdout)
        for key in path:
            value = value["properties"][key]
        return value.get("enum") or value.get("items", {}).get("enum")

    queues = ["Front desk", "Second line", "Monitoring", "Projects", "Unknown senders"]
    assert found("mailbox", "defaults", "ticket", "queue") == queues
    assert found("mailbox", "defaults", "ticket", "queue", plain=True) is None
    assert "VPN" in found("mailbox", "defaults", "ticket", "tags")
    assert found("settings", "organizations", "unattributed")[-1] == "none"
