"""A configuration that is kept ready: the same as a fresh one, and never taken from where somebody else may have put it."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest

from engine.config.cached import load_cached
from engine.config.load import load_config
from engine.decide.setup import prepare
from engine.errors import ConfigError


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("POSTROOM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def kept(place: Path) -> list[Path]:
    return sorted(place.glob("*.config")) if place.is_dir() else []


def checked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which folders are checked from now on."""
    import engine.config.load as load

    seen: list[str] = []
    real = load.load_folder
    monkeypatch.setattr(load, "load_folder", lambda folder: (seen.append(folder.digest), real(folder))[1])
    return seen


def test_the_second_start_takes_what_the_first_has_kept(rules: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load_cached(rules)
    seen = checked(monkeypatch)
    second = load_cached(rules)
    assert seen == []
    assert second == first == load_config(rules)
    assert prepare(second).book.domains() == prepare(first).book.domains()
    assert place.stat().st_mode & 0o777 == 0o700


def test_another_place_of_the_same_files_is_told_as_its_own(rules: Path, place: Path, tmp_path: Path) -> None:
    load_cached(rules)
    moved = rules.rename(tmp_path / "elsewhere")
    assert load_cached(moved).root == moved
    assert len(kept(place)) == 1


def test_a_changed_line_is_seen(rules: Path, place: Path) -> None:
    load_cached(rules)
    file = rules / "settings.yaml"
    file.write_text(file.read_text().replace("Harbour & Hill IT", "Somebody Else"))
    assert load_cached(rules).settings.name == "Somebody Else"
    assert len(kept(place)) == 2


def test_what_has_problems_is_never_kept(rules: Path, place: Path) -> None:
    (rules / "settings.yaml").write_text("version: 1\n")
    for _ in range(2):
        with pytest.raises(ConfigError):
            load_cached(rules)
    assert kept(place) == []


def test_a_file_that_is_not_read_is_told_where_the_rest_is_kept(
    rules: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_cached(rules)
    monkeypatch.setattr("engine.config.files.LARGEST_FILE", 1_000_000)
    (rules / "workflow/99.rules").write_text("#" * 1_000_001)
    with pytest.raises(ConfigError, match="the file is larger than 64 MB"):
        load_cached(rules)


@pytest.mark.parametrize("what", ["file", "folder"])
def test_one_that_others_may_write_is_not_taken(rules: Path, place: Path, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    load_cached(rules)
    (kept(place)[0] if what == "file" else place).chmod(0o777)
    seen = checked(monkeypatch)
    load_cached(rules)
    assert len(seen) == 1


def test_a_link_is_not_followed(rules: Path, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_cached(rules)
    (file,) = kept(place)
    file.rename(tmp_path / "other")
    file.symlink_to(tmp_path / "other")
    seen = checked(monkeypatch)
    load_cached(rules)
    assert len(seen) == 1


class _Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (os.environ["EVIL"],)


@pytest.mark.parametrize("content", [b"", b"\x80", b"not a pickle"])
def test_a_broken_one_is_made_anew(rules: Path, place: Path, content: bytes) -> None:
    first = load_cached(rules)
    kept(place)[0].write_bytes(content)
    assert load_cached(rules) == first
    assert kept(place)[0].stat().st_size > 1000


def test_it_can_name_no_function(rules: Path, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVIL", str(tmp_path / "evil"))
    first = load_cached(rules)
    kept(place)[0].write_bytes(pickle.dumps(_Evil()))
    assert load_cached(rules) == first
    assert not (tmp_path / "evil").exists()


def test_where_it_cannot_be_kept_the_configuration_is_loaded_all_the_same(
    rules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a file").touch()
    monkeypatch.setenv("POSTROOM_CACHE", str(tmp_path / "a file" / "cache"))
    assert load_cached(rules) == load_config(rules)


def test_only_the_last_few_are_kept(rules: Path, place: Path) -> None:
    for number in range(10):
        (rules / "workflow/99.rules").write_text(
            f'rule "Number {number}"\n  on message\n  when message.size > 1 GB\n  then stop\n'
        )
        load_cached(rules)
    assert len(kept(place)) == 8


def test_no_secret_is_in_it(rules: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELP_PASSWORD", "correct horse battery")
    load_cached(rules)
    data = kept(place)[0].read_bytes()
    assert b"correct horse battery" not in data
    assert b"HELP_PASSWORD" in data


def test_contacts_are_the_same_whenever_they_are_asked_for(rules: Path, place: Path) -> None:
    (rules / "directory/contacts.csv").write_text(
        "id,organization,email,email2,active\n"
        "ana,lumiere,shared@lumiere.example,ana@lumiere.example,yes\n"
        "ben,lumiere,shared@lumiere.example,ana@lumiere.example,yes\n"
        "carl,lumiere,carl@lumiere.example,,no\n"
    )
    for config in (load_cached(rules), load_cached(rules)):
        contacts, book = config.directory.contacts, prepare(config).book
        assert list(contacts) == ["ana", "ben", "carl"] and len(contacts) == 3
        assert "ben" in contacts and "dora" not in contacts and contacts.get("dora") is None
        assert str(contacts["ben"].position) == "directory/contacts.csv:3"
        assert [(level, one.id) for level, one in book.contacts("shared@lumiere.example")] == [(0, "ana"), (0, "ben")]
        assert [(level, one.id) for level, one in book.contacts("ana@lumiere.example")] == [(1, "ana"), (1, "ben")]
        assert book.contacts("carl@lumiere.example") == book.contacts("") == []
        assert {address for address, _ in book.ambiguous()} == {"shared@lumiere.example", "ana@lumiere.example"}
