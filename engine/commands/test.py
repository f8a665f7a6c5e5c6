"""`postroom test`: run the rule tests."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click

from engine.commands.options import common, load_setup
from engine.errors import PostroomError
from engine.report.trials import Tested, coverage, junit, tested
from engine.trial.case import read_cases, test_files
from engine.trial.coverage import Coverage
from engine.trial.run import Trials


@click.command()
@click.option(
    "--tests",
    type=click.Path(path_type=Path, exists=True),
    multiple=True,
    help="A file or folder of tests; by default tests/ in the rules.",
)
@click.option("-k", "word", metavar="NAME", help="Only tests whose name contains this.")
@click.option("--coverage", "cover", is_flag=True, help="Also say which rules, conditions and branches no test reaches.")
@click.option("--junit", "junit_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the results as JUnit XML.")
@click.option("--watch", is_flag=True, help="Run again whenever a file of the configuration or of the tests changes.")
@common
def test(
    tests: tuple[Path, ...],
    word: str | None,
    cover: bool,
    junit_file: Path | None,
    watch: bool,
    rules: Path,
    db: Path,
    verbose: bool,
) -> None:
    """Run the rule tests of the configuration. Exit status: 1 when one fails, 2 when one is wrong.

    \b
    Examples:
      postroom test
      postroom test -k outage
      postroom test --coverage --junit results.xml
    """
    places = list(tests) or [rules / "tests"]
    if not watch:
        sys.exit(0 if _run(rules, places, word, cover, junit_file) else 1)
    for _ in _changes([rules, *places]):
        try:
            _run(rules, places, word, cover, junit_file)
        except PostroomError as error:
            for problem in error.problems:
                click.echo(str(problem), err=True)
        click.echo("waiting for a change; Ctrl-C ends")


def _run(rules: Path, places: list[Path], word: str | None, cover: bool, junit_file: Path | None) -> bool:
    """Whether all passed."""
    setup = load_setup(rules)
    cases = [case for case in read_cases(test_files(places)) if word is None or word.casefold() in case.name.casefold()]
    if not cases:
        raise PostroomError.of("there is no test to run", f"write one in {places[0]}: docs/rule-tests.md")
    results: list[Tested] = []
    trials, found = Trials(setup), Coverage(setup.config)
    for case in cases:
        start = time.perf_counter()
        result = trials.run(case, explain=cover)
        results.append(tested(result, time.perf_counter() - start))
        if cover:
            found.add(result.decision, result.foreseen)
        if not result.passed:
            click.echo(results[-1].failure)
    if junit_file is not None:
        try:
            junit_file.write_bytes(junit(results))
        except OSError as error:
            raise PostroomError.of(
                f"{junit_file} cannot be written: {error.strerror}", "name another file with --junit"
            ) from error
    if cover:
        click.echo(coverage(found))
    failed = sum(bool(one.wrong) for one in results)
    click.echo(f"{len(cases) - failed} passed, {failed} failed")
    return failed == 0


def _changes(places: list[Path]) -> Iterator[None]:
    """Once at the start, and after each change of a file."""
    before: dict[Path, tuple[int, int]] | None = None
    while True:
        now = {}
        for place in places:
            for path in [place] if place.is_file() else place.rglob("*"):
                try:
                    stat = path.stat()
                except OSError:  # it went away meanwhile
                    continue
                now[path] = (stat.st_mtime_ns, stat.st_size)
        if now != before:
            before = now
            yield
        time.sleep(0.3)
