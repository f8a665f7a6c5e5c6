"""Files of a wrong name or in a wrong place, which nothing would read, are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config.load import load_config
from engine.errors import ConfigError


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("tags.yml", "name it tags.yaml"),
        ("settings.yaml.txt", "name it settings.yaml"),
        ("contacts.csv", "move it into directory/"),
        ("triage.rules", "move it into workflow/"),
        ("mailboxes/new.yml", "name it new.yaml"),
        ("mailboxes/south/new.yaml.txt", "name it new.yaml"),
        ("directory/contact.csv", "did you mean 'contacts.csv'?"),
        ("directory/contact.xlsx", "did you mean 'contacts.csv'?"),
        ("directory/south/contacts.csv", "move it to directory/contacts.csv"),
        ("workflow/triage.rule", "name it triage.rules"),
        ("workflow/triage.rules.txt", "name it triage.rules"),
        ("templates/spare.html", "name it spare.md"),
        ("tests/more.yml", "name it more.yaml"),
    ],
)
def test_a_file_that_nothing_reads_is_told(rules: Path, name: str, fix: str) -> None:
    (rules / name).parent.mkdir(exist_ok=True)
    (rules / name).write_bytes(b"")
    with pytest.raises(ConfigError) as caught:
        load_config(rules)
    assert [str(problem).partition("\n")[0] for problem in caught.value.problems] == [
        f"{name}: no file of this name is read; {fix} [PR001]"
    ]


@pytest.mark.parametrize(
    "name",
    [
        *[
            "mkdocs.yml",
            "export.csv",
            "README.md",
            ".gitlab-ci.yml",
            "notes.txt",
            "mailboxes/README.md",
            "mailboxes/.new.yml.swp",
            "workflow/triage.rules~",
        ],
        *[
            "directory/.~lock.contacts.csv",
            "directory/~$contacts.xlsx",
            "directory/contacts.xlsx",
            "templates/received.html",
            "templates/notes.txt",
            "export/contacts.csv",
            "tests/mail/one.eml",
        ],
    ],
)
def test_what_may_lie_there(rules: Path, name: str) -> None:
    (rules / name).parent.mkdir(exist_ok=True)
    (rules / name).write_bytes(b"x")
    load_config(rules)
