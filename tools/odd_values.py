"""Odd values in the place of a configuration's, of its tables' and of its rule tests': each is told as a problem, or works.

`python -m tools.odd_values --seconds 600 --seed 7`. Says what ended in a traceback, or held a message in quarantine with an error.
"""

from __future__ import annotations

import copy
import csv
import io
import os
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from engine.analysis.report import analyse
from engine.config.load import load_config
from engine.decide.setup import Setup, prepare
from engine.errors import PostroomError
from engine.processing import Processor
from engine.sources.files import open_source
from engine.sources.item import Item
from engine.store.database import open_database
from engine.trial.case import read_cases
from engine.trial.run import Trials
from tools.hostile import search
from tools.soak import ROOT

TEXTS = [
    "", "  ", "0", "-1", "yes", "null", "\u2028", "\u202eabc", "\x7f", "ẞ", "İ", "ﬁ", "\U0001f4a9", "a" * 5_000, "a\nb", "a\r\nBcc: x@y.example",
    "{{ 7 * 7 }}", "{% raw %}", "{0}", "%s", "${env:NOPE}", "${env:}", "${file:/etc/passwd}", "../../etc/passwd", "*", ".*", "(", "[", "'", '"',
    "\\", "|", "=cmd()", "0 seconds", "0.0001 seconds", "99999 days", "999999 days", "0 KB", "9" * 400 + " KB", "0 characters", "00:00-24:00",
    "23:59-00:01", "2026-02-30", "9999-12-31", "0001-01-01", "2026-11-02T10:00:00Z", "UTC", "help", "alerts", "New", "Done", "customer", "x@y.example",
    "X@Y.EXAMPLE", "@", "a@b@c", "müller@exämple.example", "xn--a.example", "localhost", "https://x.example", "T{seq}", "T{seq:099d}", "{date:%Y}{seq}",
]  # fmt: skip
VALUES: list[Any] = [
    *TEXTS, 0, -1, 1.5, float("inf"), float("nan"), 10**30, True, False, None, [], {}, [None], [[]], [{"name": "x"}], {"": ""}, {"a": 1}, ["a"] * 50,
]  # fmt: skip


def _paths(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _paths(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _paths(value, (*path, index))


def change(dice: random.Random, data: Any) -> None:
    """One or two values become others, go, or come twice."""
    for _ in range(dice.choice([1, 1, 1, 2])):
        *above, last = dice.choice([*_paths(data)])
        value = copy.deepcopy(dice.choice(VALUES))
        holder = data
        for key in above:
            holder = holder[key]
        how = dice.random()
        if how < 0.75:
            holder[last] = value
        elif how < 0.85:
            del holder[last]
        elif isinstance(holder, list):
            holder.append(value)
        else:
            holder[value if isinstance(value, str) else "x"] = holder[last]


def as_yaml(data: Any) -> str | None:
    """None where YAML cannot say it."""
    written = io.StringIO()
    writer = YAML()
    writer.width = 100_000
    try:
        writer.dump(data, written)
    except (YAMLError, UnicodeError):
        return None
    return written.getvalue()


def as_table(dice: random.Random, text: str) -> str:
    rows = list(csv.reader(io.StringIO(text)))
    for _ in range(dice.choice([1, 2])):
        row = dice.choice([row for row in rows if row])
        place = dice.randrange(len(row))
        elsewhere = dice.choice([cell for other in rows for cell in other])
        how = dice.random()
        if how < 0.8:
            row[place] = dice.choice([*TEXTS, elsewhere, elsewhere])
        elif how < 0.9:
            row.append(elsewhere)
        else:
            rows.append(list(row))
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(rows)
    return written.getvalue()


class Bench:
    """A copy of the shipped configuration in `folder`, of which one file at a time is another, and the sample's mail."""

    def __init__(self, folder: Path) -> None:
        self.rules = Path(shutil.copytree(ROOT / "rules", folder / "rules"))
        self.files = sorted(
            (*self.rules.glob("*.yaml"), *self.rules.glob("mailboxes/*.yaml"), *self.rules.glob("directory/*.csv"))
        )
        self.setup = prepare(load_config(self.rules))
        self.tests = [test for name in ("rules/tests", "tests/behaviour") for test in _tests_of(ROOT / name)]
        self.mail: list[Item] = list(open_source(str(ROOT / "sample"), 30_000_000))
        self.loaded = 0

    def configuration(self, dice: random.Random) -> str | None:
        """What is wrong, with the file as it was then."""
        path = dice.choice(self.files)
        before = path.read_text("utf-8")
        if path.suffix == ".csv":
            text: str | None = as_table(dice, before)
        else:
            data = YAML(typ="safe", pure=True).load(before)
            change(dice, data)
            text = as_yaml(data)
        if text is None:
            return None
        try:
            path.write_text(text, "utf-8")
            return _failure(self._use, f"{path.relative_to(self.rules)}:\n{text[:2_000]}")
        finally:
            path.write_text(before, "utf-8")

    def _use(self) -> None:
        config = load_config(self.rules)
        self.loaded += 1
        analyse(config)
        with closing(open_database(None)) as connection:
            Processor(connection, prepare(config)).run(self.mail, None)
            held = connection.execute("SELECT error FROM quarantine WHERE reason = 'error'").fetchone()
        if held:
            raise AssertionError(held[0])

    def rule_test(self, dice: random.Random) -> str | None:
        test = copy.deepcopy(dice.choice(self.tests))
        change(dice, test)
        text = as_yaml({"version": 1, "tests": [test]})
        if text is None:
            return None
        path = self.rules.parent / "odd.yaml"
        path.write_text(text, "utf-8")
        return _failure(lambda: _run(path, self.setup), text[:2_000])


def _tests_of(folder: Path) -> list[Any]:
    reader = YAML(typ="safe", pure=True)
    return [test for path in sorted(folder.glob("*.yaml")) for test in reader.load(path.read_text("utf-8"))["tests"]]


def _run(path: Path, setup: Setup) -> None:
    for case in read_cases([path]):
        Trials(setup).run(case)


def _failure(use: Callable[[], None], what: str) -> str | None:
    try:
        use()
    except PostroomError as problem:
        str(problem)  # it can be told
    except Exception as error:
        return f"{type(error).__name__}: {error}: {what}"
    return None


def pump(seconds: float, seed: int) -> tuple[int, list[str]]:
    """(how many values, what is wrong)."""
    os.environ.setdefault("ALERTS_TOKEN", "sample-only")
    os.environ["POSTROOM_CACHE"] = "off"
    dice = random.Random(seed)
    wrong: list[str] = []
    count, until = 0, time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        while time.monotonic() < until:
            count += 1
            found = dice.choice([bench.configuration, bench.rule_test])(dice)
            if found:
                wrong.append(found)
    return count, wrong


if __name__ == "__main__":
    search(__doc__, pump, "odd values", "neither told nor working")
