"""`plan`: exactly the messages that change, each on the state that it then had; nothing written, nothing sent."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sqlite3
import subprocess
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.config.load import load_config
from engine.decide.setup import prepare
from engine.errors import Position, Problem
from engine.mail.parse import parse_message
from engine.plan.difference import Change, changes_between
from engine.plan.replay import Changed, Plan, decide_again, replay_recorded
from engine.processing import Processor
from engine.report.plan import Context, as_markdown, as_text
from engine.sources.files import open_source
from engine.sources.item import Item
from engine.state.past import PastState, read_recorded, recorded
from engine.state.stored import read_kept
from engine.store.database import open_database, open_for_reading
from tests.command import postroom
from tests.edit import edit

ROOT = Path(__file__).resolve().parents[2]


def git(folder: Path, *words: str) -> None:
    subprocess.run(
        ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@example.com", *words], check=True, capture_output=True
    )


@pytest.fixture(scope="module")
def recorded_sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with the shipped configuration, and the sample's mail as it was processed under it."""
    folder = tmp_path_factory.mktemp("plan")
    shutil.copytree(ROOT / "rules", folder / "rules")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    connection = open_database(folder / "postroom.db")
    Processor(connection, prepare(load_config(folder / "rules"))).run(open_source(str(ROOT / "sample"), 30_000_000), None)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return folder


@pytest.fixture
def repository(recorded_sample: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(recorded_sample, tmp_path / "repository"))


def plan(folder: Path, *words: str) -> dict[str, object]:
    done = postroom("plan", "--base", "HEAD", "--format", "json", *words, cwd=folder)
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_every_message_is_decided_again_as_it_was(repository: Path) -> None:
    """The state that each message then had is found again: the replay under the same configuration says the very same."""
    setup = prepare(load_config(repository / "rules"))
    connection = open_for_reading(repository / "postroom.db")
    identities, without = recorded(connection, None, None)
    assert len(identities) > 60 and without == 2  # a private one and one that is too large
    for one in read_recorded(connection, identities, setup.passwords):
        again = decide_again(parse_message(one.raw), one, setup, PastState(connection, setup.config, one))
        then = read_kept(connection.execute("SELECT decision FROM messages WHERE id = ?", (one.id,)).fetchone()[0], one.id)
        assert json.loads(again.as_json()) == then


def test_a_message_is_decided_again_in_the_mailbox_that_it_was_read_from() -> None:
    """Not in that which it is addressed to: a list or a blind copy brought it."""
    setup = prepare(load_config(ROOT / "rules"))
    connection = open_database(None)
    raw = b"From: maya@brightwater.example\r\nTo: help@harbourhill.example\r\nSubject: Reception\r\n\r\nIt is closed."
    assert Processor(connection, setup).take(raw, "a list's", "priority") is not None
    (one,) = read_recorded(connection, recorded(connection, None, None)[0], setup.passwords)
    again = decide_again(parse_message(one.raw), one, setup, PastState(connection, setup.config, one))
    assert (again.mailbox, again.envelope.source_id) == ("priority", "a list's")


def test_a_comment_changes_nothing(repository: Path) -> None:
    edit(repository / "rules/workflow/20-triage.rules", "list outage_words", "# the words\nlist outage_words")
    found = plan(repository)
    assert found["messages"] == 65 and found["changed"] == [] and found["rules"] == {} and found["without_bytes"] == 2


def test_a_message_whose_bytes_are_damaged_is_passed_over(repository: Path) -> None:
    with closing(sqlite3.connect(repository / "postroom.db")) as connection, connection:
        connection.execute("UPDATE raw_messages SET zlib = substr(zlib, 1, 20) WHERE rowid = 3")
    found = plan(repository)
    assert (found["messages"], found["changed"], found["without_bytes"]) == (64, [], 3)


