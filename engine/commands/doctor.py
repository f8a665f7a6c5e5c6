"""`postroom doctor`: is the database well, and can it be mended?"""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

import click

from engine.commands.options import common
from engine.printable import one_line
from engine.store.database import open_existing
from engine.store.doctor import examine, repair
from engine.store.failures import explain_error


@click.command()
@click.option("--fix", is_flag=True, help="Repair what is safe to repair, then look again.")
@common
def doctor(fix: bool, rules: Path, db: Path, verbose: bool) -> None:
    """Examine the database and its attachments: integrity, orphans, files that are missing or too many, messages without an outcome.

    \b
    Example:
      postroom doctor --fix

    Exit status: 1 when something is wrong (still, with --fix).
    """
    try:
        with closing(open_existing(db)) as connection:
            found = list(examine(connection))
            if fix and any(one.repair for one in found):
                repair(connection)
                click.echo("repaired: " + "; ".join(f"{one.what}: {one.repair}" for one in found if one.repair))
                found = list(examine(connection))
    except OSError as error:
        raise explain_error(error, db) from error
    for one in found:
        click.echo(one_line(f"{one.what}: {one.count:,}" + (f"; --fix: {one.repair}" if one.repair else "")))
        for example in one.examples[:5]:
            click.echo(one_line(f"    {example}"))
    if not found:
        click.echo("all is well")
    sys.exit(1 if found else 0)
