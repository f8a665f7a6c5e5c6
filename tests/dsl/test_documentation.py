"""docs/rule-language.md names every event, field, collection, operator and action."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.dsl.vocabulary import COLLECTIONS, EVENTS, FIELDS, WEEKDAYS

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs/rule-language.md").read_text("utf-8")
GRAMMAR = (ROOT / "engine/dsl/grammar.lark").read_text("utf-8")


@pytest.mark.parametrize("name", [*EVENTS, *FIELDS, *COLLECTIONS])
def test_every_name_is_documented(name: str) -> None:
    assert f"`{name}`" in TEXT or f"`{name.replace('_', ' ')}`" in TEXT


@pytest.mark.parametrize("word", sorted(set(re.findall(r'"([a-z]+)"', GRAMMAR))))
def test_every_word_of_the_grammar_is_documented(word: str) -> None:
    assert re.search(rf"\b{word}\b", TEXT)


def test_every_fixed_value_is_documented() -> None:
    for field in FIELDS.values():
        for word in field.words:
            assert word in WEEKDAYS or f"`{word}`" in TEXT, f"{field.name}: {word}"


def test_the_examples_are_right(tmp_path: Path) -> None:
    """Every block of rules in the page, on the shipped configuration."""
    from engine.config.load import load_config

    blocks = re.findall(r"```rules\n(.*?)```", TEXT, re.DOTALL)
    assert len(blocks) >= 5
    import shutil

    rules = Path(shutil.copytree(ROOT / "rules", tmp_path / "rules"))
    for old in (rules / "workflow").iterdir():
        old.unlink()
    (rules / "workflow/page.rules").write_text("\n".join(blocks), "utf-8")
    load_config(rules)


def test_every_variable_of_templates_is_documented_for_every_event() -> None:
    import contextlib
    import io
    import runpy

    page = (ROOT / "docs/notifications.md").read_text("utf-8")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        runpy.run_path(str(ROOT / "tools/tables.py"), run_name="__main__")
    assert printed.getvalue() in page, "put the output of tools/tables.py into docs/notifications.md"
