"""`postroom hits`: how often each rule ran."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from engine.commands.options import common, moment_of
from engine.config.cached import load_cached
from engine.dsl.tree import Rule
from engine.printable import one_line
from engine.quantity import counted
from engine.state.hits import Hits, rule_hits
from engine.store.database import open_for_reading


@click.command()
@click.option("--since", metavar="AGE", help="Only on mail received since then: 30d, 12w, or a day such as 2026-11-01.")
@common
def hits(since: str | None, rules: Path, db: Path, verbose: bool) -> None:
    """How often each rule ran, and when last: which are worth keeping?

    \b
    Example:
      postroom hits --since 12w
    """
    config = load_cached(rules)
    with closing(open_for_reading(db)) as connection:
        found = rule_hits(connection, moment_of(since))
    for rule in sorted(config.rules.rules, key=lambda rule: rule.position):
        click.echo(one_line(_line(rule, found.get(rule.name, Hits()))))
    never = sum(found.get(rule.name, Hits()).count == 0 for rule in config.rules.rules)
    if never:
        click.echo(f"{never} of {counted(len(config.rules.rules), 'rule')} did not run")


def _line(rule: Rule, found: Hits) -> str:
    last = found.last[:10] if found.last else "never"
    dropped = f"; waited in vain: {found.dropped:,}" if found.dropped else ""
    return f"{found.count:>7,}  {last:<10}  {rule.name}{dropped}  [{rule.position.file}:{rule.position.line}]"
