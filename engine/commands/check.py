"""`postroom check`: is the configuration right?"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import click

from engine.analysis.deletions import Names, explain_removed, names_in, removed_but_used
from engine.analysis.report import analyse
from engine.commands.options import common
from engine.config.load import load_config
from engine.config.model import Config
from engine.config.revision import configuration_at
from engine.decide.book import AddressBook
from engine.errors import ConfigError, Problem
from engine.quantity import counted
from engine.report.directory import of_nobody
from engine.report.findings import FORMS
from engine.store.database import open_for_reading
from engine.store.usage import rows_that_use


@click.command()
@click.option("--format", "form", type=click.Choice(list(FORMS)), default="text", show_default=True)
@click.option(
    "--base", metavar="REF", help="Also say what was removed since this git ref although files, or rows of --db, use it."
)
@common
def check(form: str, base: str | None, rules: Path, db: Path, verbose: bool) -> None:
    """Check the configuration: every problem at once, each with file, line, what is wrong and the fix.

    Warnings are about what can be used, but is hardly meant: rules that never run, lists that nobody uses. docs/checks.md
    explains each code. A warning is allowed by a comment on its line: # allow PR106: kept for the summer

    \b
    Examples:
      postroom check
      postroom check --rules /etc/postroom --format github
      postroom check --base origin/main --db postroom.db

    Exit status: 2 when there are problems, 1 when there are only warnings.
    """
    before = _names_at(rules, base) if base else None
    try:
        config = load_config(rules)
    except ConfigError as error:
        found: Sequence[Problem] = explain_removed(error.problems, before) if before else error.problems
    else:
        found = analyse(config, tuple(_removed(before, config, db)) if before else ())
        if form == "text":
            for line in of_nobody(AddressBook(config)):
                click.echo(line)
            if not found:
                click.echo(f"{rules}: right ({', '.join(_sizes(config))})")
                return
    click.echo(FORMS[form](found, rules))
    if found:
        sys.exit(1 if all(problem.warning for problem in found) else 2)


def _sizes(config: Config) -> tuple[str, ...]:
    return (
        counted(len(config.mailboxes), "mailbox", "mailboxes"),
        counted(len(config.rules.rules), "rule"),
        counted(len(config.tags.tags), "tag"),
    )


def _names_at(rules: Path, ref: str) -> Names | None:
    """What the configuration had at `ref`; None where it was not right there, for then nobody can say what it had."""
    with configuration_at(rules, ref) as folder:
        try:
            return names_in(load_config(folder))
        except ConfigError:
            click.echo(f"the configuration at {ref} is not right itself: what was removed since is not looked for", err=True)
            return None


def _removed(before: Names, config: Config, db: Path) -> list[Problem]:
    if not db.exists():
        return []
    with closing(open_for_reading(db)) as connection:
        return removed_but_used(before, names_in(config), partial(rows_that_use, connection))
