"""`postroom check` as a user and as CI runs it: forms, exit status, what a change removed."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from sarif_pydantic import Sarif

from engine.config.load import load_config
from engine.decide.setup import prepare
from engine.processing import Processor
from engine.sources.item import Item
from engine.store.database import open_database
from tests.command import postroom
from tests.edit import edit


def check(*words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return postroom("check", *words, cwd=cwd)


@pytest.fixture
def faulty(rules: Path) -> Path:
    (rules / "workflow/90.rules").write_text(
        'list nobody = "a"\nrule "x" on ticket created when status is "New" and status is "Done" then stop\n'
    )
    return rules


def test_a_warning_is_shown_with_its_line_and_ends_with_one(faulty: Path, tmp_path: Path) -> None:
    done = check("--rules", faulty, cwd=tmp_path)
    assert done.returncode == 1
    assert "workflow/90.rules:1:6: warning: no rule uses the list 'nobody'; remove it, or use it [PR106]\n" in done.stdout
    assert '    list nobody = "a"\n         ^\n' in done.stdout
    assert "2 warnings" in done.stdout


def test_json_says_all_of_it(faulty: Path, tmp_path: Path) -> None:
    found = json.loads(check("--rules", faulty, "--format", "json", cwd=tmp_path).stdout)
    assert [(one["code"], one["severity"], one["file"], one["line"]) for one in found] == [
        ("PR106", "warning", "workflow/90.rules", 1),
        ("PR101", "warning", "workflow/90.rules", 2),
    ]
    assert json.loads(check("--format", "json", "--rules", Path("rules"), cwd=Path(__file__).parents[2]).stdout) == []


def test_sarif_is_valid_and_points_at_the_place(faulty: Path, tmp_path: Path) -> None:
    text = check("--rules", "rules", "--format", "sarif", cwd=faulty.parent).stdout
    log = Sarif.model_validate_json(text)
    (run,) = log.runs
    assert [(one.rule_id, str(one.level).rpartition(".")[2].lower()) for one in run.results or []] == [
        ("PR106", "warning"),
        ("PR101", "warning"),
    ]
    place = json.loads(text)["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "rules/workflow/90.rules"}, "region": {"startLine": 1, "startColumn": 6}}


def test_sarif_of_nothing_is_valid_too(tmp_path: Path) -> None:
    text = check("--format", "sarif", cwd=Path(__file__).parents[2]).stdout
    assert Sarif.model_validate_json(text).runs[0].results == []


def test_github_gets_annotations(faulty: Path, tmp_path: Path) -> None:
    done = check("--rules", "rules", "--format", "github", cwd=faulty.parent)
    assert done.stdout.startswith(
        "::warning file=rules/workflow/90.rules,line=1,col=6,title=PR106 a list that no rule uses::no rule uses"
    )


def git(folder: Path, *words: str) -> None:
    subprocess.run(
        ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@example.com", *words], check=True, capture_output=True
    )


@pytest.fixture
def repository(rules: Path) -> Path:
    git(rules.parent, "init", "-q", "-b", "main")
    git(rules.parent, "add", "rules")
    git(rules.parent, "commit", "-q", "-m", "first")
    return rules.parent


def test_what_a_change_removes_but_rows_still_use_is_a_problem(repository: Path) -> None:
    rules, db = repository / "rules", repository / "p.db"
    connection = open_database(db)
    mail = b"From: x@nowhere.example\r\nSubject: hello\r\nMessage-ID: <1@t>\r\n\r\nx\r\n"
    Processor(connection, prepare(load_config(rules))).run([Item("1", lambda: mail)], "help")
    connection.close()
    rule = (rules / "workflow/20-triage.rules").read_text()
    (rules / "workflow/20-triage.rules").write_text(rule.replace('    set queue to "Unknown senders"\n', ""))
    picklists = (rules / "picklists.yaml").read_text()
    (rules / "picklists.yaml").write_text(picklists.replace(", Unknown senders]", "]"))
    assert check(cwd=repository).returncode == 0
    done = check("--base", "HEAD", "--db", db, cwd=repository)
    assert done.returncode == 2
    assert (
        "picklists.yaml: the queue 'Unknown senders' was removed, but the database still uses it: tickets 1; put it back as {name: ..., active: false} [PR120]"
        in done.stdout
    )
    (rules / "picklists.yaml").write_text(picklists.replace(", Unknown senders]", ", {name: Unknown senders, active: false}]"))
    assert check("--base", "HEAD", "--db", db, cwd=repository).returncode == 0


def test_a_hook_of_a_linked_worktree_compares_the_folder_it_is_given(repository: Path, tmp_path: Path) -> None:
    """git tells a hook of its repository by variables, which would make any folder that repository's root."""
    hook = repository / ".git/hooks/pre-commit"
    hook.write_text(f"#!/bin/sh\ncd rules && exec {shlex.quote(sys.executable)} -m engine check --rules . --base main\n")
    hook.chmod(0o755)
    worktree = tmp_path / "linked"
    git(repository, "worktree", "add", "-q", "-b", "other", str(worktree))
    template = worktree / "rules/templates/received.md"
    template.rename(template.with_name("had.md"))
    git(worktree, "add", "-A")
    with pytest.raises(subprocess.CalledProcessError) as refused:
        git(worktree, "commit", "-q", "-m", "second")
    said = (refused.value.stdout + refused.value.stderr).decode()
    assert refused.value.returncode == 1 and "received" in said and "not right itself" not in said


