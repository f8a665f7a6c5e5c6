"""`postroom check`: is the configuration right?"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from engine.commands.options import common
from engine.config.load import load_config
from engine.errors import ConfigError, Problem


@click.command()
@click.option("--format", "form", type=click.Choice(["text", "json", "github"]), default="text", show_default=True)
@common
def check(form: str, rules: Path, db: Path, verbose: bool) -> None:
    """Check the configuration: every problem at once, each with file, line, what is wrong and the fix.

    \b
    Examples:
      postroom check
      postroom check --rules /etc/postroom --format github

    Exit status: 2 when there are problems.
    """
    try:
        config = load_config(rules)
    except ConfigError as error:
        click.echo(_shown(list(error.problems), form, rules))
        sys.exit(2)
    if form == "json":
        click.echo("[]")
    elif form == "text":
        count = len(config.rules.rules)
        click.echo(f"{rules}: right ({len(config.mailboxes)} mailboxes, {count} rules, {len(config.tags.tags)} tags)")


def _shown(problems: list[Problem], form: str, rules: Path) -> str:
    if form == "json":
        return json.dumps(
            [
                {
                    "file": problem.position.file,
                    "line": problem.position.line,
                    "column": problem.position.column,
                    "message": problem.message,
                    "fix": problem.fix,
                }
                for problem in problems
            ],
            ensure_ascii=False,
            indent=2,
        )
    if form == "github":
        return "\n".join(_annotation(problem, rules) for problem in problems)
    many = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    return "\n".join([*map(str, problems), many])


def _annotation(problem: Problem, rules: Path) -> str:
    """GitHub's workflow command; `%`, line breaks, `:` and `,` are escaped as it asks."""

    def escaped(text: str) -> str:
        return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")

    at = problem.position
    file = escaped((rules / at.file).as_posix()).replace(":", "%3A").replace(",", "%2C")
    place = f"file={file},line={at.line or 1}" + (f",col={at.column}" if at.column else "")
    return f"::error {place}::{escaped(f'{problem.message}; {problem.fix}')}"
