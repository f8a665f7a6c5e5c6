"""The schemas alone, as an editor or check-jsonschema uses them: they accept what ships and refuse what they must."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
import yaml
from jsonschema import Draft202012Validator

from engine.config.mailbox import Entity
from engine.decide.decision import Outcome, Reason
from engine.entities import Note, Project, Sender, Task, Ticket, TimeEntry

ROOT = Path(__file__).resolve().parents[2]
FILES = [
    *((name, f"rules/{name}.yaml") for name in ("settings", "picklists", "tags", "duplicates")),
    *(("mailbox", str(path.relative_to(ROOT))) for path in sorted((ROOT / "rules/mailboxes").glob("*.yaml"))),
    *(("tests", str(path.relative_to(ROOT))) for path in sorted((ROOT / "rules/tests").glob("*.yaml"))),
]


def schema(name: str) -> dict:
    return json.loads((ROOT / "schema" / f"{name}.schema.json").read_text("utf-8"))


@pytest.mark.parametrize("path", sorted((ROOT / "schema").glob("*.json")), ids=lambda path: path.name)
def test_every_schema_is_one_and_explains_every_key(path: Path) -> None:
    data = json.loads(path.read_text("utf-8"))
    Draft202012Validator.check_schema(data)
    assert data["$schema"] == "https://json-schema.org/draft/2020-12/schema"

    def keys(node: object, where: str) -> None:
        if isinstance(node, dict):
            for key, value in node.get("properties", {}).items():
                inside_given = where.endswith(("given.tickets", "given.seen", "message.attachments"))
                assert inside_given or ("title" in value and "description" in value), f"{where}.{key}"
                keys(value, f"{where}.{key}")
            keys(node.get("items"), where)

    keys(data, path.stem)


@pytest.mark.parametrize(("name", "file"), FILES, ids=[file for _, file in FILES])
def test_what_ships_is_accepted_and_names_its_schema(name: str, file: str) -> None:
    path = ROOT / file
    first = path.read_text("utf-8").splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=")
    assert (path.parent / first.partition("=")[2]).resolve() == ROOT / "schema" / f"{name}.schema.json"
    Draft202012Validator(schema(name)).validate(yaml.safe_load(path.read_text("utf-8")))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("settings", {"version": 1, "name": "x"}),
        ("settings", {"version": 3, "name": "x", "organizations": {"local": "a", "unattributed": "a"}}),
        ("settings", {"version": 1, "name": "x", "organizations": {"local": "a", "unattributed": "a"}, "limits": {"title": "long"}}),
        ("picklists", {"version": 1, "queues": ["a", "a"], "statuses": [{"name": "x"}], "priorities": []}),
        ("picklists", {"version": 1, "queues": [], "statuses": [], "priorities": []}),
        ("tags", {"version": 1, "tags": [{"label": ""}]}),
        ("tags", {"version": 1, "tags": [{"labels": "x"}]}),
        ("duplicates", {"version": 1, "duplicates": [{"name": "x", "when_open": {"do": "create"}, "when_complete": {"do": "create"}}]}),
        ("duplicates", {"version": 1, "duplicates": [{"name": "x", "same": ["title"], "when_open": {"do": "merge"}, "when_complete": {"do": "create"}}]}),
        ("mailbox", {"version": 1, "name": "x", "address": "no address"}),
        ("mailbox", {"version": 1, "name": "x", "address": "a@b.example", "token": {"id": "x", "password": "plain"}}),
        ("mailbox", {"version": 1, "name": "x", "address": "a@b.example", "creates": ["tickets"]}),
        ("mailbox", {"version": 1, "name": "x", "address": "a@b.example", "source": {"exchange": {"endpoint": "https://user:secret@mail.example/EWS", "username": "${env:U}", "password": "${env:P}"}}}),
        ("tests", {"version": 1, "tests": [{"name": "x", "message": {}, "expect": {}}]}),
        ("tests", {"version": 1, "tests": [{"name": "x", "message": {}, "expect": {"outcomes": "created"}}]}),
        ("tests", {"version": 1, "tests": [{"name": "x", "message": {}, "expect": {"outcome": "create"}}]}),
        ("tests", {"version": 1, "tests": [{"name": "x", "message": {}, "expect": {"reason": "rules"}}]}),
        ("tests", {"version": 1, "tests": [{"name": "x", "message": {}, "expect": {"entity": "note"}}]}),
        ("tests", {"version": 1, "tests": [{"name": "x", "message": {}, "expect": {"ticket": {"assignd": None}}}]}),
        ("tests", {"version": 1, "tests": [{"name": "x", "message": {}, "expect": {"ticket": {}}}]}),
        ("tests", {"version": 1, "tests": [{"name": "x", "message": {}, "expect": {"sender": {"kind": "customer"}}}]}),
        ("tests", {"version": 1, "tests": [{"name": "x", "message": {"headers": {"List Id": "x"}}, "expect": {"outcome": "created"}}]}),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused(name: str, data: dict) -> None:
    assert list(Draft202012Validator(schema(name)).iter_errors(data))


def test_check_jsonschema_takes_them(tmp_path: Path) -> None:
    wrong = tmp_path / "tags.yaml"
    wrong.write_text("version: 1\ntags: [{label: x, alias: [y]}]\n")
    command = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(ROOT / "schema/tags.schema.json")]
    assert subprocess.run([*command, str(ROOT / "rules/tags.yaml")], capture_output=True).returncode == 0
    refused = subprocess.run([*command, str(wrong)], capture_output=True, text=True)
    assert refused.returncode == 1 and "alias" in refused.stdout


def test_what_tests_may_expect_is_what_a_decision_has() -> None:
    """A name that no decision has would make of `ticket: {assignd: null}` a test that cannot fail."""
    expect = schema("tests")["properties"]["tests"]["items"]["properties"]["expect"]["properties"]
    for name, kind in {"ticket": Ticket, "note": Note, "time_entry": TimeEntry, "task": Task, "project": Project}.items():
        assert set(expect[name]["properties"]) == {one for one in kind.__struct_fields__ if one not in ("html", "removed")}
    assert set(expect["sender"]["properties"]) < set(Sender.__struct_fields__)
    assert expect["outcome"]["enum"] == list(get_args(Outcome))
    assert expect["reason"]["enum"] == [*get_args(Reason), None]
    assert expect["entity"]["enum"] == [*get_args(Entity), None]
