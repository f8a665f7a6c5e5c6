"""`postroom run` as a whole process at every size: speed with storing included, start-up, memory. `make bench`.

Writes bench/results/results.json and the plots beside it, and prints tables with ratios to the results last committed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.generate import ROOT, configure, database
from bench.mail import KINDS, maildir
from bench.process import run
from bench.report import draw, show

RESULTS = Path(__file__).resolve().parent / "results"
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


class Bench:
    def __init__(self, folder: Path, messages: int, scale: float, repeat: int) -> None:
        self.folder = folder
        self.messages = messages
        self.scale = scale
        self.repeat = repeat
        self.empty = maildir(folder / "none", "plain", 0)
        self._known: dict[tuple[object, ...], Path] = {}

    def measure(self, series: str, size: int, differs: dict[str, int]) -> Cell:
        sizes = {name: max(1, round(count * self.scale)) for name, count in ({"contacts": 100} | differs).items()}
        tickets = sizes.pop("tickets", 0)
        contacts = sizes["contacts"]
        rules = self._once("rules", *sizes.items(), make=lambda path: configure(path, **sizes))
        kind = series if series in KINDS else "plain"
        source = self._once(kind, contacts, make=lambda path: maildir(path, kind, self.messages, contacts))
        with_tickets = self._once("db", tickets, contacts, make=lambda path: database(path, tickets, contacts))
        starts, runs = [], []
        for _ in range(self.repeat):
            db = self._fresh(with_tickets)
            starts.append((run(self.empty, rules, db), run(self.empty, rules, db)))
            runs.append(run(source, rules, db))
        first, start = starts[0][0], min((again for _, again in starts), key=lambda one: one.seconds)
        best = min(runs, key=lambda one: one.seconds)
        most = max(one.megabytes for one in (first, *runs))
        return Cell(
            series, size, round(first.seconds, 2), round(start.seconds, 2), round(self.messages / best.seconds, 1), round(most, 1)
        )

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


def cells(bench: Bench, only: set[str]) -> Iterator[Cell]:
    for series, size, differs in CELLS:
        if not only or series in only:
            cell = bench.measure(series, size, differs)
            print(
                f"{series:>9} {size:>9,}: {cell.per_second:,.0f} a second, {cell.megabytes:.0f} MB", file=sys.stderr, flush=True
            )
            yield cell


def committed() -> dict[str, object]:
    done = subprocess.run(["git", "show", "HEAD:bench/results/results.json"], cwd=ROOT, capture_output=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else {}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=2_000)
    parser.add_argument("--scale", type=float, default=1.0, help="all sizes times this")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--only", action="append", default=[], help="one series; the stages are left out then")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), options.messages, options.scale, options.repeat)
        measured = [asdict(cell) for cell in cells(bench, set(options.only))]
    results = {"cells": measured, "stages": {} if options.only else stages()}
    print(show(results, committed()))
    options.results.mkdir(parents=True, exist_ok=True)
    (options.results / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    draw(results, options.results)


if __name__ == "__main__":
    main()