@pytest.mark.parametrize(
    ("file", "old", "new", "words", "because"),
    [
        (
            "workflow/20-triage.rules",
            'set priority to "Low"\n    set due',
            'set priority to "Normal"\n    set due',
            "priority Normal instead of Low",
            "rule 'Printers can wait until tomorrow' (workflow/20-triage.rules:27)",
        ),
        (
            "workflow/20-triage.rules",
            "set due to 24 hours",
            "set due to 3 days",
            "due at 3 days after it was opened instead of 1 day after it was opened",
            "rule 'Printers can wait until tomorrow' (workflow/20-triage.rules:27)",
        ),
        (
            "workflow/10-intake.rules",
            'discard "newsletter"',
            'discard "advertising"',
            "ignored (advertising) instead of ignored (newsletter)",
            "rule 'Newsletters never become tickets' (workflow/10-intake.rules:4)",
        ),
        (
            "mailboxes/help.yaml",
            "queue: Front desk",
            "queue: Projects",
            "queue Projects instead of Front desk",
            "defaults (mailboxes/help.yaml:23:5)",
        ),
        (
            "tags.yaml",
            "aliases: [suspicious link,",
            "aliases: [impresora, suspicious link,",
            "tag added: Phishing",
            "tags (tags.yaml)",
        ),
        ("mailboxes/help.yaml", "{publish: internal}", "{publish: all}", "note publish all instead of internal", ""),
        (
            "mailboxes/help.yaml",
            "{work_type: Remote work}",
            "{work_type: Project work}",
            "time entry work type Project work instead of Remote work",
            "",
        ),
        ("mailboxes/help.yaml", "    due: 8 hours\n", "", "due at nothing instead of 8 hours after it was opened", ""),
        (
            "workflow/30-follow-up.rules",
            "after 4 business hours",
            "after 5 business hours",
            "another time at which 'A premium customer waits no longer than half a day' runs",
            "",
        ),
        ("templates/received.md", "thank you for your message", "thanks", "another text of the notification 'received'", ""),
        ("settings.yaml", "attachment: 200 KB", "attachment: 1 KB", "attachments 0 instead of 2", ""),
        ("settings.yaml", "attachment: 200 KB", "attachment: 1 KB", "another description", ""),
        ("settings.yaml", "  messages: 2\n", "  messages: 9\n", "a ticket note instead of ignored (loop)", ""),
        (
            "directory/contacts.csv",
            "carmen,olivar,Carmen,Ruiz,carmen@",
            "cruiz,olivar,Carmen,Ruiz,carmen@",
            "sender contact cruiz of olivar instead of contact carmen of olivar",
            "sender (directory/contacts.csv:6)",
        ),
    ],
)
def test_a_change_is_named_with_what_makes_it(repository: Path, file: str, old: str, new: str, words: str, because: str) -> None:
    edit(repository / "rules" / file, old, new)
    found = plan(repository)
    groups = {group["words"]: group for group in found["groups"]}  # type: ignore[attr-defined]
    assert words in groups, list(groups)
    if because:
        assert because in groups[words]["because"]


def test_another_ticket_that_a_message_is_about_is_told(repository: Path) -> None:
    setup = prepare(load_config(repository / "rules"))
    with closing(open_for_reading(repository / "postroom.db")) as connection:
        for one in read_recorded(connection, recorded(connection, None, None)[0], setup.passwords):
            before = decide_again(parse_message(one.raw), one, setup, PastState(connection, setup.config, one))
            after = replace(before, target="T20261101.0001")
            found = [(change.kind, change.before, change.after) for change in changes_between(before, after)]
            assert found == ([("target", before.target or "", "T20261101.0001")])


def test_what_one_rule_changes_of_the_same_messages_is_read_once(repository: Path) -> None:
    (repository / "rules/workflow/90-new.rules").write_text(
        'rule "More"\n  on ticket created\n  when title contains "Reception is down"\n  then set priority to "Low" set queue to "Projects"\n'
    )
    alone = ["priority Low instead of Urgent", "queue Projects instead of Second line"]
    assert {group["words"] for group in plan(repository)["groups"]} >= set(alone)  # type: ignore[attr-defined]
    for form, words in (("text", f"1 message: {'; '.join(alone)}"), ("markdown", f"**1 message**: `{'; '.join(alone)}`")):
        told = postroom("plan", "--base", "HEAD", "--format", form, cwd=repository).stdout
        assert words in told and "message 1" in told and "maya@brightwater.example: Reception is down" in told


