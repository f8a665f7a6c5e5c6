"""`postroom run-waiting`: run the rules that waited and are due."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import click

from engine.commands.options import common, load_setup
from engine.decide.waiting import decide_due
from engine.report.safe import printable
from engine.state.sqlite import SqliteState
from engine.store.database import explain_error, open_database
from engine.store.waiting import due_rules, finish, still_waiting


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
    with closing(open_database(db)) as connection:
        state = SqliteState(connection, setup.config)
        counts = {"ran": 0, "dropped": 0}
        try:
            for row in due_rules(connection, now):
                connection.execute("BEGIN IMMEDIATE")
                try:
                    # Another process may have run it since it was listed.
                    if still_waiting(connection, row):
                        due = decide_due(row.rule, row.ticket, setup, state, now)
                        finish(connection, row, due, setup.config, now)
                        counts[due.status] += 1
                        click.echo(printable(f"{row.ticket} '{row.rule}': {due.status}: {due.because}"))
                    connection.execute("COMMIT")
                except BaseException:
                    connection.execute("ROLLBACK")
                    raise
        except (sqlite3.Error, OSError) as error:
            raise explain_error(error, db) from error
    click.echo(f"{counts['ran']} ran, {counts['dropped']} dropped")