def test_another_form_of_numbers_is_told_while_there_are_tickets_of_the_old_one(repository: Path) -> None:
    path, db = repository / "rules/settings.yaml", repository / "p.db"
    path.write_text(
        path.read_text().replace(
            "  ticket: T{date:%Y%m%d}.{seq:04d}\n  task: T{date:%Y%m%d}", "  ticket: N{seq:06d}\n  task: T{date:%Y%m%d}"
        )
    )
    assert check("--base", "HEAD", "--db", db, cwd=repository).returncode == 0  # no database, no tickets
    connection = open_database(db)
    mail = b"From: maya@brightwater.example\r\nSubject: hello\r\nMessage-ID: <1@t>\r\n\r\nx\r\n"
    Processor(connection, prepare(load_config(repository / "rules"))).run([Item("1", lambda: mail)], "help")
    connection.close()
    done = check("--base", "HEAD", "--db", db, cwd=repository)
    assert done.returncode == 1 and "the form of ticket numbers 'T{date:%Y%m%d}.{seq:04d}' was removed" in done.stdout
    path.write_text(path.read_text().replace("numbers: ", "numbers:\n  former: ['T{date:%Y%m%d}.{seq:04d}'] "))
    done = check("--base", "HEAD", "--db", db, cwd=repository)
    assert done.returncode == 0, done.stdout


def test_what_a_change_removes_but_other_files_use_is_told_so(repository: Path) -> None:
    path = repository / "rules/picklists.yaml"
    path.write_text(path.read_text().replace("queues: [Front desk, ", "queues: ["))
    done = check("--base", "main", cwd=repository)
    assert done.returncode == 2
    assert "mailboxes/help.yaml:23:12: the queue 'Front desk' was removed, but is used here; put it back" in done.stdout


@pytest.mark.parametrize(
    ("kind", "file", "says"),
    [
        ("mailbox", "mailboxes/former.yaml", "the mailbox 'former' was removed"),
        ("tag", "tags.yaml", "the tag 'Phishing' was removed"),
        ("resource", "directory/resources.csv", "the resource 'ruben' was removed"),
        ("organization", "directory/organizations.csv", "the organization 'oldmill' was removed"),
        ("status", "picklists.yaml", "the status 'Waiting for customer' was removed"),
    ],
)
def test_every_kind_of_deletion_is_seen(kind: str, file: str, says: str, repository: Path) -> None:
    db = repository / "p.db"
    connection = open_database(db)
    mail = b"From: maya@brightwater.example\r\nSubject: hello\r\nMessage-ID: <1@t>\r\n\r\nx\r\n"
    Processor(connection, prepare(load_config(repository / "rules"))).run([Item("1", lambda: mail)], "help")
    connection.execute(
        "UPDATE tickets SET mailbox = 'former', assigned = 'ruben', organization = 'oldmill', status = 'Waiting for customer'"
    )
    connection.execute("INSERT INTO ticket_tags SELECT number, 'Phishing' FROM tickets")
    connection.close()
    path = repository / "rules" / file
    if kind == "mailbox":
        path.unlink()
    else:
        word = says.partition("'")[2].partition("'")[0]
        path.write_text("".join(line for line in path.read_text().splitlines(True) if word not in line))
    done = check("--base", "HEAD", "--db", db, cwd=repository)
    assert done.returncode == 2 and says in done.stdout and "[PR120]" in done.stdout, done.stdout


