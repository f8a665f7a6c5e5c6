"""`postroom run-waiting`: run the rules that waited and are due."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import click

from engine.commands.options import common, load_setup
from engine.printable import one_line
from engine.store.database import open_existing
from engine.waiting import run_due


@click.command("run-waiting")
@common
def run_waiting(rules: Path, db: Path, verbose: bool) -> None:
    """Run the rules that wait (`after 30 minutes from ticket created`) and are due. One whose condition no longer holds is dropped.

    \b
    Example, every minute from cron:
      postroom run-waiting
    """
    setup = load_setup(rules)
    now = datetime.now(UTC).replace(microsecond=0)
    counts = {"ran": 0, "dropped": 0}
    with closing(open_existing(db)) as connection:
        for row, due in run_due(connection, setup, now):
            counts[due.status] += 1
            click.echo(one_line(f"{row.ticket} '{row.rule}': {due.status}: {due.because}"))
    click.echo(f"{counts['ran']:,} ran, {counts['dropped']:,} dropped")
