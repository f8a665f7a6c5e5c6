"""`postroom test`: run the rule tests."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from engine.commands.options import common, load_setup
from engine.errors import PostroomError
from engine.report.safe import printable
from engine.trial.case import read_cases, test_files
from engine.trial.run import Result, run_case


@click.command()
@click.option(
    "--tests",
    type=click.Path(path_type=Path, exists=True),
    multiple=True,
    help="A file or folder of tests; by default tests/ in the rules.",
)
@click.option("-k", "word", metavar="NAME", help="Only tests whose name contains this.")
@common
def test(tests: tuple[Path, ...], word: str | None, rules: Path, db: Path, verbose: bool) -> None:
    """Run the rule tests of the configuration. Exit status: 1 when one fails, 2 when one is wrong.

    \b
    Examples:
      postroom test
      postroom test -k outage
    """
    setup = load_setup(rules)
    places = list(tests) or [rules / "tests"]
    cases = [case for case in read_cases(test_files(places)) if word is None or word.casefold() in case.name.casefold()]
    if not cases:
        raise PostroomError.of("there is no test to run", f"write one in {places[0]}: docs/rule-tests.md")
    failed = 0
    for case in cases:
        result = run_case(case, setup)
        if not result.passed:
            failed += 1
            click.echo(_failure(result))
    click.echo(f"{len(cases) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


def _failure(result: Result) -> str:
    lines = [f"{result.case.position}: FAILED: {result.case.name}"]
    for one in result.differences:
        lines.append(f"  {one.position}: {one.what}")
        lines.append(f"      expected  {_shown(one.expected)}")
        lines.append(f"      found     {_shown(one.found)}")
    lines.append("  because")
    for step in result.decision.trace:
        where = f"  [{step.where}]" if step.where else ""
        lines.append(f"      {step.step}: {printable(step.found)}{where}")
    return "\n".join([*lines, ""])


def _shown(value: object) -> str:
    return printable(repr(value) if isinstance(value, str) else str(value))