def test_who_leaves_with_open_tickets_is_told(repository: Path) -> None:
    db, path = repository / "p.db", repository / "rules/directory/resources.csv"
    connection = open_database(db)
    mail = b"From: maya@brightwater.example\r\nSubject: hello\r\nMessage-ID: <1@t>\r\n\r\nx\r\n"
    Processor(connection, prepare(load_config(repository / "rules"))).run([Item("1", lambda: mail)], "help")
    path.write_text(path.read_text().replace("Technician,yes", "Technician,no", 1))
    assert check("--base", "HEAD", "--db", db, cwd=repository).returncode == 0
    connection.execute("UPDATE tickets SET assigned = 'lotte'")
    done = check("--base", "HEAD", "--db", db, cwd=repository)
    assert done.returncode == 1
    assert (
        "resources.csv:2: warning: the resource 'lotte' is no longer active, but the database still uses it: open tickets 1"
        in done.stdout
    )
    connection.execute("UPDATE tickets SET completed_at = '2026-11-02T10:00:00Z'")
    connection.close()
    assert check("--base", "HEAD", "--db", db, cwd=repository).returncode == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [(("--base", "nowhere"), "git knows no 'nowhere'"), (("--base", "--output=x"), "git knows no '--output=x'")],
)
def test_a_ref_that_is_none_is_told(words: tuple[str, ...], says: str, repository: Path) -> None:
    done = check(*words, cwd=repository)
    assert done.returncode == 2 and says in done.stderr


def test_what_several_have_alike_is_told_and_no_warning(rules: Path) -> None:
    """behaviour.md 2.2: such mail is nobody's. The one at the nearer level, or of the domain's owner, is meant; a resource comes first."""
    contacts = rules / "directory/contacts.csv"
    lines = contacts.read_text().splitlines()
    lines += [
        "twin1,olivar,Ana,One,office@olivar.example,,,yes",
        "twin2,olivar,Ana,Two,office@olivar.example,,,yes",
        "gone,olivar,Ana,Gone,carmen@olivar.example,,,no",
        "second,olivar,Ana,Second,second@olivar.example,carmen@olivar.example,,yes",
        "other,kessler,Ana,Other,carmen@olivar.example,,,yes",
        "desk1,olivar,Joost,One,joost@harbourhill.example,,,yes",
        "desk2,olivar,Joost,Two,joost@harbourhill.example,,,yes",
    ]
    contacts.write_text("\n".join(lines) + "\n")
    edit(rules / "directory/organizations.csv", "nord.kessler.example", "nord.kessler.example;olivar.example;gmail.com")
    done = check(cwd=rules.parent)
    assert done.returncode == 0
    where = f"directory/contacts.csv:{len(lines) - 6}"
    assert done.stdout.splitlines()[:3] == [
        f"1 address is of several contacts, and mail from there of none of them: office@olivar.example (twin1: {where}, twin2: directory/contacts.csv:{len(lines) - 5})",
        "1 domain is of several organizations, and an unknown sender from there of none of them: olivar.example (kessler-nord, olivar)",
        "1 domain is a mail provider's, and an unknown sender from there nobody's: gmail.com (kessler-nord)",
    ]
    assert json.loads(check("--format", "json", cwd=rules.parent).stdout) == []


def test_many_that_several_have_alike_are_counted(rules: Path) -> None:
    with (rules / "directory/contacts.csv").open("a") as file:
        for number in range(24):
            file.write(f"c{number},olivar,A,B,of{number // 2}@olivar.example,,,yes\n")
    (line, _) = check(cwd=rules.parent).stdout.splitlines()
    assert line.startswith("12 addresses are of several contacts") and line.endswith(") and 7 more")


def test_base_outside_git_is_told(rules: Path) -> None:
    done = check("--base", "HEAD", cwd=rules.parent)
    assert done.returncode == 2 and "is in no git repository" in done.stderr


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder to another user")
def test_a_checkout_of_another_user_is_told_with_gits_own_remedy(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for one in (repository, repository / ".git"):
        os.chown(one, 12345, 12345)
    done = check("--base", "HEAD", cwd=repository)
    assert done.returncode == 2
    says = f"git does not read rules, for another user owns it; say `git config --global --add safe.directory {repository}`"
    assert says in done.stderr
