"""`postroom fmt`: `.rules` files in one canonical form."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path

import click

from engine.commands.options import common
from engine.config.files import read_folder
from engine.config.unread import unread
from engine.dsl.format import format_rules
from engine.errors import ConfigError, Problem, coded
from engine.files import write_whole


@click.command()
@click.option("--check", "only_check", is_flag=True, help="Write nothing; say which files would change, and exit with 1.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
@common
def fmt(only_check: bool, diff: bool, rules: Path, db: Path, verbose: bool) -> None:
    """Format the .rules files. Only white space changes; comments stay. A file with an error is left as it is.

    \b
    Examples:
      postroom fmt
      postroom fmt --check

    Exit status: 1 when --check or --diff found something to change, 2 when a file has an error.
    """
    folder = read_folder(rules)
    problems: list[Problem] = [
        problem for problem in (*folder.problems, *unread(folder)) if problem.position.file.endswith(".rules")
    ]
    changed = 0
    for source in folder.under("workflow", ".rules"):
        formatted, wrong = format_rules(source.name, source.text)
        problems += wrong
        path = rules / source.name
        if wrong or path.read_bytes() == formatted.encode():
            continue
        changed += 1
        if diff:
            lines = difflib.unified_diff(
                source.text.splitlines(keepends=True), formatted.splitlines(keepends=True), str(path), f"{path} (formatted)"
            )
            click.echo("".join(lines), nl=False)
        elif only_check:
            click.echo(f"{path} would be formatted")
        else:
            write_whole(path, formatted.encode())
            click.echo(f"{path} formatted")
    if problems:
        raise ConfigError(*coded("PR006", problems))
    if changed and (only_check or diff):
        sys.exit(1)
    if not changed:
        click.echo("all is formatted")