def test_each_message_has_the_state_it_then_had(repository: Path) -> None:
    """A note's ticket was open when the note came, though it is done now; and a later message does not hide a change."""
    connection = sqlite3.connect(repository / "postroom.db")
    connection.execute("UPDATE tickets SET status = 'Done', queue = 'Projects', assigned = NULL")
    connection.commit()
    connection.close()
    edit(repository / "rules/workflow/20-triage.rules", "list outage_words", "# again\nlist outage_words")
    assert plan(repository)["changed"] == []


def test_rules_are_counted_and_new_warnings_told(repository: Path) -> None:
    edit(
        repository / "rules/workflow/20-triage.rules",
        'when ticket has tag "VPN"',
        'when ticket has tag "VPN" and ticket has tag "Printer"',
    )
    edit(repository / "rules/workflow/10-intake.rules", "# What happens", 'list spare = "x"\n# What happens')
    done = postroom("plan", "--base", "HEAD", "--exit-code", cwd=repository)
    assert done.returncode == 1
    assert "'Remote access is a matter of connectivity'" not in done.stdout.partition("Rules that ran")[0].partition("\n\n")[0]
    assert "Remote access is a matter of connectivity       1 -> 0       -1" in done.stdout
    assert "Connectivity goes to the engineers              1 -> 0       -1" in done.stdout
    assert (
        "New warnings of `postroom check`\n  workflow/10-intake.rules:1:6: warning: no rule uses the list 'spare'" in done.stdout
    )


def test_nothing_is_written(repository: Path) -> None:
    edit(repository / "rules/workflow/20-triage.rules", "set due to 24 hours", "set due to 3 days")
    before = {
        path: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in repository.rglob("*")
        if path.is_file() and ".git" not in path.parts
    }
    plan(repository)
    postroom("plan", "--source", ROOT / "sample", "--base", "HEAD", cwd=repository)
    after = {
        path: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in repository.rglob("*")
        if path.is_file() and ".git" not in path.parts
    }
    assert {path: digest for path, digest in after.items() if path.suffix not in (".db-shm", ".db-wal")} == {
        path: digest for path, digest in before.items() if path.suffix not in (".db-shm", ".db-wal")
    }


def test_last_and_since_choose(repository: Path) -> None:
    edit(repository / "rules/workflow/20-triage.rules", "list outage_words", "# again\nlist outage_words")
    assert plan(repository, "--last", "10")["messages"] == 10
    assert plan(repository, "--since", "2026-11-02T15:00:00")["messages"] in range(5, 15)
    done = postroom("plan", "--base", "HEAD", "--since", "2030-01-01", cwd=repository)
    assert done.returncode == 0 and done.stdout.startswith("no message was there to replay: HEAD -> the working tree")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--since", "yesterday"), "'yesterday' is no time; write 7d, 12h, 30m, or a day such as 2026-11-01"),
        (("--since", "99999999d"), "'99999999d' is no time"),
        (("--mailbox", "help"), "--mailbox says where the mail of --source came in; leave it out: the database knows that"),
        (("--last", "1", "--source", "mail"), "--last and --since choose from the database; leave them out with --source"),
    ],
)
def test_words_that_do_not_fit_are_told_though_nothing_changed(repository: Path, words: tuple[str, ...], says: str) -> None:
    done = postroom("plan", "--base", "HEAD", *words, cwd=repository)
    assert done.returncode == 2 and says in done.stderr


def test_files_can_be_replayed_without_a_database(repository: Path) -> None:
    (repository / "postroom.db").unlink()
    edit(repository / "rules/workflow/20-triage.rules", "set due to 24 hours", "set due to 3 days")
    found = plan(repository, "--source", str(ROOT / "sample"))
    assert found["messages"] == 67
    assert [group["count"] for group in found["groups"]] == [2]  # type: ignore[attr-defined]


