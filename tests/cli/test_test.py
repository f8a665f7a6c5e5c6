"""`postroom test` on tests that must fail, with its forms; and tests made of real messages."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import zlib
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree

import pytest

from engine.decide.workflow import MOST_REASONS_KEPT
from tests.command import postroom

ROOT = Path(__file__).resolve().parents[2]
HEAD = "version: 1\ntests:\n"


def write(folder: Path, *tests: str) -> Path:
    path = folder / "t.yaml"
    path.write_text(HEAD + "".join(f"  - {{{test}}}\n" for test in tests))
    return path


GOOD = "name: good, mailbox: help, message: {from: maya@brightwater.example, subject: x, body: y}, expect: {outcome: created}"
BAD = "name: bad, mailbox: help, message: {from: maya@brightwater.example, subject: x, body: y}, expect: {outcome: ignored, ticket: {queue: Projects}, fired: [Connectivity goes to the engineers]}"


def test_a_failure_shows_expected_and_found_side_by_side_and_why(tmp_path: Path) -> None:
    done = postroom("test", "--tests", write(tmp_path, GOOD, BAD), cwd=ROOT)
    assert done.returncode == 1 and done.stdout.endswith("1 passed, 1 failed\n")
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert any(line.endswith("t.yaml:4:5: FAILED: bad") for line in lines)
    assert "outcome 'ignored' 'created'" in lines
    assert "ticket.queue 'Projects' 'Front desk'" in lines
    assert any(
        line.startswith("'Connectivity goes to the engineers' did not run: issue type is \"Connectivity\" (workflow/")
        for line in lines
    )
    assert any(line.startswith("sender: the contact maya") for line in lines)


def test_of_many_rules_each_is_told_that_a_test_asks_for(tmp_path: Path) -> None:
    """Why each of more rules did not run than a Decision keeps reasons for (`MOST_REASONS_KEPT`) is asked for only where it is wanted."""
    rules = Path(shutil.copytree(ROOT / "rules", tmp_path / "rules"))
    many = (f'rule "M{n}" on message when subject contains "m{n}y" then discard "x"' for n in range(MOST_REASONS_KEPT + 1))
    (rules / "workflow/many.rules").write_text("\n".join(many))
    mail = "mailbox: help, message: {from: maya@brightwater.example, subject: m3y, body: y}"
    right = f"name: right, {mail}, expect: {{outcome: ignored, not_fired: [M0, M2]}}"
    short = f"name: short, {mail}, expect: {{outcome: ignored, fired: [M3]}}"
    done = postroom("test", "--coverage", "--tests", write(tmp_path, short), "--rules", rules, cwd=ROOT)
    assert done.returncode == 0 and "1 passed, 0 failed" in done.stdout
    assert "no test runs the rule 'M4'" in done.stdout and "no test of 'M3' fails for" in done.stdout
    assert "no test of 'M2' fails for" not in done.stdout  # it kept M2 from running
    wrong = f"name: wrong, {mail}, expect: {{outcome: ignored, fired: [M3, M1]}}"
    xml = tmp_path / "results.xml"
    done = postroom("test", "--junit", xml, "--tests", write(tmp_path, right, wrong), "--rules", rules, cwd=ROOT)
    assert done.returncode == 1 and done.stdout.endswith("1 passed, 1 failed\n")
    assert "'M1' did not run: subject contains \"m1y\"" in done.stdout
    assert "'M1' did not run" in xml.read_text() and 'failures="1"' in xml.read_text()


def test_a_merge_conflict_in_a_test_file_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    path.write_text(f"{path.read_text()}<<<<<<< HEAD\n=======\n>>>>>>> other\n")
    done = postroom("test", "--tests", path, cwd=ROOT)
    assert done.returncode == 2 and "t.yaml:4:1: a merge conflict stands here; keep" in done.stderr


def test_a_test_file_that_cannot_be_read_is_told_beside_what_is_wrong_in_others(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes("version: 1\ntests: [] # für\n".encode("latin-1"))
    (tmp_path / "gone.yaml").symlink_to(tmp_path / "nothing")
    write(tmp_path, GOOD.replace("outcome: created", "outcome: craeted"))
    done = postroom("test", "--tests", tmp_path, cwd=ROOT)
    assert done.returncode == 2 and "passed" not in done.stdout
    for says in ("latin.yaml: the file is not UTF-8; save it", "gone.yaml: the file cannot be read: No such file", "'craeted'"):
        assert says in done.stderr


def test_headers_of_a_test_stand_instead_of_those_that_it_has_by_itself(tmp_path: Path) -> None:
    message = (
        'from: maya@brightwater.example, to: x@y.example, headers: {To: help@harbourhill.example, from: "carmen@olivar.example"}'
    )
    test = f"name: x, message: {{{message}}}, expect: {{sender: {{id: carmen}}, ticket: {{mailbox: help}}}}"
    assert postroom("test", "--tests", write(tmp_path, test), cwd=ROOT).stdout == "1 passed, 0 failed\n"


def test_a_given_project_is_active_where_it_does_not_say_otherwise(tmp_path: Path) -> None:
    message = 'message: {from: maya@brightwater.example, subject: "P20261001.0001: plan"}'
    project = "number: P20261001.0001, name: Move, organization: brightwater"
    tests = [
        f"name: {name}, mailbox: help, given: {{projects: [{{{project}{more}}}]}}, {message}, expect: {{entity: {entity}}}"
        for name, more, entity in (
            ("open", "", "project_note"),
            ("too", ", active: true", "project_note"),
            ("done", ", active: false", "ticket"),
        )
    ]
    assert postroom("test", "--tests", write(tmp_path, *tests), cwd=ROOT).stdout == "3 passed, 0 failed\n"


@pytest.mark.parametrize(
    ("test", "says"),
    [
        (
            "name: x, mailbox: helpp, message: {from: a@b.example}, expect: {outcome: created}",
            "t.yaml:3:24: unknown mailbox 'helpp'; did you mean 'help'?",
        ),
        (
            "name: x, mailbox: help, message: {from: a@b.example}, expect: {outcom: created}",
            "unknown key 'outcom'; did you mean 'outcome'?",
        ),
        (
            "name: x, mailbox: help, message: {from: a@b.example}, expect: {not_fired: [No such rule]}",
            "unknown rule 'No such rule'",
        ),
        ("name: x, mailbox: help, message: {file: nowhere.eml}, expect: {outcome: created}", "nowhere.eml: No such file"),
        ("name: x, mailbox: help, message: {file: /dev/zero}, expect: {outcome: created}", "/dev/zero is no file; name one with"),
        ("name: x, mailbox: help, message: {from: a@b.example}, expect: {}", "'expect' is empty"),
        (
            "name: x, mailbox: help, message: {from: a@b.example}, expect: {ticket: {assignd: null}}",
            "unknown key 'assignd'; did you mean 'assigned'?",
        ),
        *(
            (
                f"name: x, mailbox: help, message: {{from: a@b.example}}, expect: {{ticket: {{{expected}}}}}",
                f"cannot be {shown}; write {instead}",
            )
            for expected, shown, instead in (
                ("tags: [{name: VPN}]", '{"name": "VPN"}', "text"),
                ("tags: VPN", "'VPN'", "a list"),
                ("additional_contacts: carmen", "'carmen'", "a list"),
            )
        ),
        (
            "name: x, mailbox: help, message: {headers: {List Id: x}}, expect: {outcome: created}",
            "'headers' cannot be 'List Id'; write the name of a header, such as List-Id",
        ),
        (
            "name: x, message: {from: a@b.example}, expect: {outcome: created}}\n  - {name: x, message: {from: a@b.example}, expect: {outcome: ignored}",
            "t.yaml:4:12: the test 'x' stands twice; first in line 3; rename one",
        ),
        *(
            (
                f"name: x, mailbox: help, message: {{attachments: [{{{attachment}}}]}}, expect: {{outcome: created}}",
                "no header can have this name or type; leave out its line breaks",
            )
            for attachment in (r'name: "a\nb"', r'name: x, type: "image/png\r\nX: y"')
        ),
        *(
            (
                f"name: x, mailbox: help, message: {{from: a@b.example, attachments: [{{name: x, size: {size}}}]}}, expect: {{outcome: created}}",
                says,
            )
            for size, says in (
                ("much", "t.yaml:3:89: 'much' is no size; write one such as 6 MB"),
                ("2 GB", "no attachment of a test can have 2 GB; write one of at most 200 MB"),
                ("-5", "no attachment of a test can have -5; write one of at most 200 MB"),
            )
        ),
        *(
            (f"name: x, mailbox: help, given: {{{given}}}, message: {{from: a@b.example}}, expect: {{outcome: created}}", says)
            for given, says in (
                ("tickets: [{number: T1, colour: red}]", "unknown key 'colour'"),
                ("tickets: [{number: T1, title: 5}]", "'title' cannot be 5; write text"),
                ("tickets: [{number: T1}, {number: T1}]", "the number 'T1' stands twice; give it another"),
                ("tickets: [{number: T1, status: Nwe}]", "unknown status 'Nwe'; did you mean 'New'?"),
                ("tickets: [{number: T1, assigned: jost}]", "unknown resource 'jost'; did you mean 'joost'?"),
                ("tickets: [{number: T1, contact: carmn}]", "unknown contact 'carmn'; did you mean 'carmen'?"),
                ("tickets: [{number: T1, tags: [VPM]}]", "unknown tag 'VPM'; did you mean 'VPN'?"),
                ("tickets: [{number: T1, due_at: soon}]", "'soon' is no time; write 2026-11-01T10:00:00Z"),
                ("now: 0001-01-01T00:00:00+05:00", "'0001-01-01T00:00:00+05:00' is no time of ours; write a year from 1900 on"),
                ("tickets: [{number: T1, ago: 999999 days}]", "'ago' cannot be '999999 days'; write a length of time"),
                ("tasks: [{number: T2, status: Dome}]", "unknown status 'Dome'; did you mean 'Done'?"),
                ("projects: [{number: P1, organization: olivr}]", "unknown organization 'olivr'; did you mean 'olivar'?"),
                ("seen: [{from: a@b.example, mailbox: halp}]", "unknown mailbox 'halp'; did you mean 'help'?"),
            )
        ),
        *(
            (f"name: x, mailbox: help, message: {{from: maya@brightwater.example}}, {more}", says)
            for more, says in (
                ("meanwhile: {status: Dome}, expect: {when_due: {fired: []}}", "unknown status 'Dome'; did you mean 'Done'?"),
                ("meanwhile: {statsu: Done}, expect: {when_due: {fired: []}}", "unknown key 'statsu'; did you mean 'status'?"),
                ("meanwhile: {status: Done}, expect: {outcome: created}", "`meanwhile` changes nothing that is expected"),
                ("expect: {when_due: {fired: [Nobody tok an urgent ticket]}}", "did you mean 'Nobody took an urgent ticket'?"),
                ("expect: {when_due: {fird: []}}", "unknown key 'fird'; did you mean 'fired'?"),
                ("expect: {when_due: {ticket: {queu: x}}}", "unknown key 'queu'; did you mean 'queue'?"),
            )
        ),
    ],
)
def test_a_wrong_test_is_an_error_and_never_a_pass(test: str, says: str, tmp_path: Path) -> None:
    done = postroom("test", "--tests", write(tmp_path, test), cwd=ROOT)
    assert done.returncode == 2 and says in done.stderr and "passed" not in done.stdout


def test_what_rules_that_wait_do_when_they_are_due_is_shown_where_it_differs(tmp_path: Path) -> None:
    late = "name: late, mailbox: help, message: {from: maya@brightwater.example, subject: Reception is down}, expect: {when_due: {notified: [], ticket: {status: Done}}}"
    never = "name: never, mailbox: help, message: {from: noreply@brightwater.example, headers: {Sensitivity: Private}}, expect: {when_due: {fired: []}}"
    done = postroom("test", "--tests", write(tmp_path, late, never), cwd=ROOT)
    assert done.returncode == 1 and done.stdout.endswith("0 passed, 2 failed\n")
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "when_due.notified [] ['oncall@harbourhill.example']" in lines
    assert "when_due.ticket.status 'Done' 'New'" in lines
    assert "when_due {'fired': []} None" in lines
    assert any(
        line.startswith("'Nobody took an urgent ticket' when due: ran: notify oncall@harbourhill.example") for line in lines
    )


MADE = """version: 1
tests:
  - name: what rules make beside is asked for too
    mailbox: help
    message:
      from: maya@brightwater.example
      subject: Two doors
      body: are stuck
      attachments: [{name: left.jpg}, {name: right.jpg}, {name: film.mp4, size: 300 KB}]
    expect:
      attachments: [right.jpg, left.jpg]
      notes: [Look at both]
      more_tickets: [The second door]
      notifications:
        maya@brightwater.example:
          template: received
          subject: "[T20261102.0001] Two doors"
          body: |
            Hello Maya,

            thank you for your message. It is ticket **T20261102.0001**. Answer this mail to add to it.
      when_due:
        notes: [And the cellar]
        more_tickets: [The cellar]
        notifications: {joost@harbourhill.example: {template: urgent, subject: "Normal: Two doors (Brightwater Clinic)"}}
