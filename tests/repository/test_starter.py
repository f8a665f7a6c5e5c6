"""What `init` writes passes its own checks, and its pull request jobs do what they say, as far as that goes without a server."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def run(*words: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*map(str, words)], cwd=cwd, capture_output=True, text=True, check=False, env=ENVIRONMENT | environment)


def git(folder: Path, *words: str) -> None:
    subprocess.run(
        ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@example.com", *words], check=True, capture_output=True
    )


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    done = run("postroom", "init", "desk", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    return tmp_path / "desk"


def test_a_fresh_repository_passes_its_own_checks(desk: Path) -> None:
    for words in (("check",), ("fmt", "--check"), ("test",), ("schema", "--for-editor", "--out", ".postroom/schema")):
        done = run("postroom", *words, cwd=desk)
        assert done.returncode == 0, done.stdout + done.stderr
    assert {".github", ".gitlab-ci.yml", ".gitignore", ".pre-commit-config.yaml", ".vscode"} <= {
        one.name for one in desk.iterdir()
    }


def test_init_overwrites_nothing(desk: Path) -> None:
    done = run("postroom", "init", "desk", cwd=desk.parent)
    assert done.returncode == 2 and "desk is not empty; name a new folder" in done.stderr


def test_the_steps_of_the_github_job_run_on_a_pull_request(desk: Path) -> None:
    """Each `run` of the workflow as it stands, on a clone with a branch, but for installing and posting."""
    (desk / "mail").mkdir()
    (desk / "mail/1.eml").write_bytes(
        b"From: ana@customer.example\r\nTo: help@example.com\r\nSubject: All down\r\nMessage-ID: <1@c>\r\n\r\nx\r\n"
    )
    git(desk, "init", "-q", "-b", "main")
    git(desk, "add", ".")
    git(desk, "commit", "-q", "-m", "first")
    clone = desk.parent / "clone"
    git(desk.parent, "clone", "-q", str(desk), str(clone))
    git(clone, "switch", "-q", "-c", "change")
    path = clone / "rules/workflow/20-triage.rules"
    path.write_text(path.read_text().replace('set queue to "Second line"', 'set queue to "Front desk"'))
    tests = clone / "rules/tests/triage.yaml"
    tests.write_text(tests.read_text().replace("queue: Second line", "queue: Front desk"))
    git(clone, "commit", "-q", "-a", "-m", "to the front desk")
    workflow = yaml.safe_load((clone / ".github/workflows/postroom.yaml").read_text())
    commands = [step["run"] for step in workflow["jobs"]["check"]["steps"] if "run" in step]
    ran = [command for command in commands if command.startswith("postroom ")]
    assert len(ran) == 4 and len(commands) == 6  # and pip install, gh pr comment
    for command in ran:
        done = run("bash", "-e", "-c", command, cwd=clone, GITHUB_BASE_REF="main")
        assert done.returncode == 0, (command, done.stdout, done.stderr)
    plan = (clone / "plan.md").read_text()
    assert plan.startswith("### 1 of 1 message would change: `origin/main` -> `the working tree`")
    assert "queue Front desk instead of Second line" in plan


def test_the_gitlab_job_runs_the_same(desk: Path) -> None:
    job = yaml.safe_load((desk / ".gitlab-ci.yml").read_text())["postroom"]
    assert [line.split()[:2] for line in job["script"][:3]] == [["postroom", "check"], ["postroom", "fmt"], ["postroom", "test"]]


@pytest.mark.parametrize(
    ("schema", "file"), [("vendor.github-workflows", ".github/workflows/postroom.yaml"), ("vendor.gitlab-ci", ".gitlab-ci.yml")]
)
def test_the_job_files_are_valid(schema: str, file: str, desk: Path) -> None:
    done = run("check-jsonschema", "--builtin-schema", schema, file, cwd=desk)
    assert done.returncode == 0, done.stdout


def test_every_hook_is_defined_and_its_command_exists(desk: Path) -> None:
    hooks = {hook["id"]: hook["entry"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    wanted = yaml.safe_load((desk / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    assert {hook["id"] for hook in wanted} == set(hooks)
    for entry in hooks.values():
        assert run(*entry.split(), cwd=desk).returncode == 0


def test_schemas_for_the_editor_offer_this_configurations_names(tmp_path: Path, rules: Path) -> None:
    done = run("postroom", "schema", "--for-editor", "--out", tmp_path / "schema", "--rules", rules, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    mailbox = json.loads((tmp_path / "schema/mailbox.schema.json").read_text())
    ticket = mailbox["properties"]["defaults"]["properties"]["ticket"]["properties"]
    assert ticket["queue"]["enum"] == ["Front desk", "Second line", "Monitoring", "Projects", "Unknown senders"]
    assert "VPN" in ticket["tags"]["items"]["enum"]
    tests = json.loads((tmp_path / "schema/tests.schema.json").read_text())["properties"]["tests"]["items"]["properties"]
    given = tests["given"]["properties"]["tickets"]["items"]["properties"]
    assert given["assigned"]["enum"] == ["lotte", "joost", "oncall", "ruben", None] and "VPN" in given["tags"]["items"]["enum"]
    expect = tests["expect"]["properties"]
    for listed in (expect["fired"], expect["waiting"], expect["when_due"]["properties"]["not_fired"]):
        assert "Nobody took an urgent ticket" in listed["items"]["enum"]
    assert "received" in expect["notifications"]["additionalProperties"]["properties"]["template"]["enum"]
    assert "Done" in tests["meanwhile"]["properties"]["status"]["enum"]
    for name, files in (
        ("mailbox", (rules / "mailboxes").glob("*.yaml")),
        ("settings", [rules / "settings.yaml"]),
        ("duplicates", [rules / "duplicates.yaml"]),
        ("tests", (rules / "tests").glob("*.yaml")),
    ):
        done = run("check-jsonschema", "--schemafile", tmp_path / f"schema/{name}.schema.json", *files, cwd=tmp_path)
        assert done.returncode == 0, done.stdout
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text((rules / "mailboxes/help.yaml").read_text().replace("queue: Front desk", "queue: Back desk"))
    assert run("check-jsonschema", "--schemafile", tmp_path / "schema/mailbox.schema.json", wrong, cwd=tmp_path).returncode == 1


@pytest.mark.parametrize("path", sorted((ROOT / "schema").glob("*.json")), ids=lambda path: path.name)
def test_every_key_of_every_schema_is_explained(path: Path) -> None:
    def walk(node: object, where: str) -> None:
        if isinstance(node, dict):
            for key, value in node.get("properties", {}).items():
                if isinstance(value, dict) and where.count("given") == 0:
                    assert value.get("description"), f"{path.name}: {where}.{key}"
                walk(value, f"{where}.{key}")
            for key, value in node.items():
                if key != "properties":
                    walk(value, where)
        elif isinstance(node, list):
            for value in node:
                walk(value, where)

    walk(json.loads(path.read_text("utf-8")), "")


def _scope(line: str, word: str) -> str:
    """The scope that the TextMate grammar gives to a word of a line: its first pattern that matches there first."""
    grammar = json.loads((ROOT / "editor/vscode/syntaxes/postroom-rules.tmLanguage.json").read_text())
    position, target = 0, line.index(word)
    while position <= target:
        best = None
        for include in grammar["patterns"]:
            rule = grammar["repository"][include["include"][1:]]
            pattern = (rule.get("match") or rule["begin"] + r"(?:\\.|[^\"\\])*\"").replace("(?<=matches|match)\\s+", "")
            found = re.compile(pattern).search(line, position)
            if found and (best is None or found.start() < best[0].start()):
                best = (found, rule)
        if best is None:
            return ""
        found, rule = best
        if found.start() <= target < found.end():
            for number, capture in rule.get("captures", {}).items():
                if found.start(int(number)) <= target < found.end(int(number)):
                    return str(capture["name"])
            return str(rule.get("name", ""))
        position = max(found.end(), position + 1)
    return ""


def test_every_word_of_the_language_has_a_colour_of_its_own() -> None:
    words = set(re.findall(r'"([a-z]+)"', (ROOT / "engine/dsl/grammar.lark").read_text())) - {
        "sender",
        "caller",
        "contact",
        "ticket",
        "organization",
        "and",
    }
    for word in sorted(words):
        line = f'rule "x" {word}' if word == "rule" else f"list a = {word}" if word == "list" else f" {word} "
        scope = _scope(line, word)
        assert scope.startswith(("keyword", "support")), (word, scope)


@pytest.mark.parametrize(
    ("line", "word", "scope"),
    [
        ('rule "VPN first"  # why', '"VPN', "entity.name.function"),
        ("  # a comment", "comment", "comment"),
        ('  then attribute to sender in header "Reply-To"', "sender", "support.function"),
        ("  then attribute to caller in subject", "caller", "support.function"),
        ("  then attribute to organization in client", "client", "variable"),
        ('  when subject contains "x # y"', "# y", "string"),
        ("  after 30 minutes from ticket created", "30", "constant.numeric"),
        ("  when organization.classification is x", "organization.classification", "variable"),
        ("  when message.size > 5 MB", "5 MB", "constant.numeric"),
    ],
)
def test_colours(line: str, word: str, scope: str) -> None:
    assert _scope(line, word).startswith(scope), _scope(line, word)


def test_the_starter_is_in_the_wheel() -> None:
    """Files with a dot in front are left out by packaging tools, so they carry another name here."""
    names = [
        path.relative_to(ROOT / "engine/starter").as_posix() for path in (ROOT / "engine/starter").rglob("*") if path.is_file()
    ]
    assert not [name for name in names if any(part.startswith(".") for part in name.split("/"))]
    assert shutil.which("git")
