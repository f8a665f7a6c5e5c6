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


@pytest.mark.parametrize(
    "name", ["workflow/.later/triage.rules", "workflow/.triage.rules", "mailboxes/._help.yaml", ".tags.yaml"]
)
def test_what_is_hidden_is_not_read(rules: Path, name: str) -> None:
    before = load_config(rules).digest
    (rules / name).parent.mkdir(exist_ok=True)
    (rules / name).write_bytes(b"\0\5\x16\7 no file of ours")
    assert load_config(rules).digest == before


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("nowhere.rules", "the file cannot be read (No such file or directory); mend its rights, or the link [PR001]"),
        ("/dev/null", "this is no file, nor a link to one; put one in its place, or take it out [PR001]"),
    ],
)
def test_a_link_that_leads_to_no_file_is_told(rules: Path, target: str, says: str) -> None:
    (rules / "workflow/90.rules").symlink_to(target)
    with pytest.raises(ConfigError) as caught:
        load_config(rules)
    assert [str(problem) for problem in caught.value.problems] == [f"workflow/90.rules: {says}"]


def test_a_link_to_a_file_is_read(rules: Path, tmp_path: Path) -> None:
    (tmp_path / "of all desks.rules").write_text('rule "shared"\n  on message\n  when subject is "x"\n  then discard "x"\n')
    (rules / "workflow/90.rules").symlink_to(tmp_path / "of all desks.rules")
    assert "shared" in [rule.name for rule in load_config(rules).rules.rules]
