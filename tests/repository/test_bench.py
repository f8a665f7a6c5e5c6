"""The short form of `make bench`: it runs, draws, and says ratios. The numbers themselves are a benchmark's."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from bench.generate import database
from bench.mail import KINDS
from bench.report import filled, show
from engine.mail.parse import parse_message

ROOT = Path(__file__).resolve().parents[2]


def test_it_runs_at_a_small_scale(tmp_path: Path) -> None:
    words = ["--messages", "8", "--scale", "0.001", "--turns", "1", "--results", str(tmp_path)]
    only = [word for series in ("largest", "mixed", "outlook") for word in ("--only", series)]
    done = subprocess.run(
        [sys.executable, "-m", "bench.whole", *words, *only], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    cells = json.loads((tmp_path / "results.json").read_text())["cells"]
    assert [(cell["series"], cell["size"]) for cell in cells] == [
        ("largest", 1),
        *((series, rules) for series in ("mixed", "outlook") for rules in (100, 1_000)),
    ]
    assert all(cell["per_second"] > 0 and cell["megabytes"] > 10 for cell in cells)
    assert {path.name for path in tmp_path.glob("*.svg")} == {"speed.svg", "start.svg", "memory.svg"}


def test_results_are_compared_with_earlier_ones() -> None:
    cell = {"series": "rules", "size": 10, "first_start": 1.0, "start": 0.5, "per_second": 300.0, "megabytes": 80.0}
    text = show({"cells": [cell], "stages": {"parse[plain]": 50.0}}, {"cells": [{**cell, "per_second": 200.0}], "stages": {}})
    assert "| Rules | 10 | 300 | ×1.50 | 0.50 | 1.00 | 80 | ×1.00 |" in text
    assert "| parse[plain] | 50 |  |" in text


def test_the_page_shows_the_results_that_are_committed() -> None:
    page = (ROOT / "docs/performance.md").read_text()
    results = json.loads((ROOT / "bench/results/results.json").read_text())
    assert filled(page, results) == page
    results["cells"][0]["per_second"] += 1_000
    assert filled(page, results) != page


def test_a_page_without_a_place_for_a_table_is_told() -> None:
    with pytest.raises(ValueError, match="0 places for the table sizes"):
        filled("# Performance", json.loads((ROOT / "bench/results/results.json").read_text()))


def test_generated_mail_is_always_the_same_and_of_its_kinds() -> None:
    for make in KINDS.values():
        assert make(7) == make(7) != make(8)
    assert 3_300 < len(KINDS["plain"](1)) < 4_500
    mixed = [parse_message(KINDS["mixed"](number)) for number in range(50)]
    assert sum(bool(one.html) for one in mixed) == 20
    assert sum(bool(one.in_reply_to) for one in mixed) == 10
    assert sum(bool(one.attachments) for one in mixed) == 10
    assert sum(one.size > 900_000 for one in mixed) == 1
    outlook = parse_message(KINDS["outlook"](1))
    assert len(outlook.headers) > 55 and outlook.html and outlook.in_reply_to and not outlook.defects
    assert 35_000 < outlook.size < 45_000


def test_a_generated_database_has_its_tickets(tmp_path: Path) -> None:
    with sqlite3.connect(database(tmp_path / "p.db", 500)) as connection:
        assert connection.execute("SELECT COUNT(*) FROM tickets").fetchone() == (500,)