def test_tickets_that_are_no_longer_linked_are_told(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "mail").mkdir()
    for place, (sender, subject, body) in enumerate(
        [
            ("maya@brightwater.example", "Printer on floor two", "It is stuck."),
            ("lotte@harbourhill.example", "Re: [T20261102.0001] Printer on floor two", "#T=0:10 #S=Done"),
            ("sam@brightwater.example", "Printer on floor two", "Again."),
        ]
    ):
        (tmp_path / f"mail/{place}.eml").write_text(
            f"From: {sender}\nTo: help@harbourhill.example\nSubject: {subject}\nDate: Mon, 2 Nov 2026 10:0{place}:00 +0000\n"
            f"Authentication-Results: mx.harbourhill.example; dmarc=pass\n\n{body}\n"
        )
    edit(repository / "rules/duplicates.yaml", "when_complete: {do: create, link: true}", "when_complete: {do: create}")
    found = plan(repository, "--source", str(tmp_path / "mail"))
    assert [group["words"] for group in found["groups"]] == ["related tickets 0 instead of 1"]  # type: ignore[attr-defined]


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="a file that even root cannot read from its start")
def test_a_file_that_cannot_be_read_is_told(repository: Path, tmp_path: Path) -> None:
    edit(repository / "rules/workflow/20-triage.rules", "set due to 24 hours", "set due to 3 days")
    (tmp_path / "a.eml").symlink_to("/proc/self/mem")
    for words in (("plan", "--base", "HEAD", "--source", str(tmp_path)), ("explain", str(tmp_path / "a.eml"))):
        done = postroom(*words, cwd=repository)
        assert done.returncode == 2 and "a.eml cannot be read: Input/output error; " in done.stderr, done.stderr


def test_the_default_base_is_where_the_branch_left_main(repository: Path) -> None:
    git(repository, "switch", "-q", "-c", "change")
    edit(repository / "rules/workflow/20-triage.rules", "set due to 24 hours", "set due to 3 days")
    git(repository, "commit", "-q", "-a", "-m", "longer")
    done = postroom("plan", cwd=repository)
    assert (
        done.returncode == 0 and "2 of 65 messages would change" in done.stdout and "where this branch left main" in done.stdout
    )


def test_a_base_that_is_not_right_is_told(repository: Path) -> None:
    edit(repository / "rules/workflow/20-triage.rules", 'set queue to "Second line"', 'set queue to "Nowhere"')
    git(repository, "commit", "-q", "-a", "-m", "broken")
    edit(repository / "rules/workflow/20-triage.rules", 'set queue to "Nowhere"', 'set queue to "Second line"')
    done = postroom("plan", "--base", "HEAD", cwd=repository)
    assert done.returncode == 2 and "the configuration at HEAD is not right itself" in done.stderr and "Nowhere" in done.stderr


def test_a_link_in_the_base_is_the_file_that_it_names(repository: Path) -> None:
    tags = repository / "rules/tags.yaml"
    tags.rename(repository / "rules/our-tags.txt")
    tags.symlink_to("our-tags.txt")
    git(repository, "add", "--all")
    git(repository, "commit", "-q", "-m", "a link")
    assert plan(repository)["changed"] == []
    for target in ("/etc/hostname", "../README.md", "tags.yaml"):
        tags.unlink()
        tags.symlink_to(target)
        git(repository, "commit", "-q", "-a", "-m", "a link that leads out")
        tags.unlink()
        tags.write_bytes((repository / "rules/our-tags.txt").read_bytes())
        done = postroom("plan", "--base", "HEAD", cwd=repository)
        assert done.returncode == 2 and f"rules/tags.yaml is a link to '{target}'" in done.stderr


def test_markdown_shows_mail_as_text_only(repository: Path, tmp_path: Path) -> None:
    mail = tmp_path / "evil.eml"
    mail.write_bytes(
        b"From: a@b.example\r\nTo: help@harbourhill.example\r\nSubject: toner `x` <img src=x> [a](b) @everyone | toner\r\nMessage-ID: <1@x>\r\n\r\ntoner\r\n"
    )
    edit(repository / "rules/workflow/20-triage.rules", "set due to 24 hours", "set due to 3 days")
    done = postroom("plan", "--base", "HEAD", "--source", mail, "--format", "markdown", cwd=repository)
    assert "1 of 1 message would change" in done.stdout
    (line,) = [line for line in done.stdout.splitlines() if "evil.eml" in line]
    assert line.startswith("  - `") and line.endswith("`") and line.count("`") == 2