"""


def test_what_rules_make_beside_is_asked_for_too(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "rules", tmp_path / "rules")
    (tmp_path / "rules/workflow/90-doors.rules").write_text(
        'rule "Both"\n  on ticket created\n  when title contains "doors"\n'
        '  then add note "Look at both" as internal create ticket "The second door" with queue "Projects"\n'
        'rule "Cellar"\n  after 1 hour from ticket created\n  when title contains "doors"\n'
        '  then add note "And the cellar" as internal create ticket "The cellar" with queue "Projects" notify resource joost using urgent\n'
    )
    (tmp_path / "t.yaml").write_text(MADE)
    done = postroom("test", "--rules", tmp_path / "rules", "--tests", tmp_path / "t.yaml", cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    for right, wrong, what in (
        ("[right.jpg, left.jpg]", "[left.jpg]", "attachments ['left.jpg'] ['left.jpg', 'right.jpg']"),
        ("Look at both", "Look at one", "notes ['Look at one'] ['Look at both']"),
        ("And the cellar", "And the roof", "when_due.notes ['And the roof'] ['And the cellar']"),
        ("[The second door]", "[]", "more_tickets [] ['The second door']"),
        ("[The cellar]", "[]", "when_due.more_tickets [] ['The cellar']"),
        (
            "template: urgent",
            "template: received",
            "when_due.notifications.joost@harbourhill.example.template 'received' 'urgent'",
        ),
        ("maya@brightwater.example:\n", "m@brightwater.example:\n", "notifications.m@brightwater.example"),
    ):
        (tmp_path / "t.yaml").write_text(MADE.replace(right, wrong))
        done = postroom("test", "--rules", tmp_path / "rules", "--tests", tmp_path / "t.yaml", cwd=ROOT)
        assert done.returncode == 1 and any(" ".join(line.split()).startswith(what) for line in done.stdout.splitlines()), (
            done.stdout
        )


def test_no_test_at_all_is_an_error(tmp_path: Path) -> None:
    done = postroom("test", "-k", "nothing is called so", cwd=ROOT)
    assert done.returncode == 2 and "there is no test to run" in done.stderr


def test_junit_names_each_test_and_what_failed(tmp_path: Path) -> None:
    postroom("test", "--tests", write(tmp_path, GOOD, BAD), "--junit", tmp_path / "j.xml", cwd=ROOT)
    suite = ElementTree.parse(tmp_path / "j.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    good, bad = suite
    assert good.get("name") == "good" and len(good) == 0
    assert bad.get("line") == "4" and bad[0].get("message") == "outcome: expected 'ignored', found 'created'"


def test_odd_letters_break_neither_the_report_nor_a_terminal(tmp_path: Path) -> None:
    odd = r"\e[31m \0 ]]> \uFFFE"
    case = f'name: "{odd}", message: {{from: maya@brightwater.example, subject: "{odd}"}}, expect: {{ticket: {{title: "{odd} \\r"}}}}'
    done = postroom("test", "--tests", write(tmp_path, case), "--junit", tmp_path / "j.xml", cwd=ROOT)
    assert done.returncode == 1 and "\x1b" not in done.stdout and "\0" not in done.stdout
    (failed,) = ElementTree.parse(tmp_path / "j.xml").getroot()[0]
    assert failed.get("name") == "\ufffd[31m \ufffd ]]> \ufffd" and "FAILED" in str(failed[0].text)


def test_coverage_says_what_no_test_reaches(tmp_path: Path) -> None:
    done = postroom("test", "--tests", write(tmp_path, GOOD), "--coverage", cwd=ROOT)
    assert done.returncode == 0
    for line in (
        "workflow/20-triage.rules:13:6: no test runs the rule 'Remote access is a matter of connectivity'",
        "mailboxes/help.yaml:19:10: no test makes a project note in the mailbox 'help'",
        "duplicates.yaml:5:5: no test meets the criterion 'the same alert' with a ticket that is complete",
        "workflow/10-intake.rules:7:45: no test of 'Newsletters never become tickets' fails for: not sender.known",
        "tags.yaml:8:5: no test has the tag 'VPN'",
    ):
        assert line in done.stdout.splitlines(), done.stdout
    assert "no test runs the rule 'Nobody took an urgent ticket'" in done.stdout  # that it waits says nothing of what it does
    both = postroom("test", "--tests", ROOT / "tests/behaviour", "--coverage", cwd=ROOT)
    assert "no test runs the rule 'Remote access" not in both.stdout
    assert "no test runs the rule 'Nobody took an urgent ticket'" not in both.stdout


def test_watch_runs_again_after_a_change(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    running = subprocess.Popen(
        [sys.executable, "-u", "-m", "engine", "test", "--tests", str(path), "--watch"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert running.stdout is not None
        lines = iter(running.stdout.readline, "")
        assert "1 passed, 0 failed\n" in (next(lines), next(lines))
        time.sleep(0.5)
        write(tmp_path, GOOD, BAD)
        assert any(line == "1 passed, 1 failed\n" for line in lines)
        write(tmp_path, "name: wrong")
        assert any("t.yaml:3" in line for line in lines)  # an error does not end it
        running.send_signal(signal.SIGINT)
        assert running.wait(10) == 130
    finally:
        running.kill()


def test_every_sample_message_becomes_a_test_that_passes(tmp_path: Path) -> None:
    """In-process, for sixty processes would take a minute: what `explain --as-test` does, on each message of the sample."""
    from engine.commands.decided import from_file
    from engine.commands.explain import _as_test
    from engine.config.load import load_config
    from engine.decide.setup import prepare
    from engine.trial.case import read_cases
    from engine.trial.run import Trials

    setup = prepare(load_config(ROOT / "rules"))
    in_words = 0
    for path in sorted((ROOT / "sample/new").glob("*.sample"))[::3]:
        text = _as_test(from_file(str(path), None, ROOT / "rules", tmp_path / "none.db"))
        (tmp_path / "made.yaml").write_text(text)
        (case,) = read_cases([tmp_path / "made.yaml"])
        result = Trials(setup).run(case)
        assert result.passed, (path, result.differences)
        in_words += "  file: " not in text.partition("expect:")[0]
    assert in_words >= 20


def test_a_test_made_of_a_reply_gives_its_ticket(tmp_path: Path) -> None:
    db = tmp_path / "p.db"
    postroom("run", "--source", ROOT / "sample", "--db", db, cwd=ROOT)
    (tmp_path / "r.eml").write_bytes(
        b"From: carmen@olivar.example\r\nTo: help@harbourhill.example\r\nSubject: Re: T20261102.0003\r\nMessage-ID: <r@x>\r\nDate: Tue, 3 Nov 2026 10:00:00 +0000\r\n\r\nGracias\r\n"
    )
    done = postroom("explain", tmp_path / "r.eml", "--as-test", "--db", db, cwd=ROOT)
    (tmp_path / "made.yaml").write_text(done.stdout)
    assert "number: T20261102.0003" in done.stdout and "target: T20261102.0003" in done.stdout
    assert postroom("test", "--tests", tmp_path / "made.yaml", cwd=ROOT).returncode == 0


def test_a_test_is_made_of_a_stored_message(tmp_path: Path) -> None:
    """In-process, as above."""
    from engine.commands.decided import from_database
    from engine.commands.explain import _as_test
    from engine.config.load import load_config
    from engine.decide.setup import prepare
    from engine.trial.case import read_cases
    from engine.trial.run import Trials

    db = tmp_path / "p.db"
    postroom("run", "--source", ROOT / "sample", "--db", db, cwd=ROOT)
    setup = prepare(load_config(ROOT / "rules"))
    with closing(sqlite3.connect(db)) as connection:
        query = "SELECT m.id, r.zlib FROM messages m JOIN raw_messages r ON r.sha256 = m.raw_sha256"
        kept = connection.execute(query).fetchall()
    kinds: dict[str, list[int]] = {"in words": [], "of its file": [], "in part": []}
    for message, packed in kept:
        made = _as_test(from_database(db, message, ROOT / "rules"))
        (tmp_path / "made.yaml").write_text(made)
        (tmp_path / f"message-{message}.eml").write_bytes(zlib.decompress(packed))
        (case,) = read_cases([tmp_path / "made.yaml"])
        kind = "in part" if "so this one does not pass (" in made else "of its file" if "  file: " in made else "in words"
        kinds[kind].append(message)
        assert Trials(setup).run(case).passed is (kind != "in part"), made
    # A reply to a ticket with a status that has another name by now.
    rules = Path(shutil.copytree(ROOT / "rules", tmp_path / "rules"))
    for path in rules.rglob("*.*"):
        path.write_text(path.read_text().replace("Second line", "Level 2"))
    made = postroom("explain", "--message", "2", "--as-test", "--db", db, "--rules", rules, cwd=ROOT)
    told = made.stdout.splitlines()[1]
    assert told.startswith("# Its past cannot be given to a test, so this one does not pass (unknown queue 'Second line')"), (
        made.stderr
    )
    assert kinds["in part"] == []
    assert len(kinds["in words"]) > 50 and kinds["of its file"], kinds
    assert postroom("explain", "T20261102.0002", "--as-test", "--db", db, cwd=ROOT).stdout.startswith("# yaml-language-server")


def test_headers_that_rules_look_at_are_in_a_test_in_words(tmp_path: Path) -> None:
    rules = Path(shutil.copytree(ROOT / "rules", tmp_path / "rules"))
    (rules / "workflow/05.rules").write_text(
        'rule "form"\n  on message\n  when header "X-Form" is "contact"\n  then attribute to sender in header "Reply-To"\n'
    )
    (tmp_path / "r.eml").write_bytes(
        b"From: Forms Desk <forms@harbourhill.example>\r\nReply-To: Carmen <carmen@olivar.example>\r\nX-Form: contact\r\nX-Other: y\r\n"
        b'To: help@harbourhill.example, "Diaz, Ana" <ana@olivar.example>\r\nSubject: A question\r\nMessage-ID: <r@x>\r\nDate: Tue, 3 Nov 2026 10:00:00 +0000\r\n\r\nx\r\n'
    )
    made = postroom("explain", tmp_path / "r.eml", "--as-test", "--rules", rules, cwd=ROOT).stdout
    (tmp_path / "made.yaml").write_text(made)
    assert "X-Form: contact" in made and "Reply-To: Carmen <carmen@olivar.example>" in made
    assert "from: Forms Desk <forms@harbourhill.example>\n" in made
    assert (
        "- help@harbourhill.example\n" in made and "- ana@olivar.example\n" in made
    )  # a test says no name that needs quotation marks
    assert "X-Other" not in made and "  file: " not in made
    assert postroom("test", "--tests", tmp_path / "made.yaml", "--rules", rules, cwd=ROOT).returncode == 0
