"""`postroom run` as a whole process at every size: speed with storing included, start-up, memory. `make bench`.

Writes bench/results/results.json and the plots beside it, fills them in into docs/performance.md, and prints tables with ratios to
the results last committed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from bench.generate import ROOT, configure, database
from bench.mail import KINDS, maildir
from bench.process import Run, run
from bench.report import draw, filled, show

RESULTS = ROOT / "bench/results"
PAGE = ROOT / "docs/performance.md"
# (series, size, what differs from the ordinary: 100 rules of two texts, 100 contacts, 100 aliases, an empty database, plain mail)
CELLS: list[tuple[str, int, dict[str, int]]] = [
    *(("rules", size, {"rules": size}) for size in (10, 100, 1_000, 10_000)),
    *(("patterns", size, {"patterns": size}) for size in (100, 1_000)),
    *(("contacts", size, {"contacts": size}) for size in (100, 1_000, 10_000, 100_000)),
    *(("aliases", size, {"aliases": size}) for size in (100, 1_000, 10_000, 100_000)),
    ("tickets", 0, {}),
    ("tickets", 1_000_000, {"tickets": 1_000_000}),
    ("desk", 1, {"contacts": 100_000, "aliases": 100_000, "tickets": 1_000_000}),
    ("largest", 1, {"rules": 10_000, "contacts": 100_000, "aliases": 100_000, "tickets": 1_000_000}),
    ("mixed", 100, {"rules": 100}),
    ("mixed", 1_000, {"rules": 1_000}),
    ("outlook", 100, {"rules": 100}),
    ("outlook", 1_000, {"rules": 1_000}),
]


@dataclass(frozen=True)
class Cell:
    """Seconds of a start without mail, the first after a change and the next; messages a second; megabytes at the most."""

    series: str
    size: int
    first_start: float
    start: float
    per_second: float
    megabytes: float


@dataclass(frozen=True)
class Made:
    """All that one cell needs: configuration, mail, and the database that it begins with."""

    rules: Path
    source: Path
    database: Path


@dataclass(frozen=True)
class Turn:
    """A start with a configuration that no cache has, another, and a run over all the mail."""

    first: Run
    start: Run
    whole: Run


class Bench:
    def __init__(self, folder: Path, messages: int, scale: float) -> None:
        self.folder = folder
        self.messages = messages
        self.scale = scale
        self.empty = maildir(folder / "none", "plain", 0)
        self._cache = folder / "cache"
        os.environ["POSTROOM_CACHE"] = str(self._cache)  # for the commands
        self._known: dict[tuple[object, ...], Path] = {}

    def make(self, series: str, differs: dict[str, int]) -> Made:
        sizes = {name: max(1, round(count * self.scale)) for name, count in ({"contacts": 100} | differs).items()}
        tickets = sizes.pop("tickets", 0)
        contacts = sizes["contacts"]
        kind = series if series in KINDS else "plain"
        return Made(
            self._once("rules", *sizes.items(), make=lambda path: configure(path, **sizes)),
            self._once(kind, contacts, make=lambda path: maildir(path, kind, self.messages, contacts)),
            self._once("db", tickets, contacts, make=lambda path: database(path, tickets, contacts)),
        )

    def turn(self, made: Made) -> Turn:
        db = self._fresh(made.database)
        # Several cells have one configuration, and an earlier benchmark may have had it too.
        shutil.rmtree(self._cache, ignore_errors=True)
        return Turn(run(self.empty, made.rules, db), run(self.empty, made.rules, db), run(made.source, made.rules, db))

    def cell(self, series: str, size: int, turns: list[Turn]) -> Cell:
        first = median(turn.first.seconds for turn in turns)
        start = median(turn.start.seconds for turn in turns)
        whole = median(turn.whole.seconds for turn in turns)
        most = max(one.megabytes for turn in turns for one in (turn.first, turn.whole))
        return Cell(series, size, round(first, 2), round(start, 2), round(self.messages / whole, 1), round(most, 1))

    def _once(self, *key: object, make: object) -> Path:
        if key not in self._known:
            path = self.folder / f"made-{len(self._known)}"
            make(path)  # type: ignore[operator]
            self._known[key] = path
        return self._known[key]

    def _fresh(self, source: Path) -> Path:
        db = self.folder / "run.db"
        for old in self.folder.glob("run.db*"):
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        shutil.copy(source, db)
        return db


def stages() -> dict[str, float]:
    """Microseconds a message, by `<stage>[<kind>-...]`."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "stages.json"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "bench/test_stages.py", f"--benchmark-json={file}"]
        command += ["--benchmark-min-rounds=5", "--benchmark-quiet", "--benchmark-warmup=on", "--benchmark-warmup-iterations=1"]
        subprocess.run(["taskset", "-c", "0", *command], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        found = json.loads(file.read_text())["benchmarks"]
    return {one["name"].removeprefix("test_"): round(one["stats"]["min"] / 200 * 1e6, 1) for one in found}


def cells(bench: Bench, only: set[str], turns: int) -> list[Cell]:
    """Each cell once in each turn: a machine that is slow for some minutes makes none of them look worse than the others."""
    wanted = [cell for cell in CELLS if not only or cell[0] in only]
    took: list[list[Turn]] = [[] for _ in wanted]
    for number in range(turns):
        for (series, size, differs), mine in zip(wanted, took, strict=True):
            mine.append(bench.turn(bench.make(series, differs)))
            seconds = mine[-1].whole.seconds
            print(f"{number + 1}: {series:>9} {size:>9,}: {bench.messages / seconds:,.0f} a second", file=sys.stderr, flush=True)
    return [bench.cell(series, size, mine) for (series, size, _), mine in zip(wanted, took, strict=True)]


def committed() -> dict[str, object]:
    done = subprocess.run(["git", "show", "HEAD:bench/results/results.json"], cwd=ROOT, capture_output=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else {}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=2_000)
    parser.add_argument("--scale", type=float, default=1.0, help="all sizes times this")
    parser.add_argument("--turns", type=int, default=3, help="the median of so many counts")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument(
        "--only", action="append", default=[], help="one series, without the stages; kept only where --results says"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), options.messages, options.scale)
        measured = [asdict(cell) for cell in cells(bench, set(options.only), options.turns)]
    results = {"cells": measured, "stages": {} if options.only else stages()}
    print(show(results, committed()))
    if options.results == RESULTS and options.only:
        return  # a part is no result to commit
    options.results.mkdir(parents=True, exist_ok=True)
    (options.results / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    draw(results, options.results)
    if options.results == RESULTS:
        PAGE.write_text(filled(PAGE.read_text(), results))


if __name__ == "__main__":
    main()