def test_values_of_mail_make_no_link_and_call_nobody_in_markdown() -> None:
    words = "www.evil.example http://evil.example @everyone `x` | <b>"
    change = Change("title", "a", words, ("rule 'A | @team' (a.rules:1)",))
    found = as_markdown(_plan([change], {"A | @team": 1}), Context("HEAD", "@b", ()))
    outside = re.sub(r"`[^`\n]*`", "", found)
    assert not any(word in outside for word in ("evil", "everyone", "@", "<"))
    assert "| `A \\| @team` | 1 | 0 | -1 |" in found


def test_a_comment_is_never_longer_than_github_takes() -> None:
    changes = [Change("title", "b" * 500, f"{number}" * 300, ("rule " + "r" * 300,)) for number in range(100)]
    warnings = tuple(Problem(Position("a.rules", number), "w" * 500, "f", "PR101") for number in range(2_000))
    rules = {f"rule {number}": number for number in range(3_000)}
    found = as_markdown(_plan(changes, rules), Context("HEAD", "the working tree", warnings))
    assert len(found) < 65_536 and found.endswith("\n\nThe rest is too long for a comment: `postroom plan` shows it.")
    found = as_markdown(_plan(changes[:1], rules), Context("HEAD", "the working tree", warnings))
    assert len(found) < 65_536 and "| `rule 2999` | 2,999 | 0 | -2,999 |" in found and "| `rule 1` |" not in found
    assert "\nand 2,959 more rules\n" in found and found.endswith("\n- and 1,960 more warnings")
    text = as_text(_plan(changes[:1], rules), Context("HEAD", "the working tree", warnings))
    assert "  and 2,959 more rules\n" in text and text.endswith("\n  and 1,960 more warnings")


def _plan(changes: list[Change], rules: dict[str, int]) -> Plan:
    came = datetime(2026, 11, 2, tzinfo=UTC)
    messages = [Changed(n, f"{n}", came, "a@b.example", "s" * 100, "T1", (change,)) for n, change in enumerate(changes)]
    return Plan(len(messages), 0, messages, Counter(rules))


def test_five_thousand_messages_and_exactly_those_that_change(tmp_path: Path, rules: Path) -> None:
    """Of 600 here (the long form is `make bench`): a rule that is changed for one word, and the messages that have it."""
    git(rules.parent, "init", "-q", "-b", "main")
    (rules / "workflow/90.rules").write_text(
        'rule "Word"\n  on ticket created\n  when subject contains "word13x"\n  then set queue to "Projects"\n'
    )
    connection = open_database(tmp_path / "p.db")

    def mail(number: int) -> bytes:
        return f"From: u{number}@olivar.example\r\nSubject: about word{number % 50}x {number} {'qwertzuiop'[number % 10] * (number % 97)}\r\nDate: Mon, {number % 27 + 1} Nov 2021 {number % 24:02}:00:00 +0000\r\nMessage-ID: <{number}@t>\r\n\r\ntext {number}\r\n".encode()

    before = prepare(load_config(rules))
    Processor(connection, before).run([Item(str(n), lambda n=n: mail(n)) for n in range(600)], "help")  # type: ignore[misc]
    (rules / "workflow/90.rules").write_text(
        'rule "Word"\n  on ticket created\n  when subject contains "word13x" or subject contains "word14x"\n  then set queue to "Projects"\n'
    )
    identities, _ = recorded(connection, None, None)
    found = replay_recorded(connection, identities, before, prepare(load_config(rules)), lambda: None)
    created = {
        row[0] for row in connection.execute("SELECT id FROM messages WHERE subject LIKE '%word14x%' AND outcome = 'created'")
    }
    assert len(created) > 5 and {message.id for message in found.changed} == created
    assert found.rules == {"Word": (found.before["Word"], found.before["Word"] + len(created))}
