"""`postroom run`: process mail from files."""

from __future__ import annotations

import sys
from collections.abc import Sized
from contextlib import closing
from pathlib import Path

import click

from engine.commands.options import chosen_mailbox, common, load_setup
from engine.commands.progress import leave_if_stopped, progress
from engine.processing import Processor
from engine.report.summary import as_text
from engine.sources.files import open_source
from engine.store.database import open_database
from engine.summary import Summary


@click.command()
@click.option(
    "--source", required=True, metavar="PATH", help="A Maildir, an mbox, a folder of .eml, one file, or - for standard input."
)
@click.option(
    "--mailbox", metavar="NAME", help="Process all of it as mail to this mailbox; else each message says to whom it goes."
)
@click.option("--json", "as_json", is_flag=True, help="Print one Decision a line instead of the table.")
@common
def run(source: str, mailbox: str | None, as_json: bool, rules: Path, db: Path, verbose: bool) -> None:
    """Process mail from files into the database. Mail that was processed before is passed over.

    \b
    Examples:
      postroom run --source sample
      postroom run --source inbox.mbox --mailbox support --db /var/lib/postroom/postroom.db
      fetch-one | postroom run --source - --json

    Exit status: 1 when messages went to quarantine or could not be read, 2 when the call or the configuration is wrong.
    """
    setup = load_setup(rules)
    name = chosen_mailbox(mailbox, setup.config)
    items = open_source(source, setup.config.settings.limits.message)
    with closing(open_database(db)) as connection:
        processor = Processor(connection, setup)
        total = len(items) if isinstance(items, Sized) else None
        with progress(total) as advance:
            summary = processor.run(
                items,
                name,
                on_decision=(lambda decision: click.echo(decision.as_json())) if as_json else None,
                on_item=advance,
                explain=as_json,
            )
    if not as_json:
        click.echo(as_text(summary))
    _finish(summary)


def _finish(summary: Summary) -> None:
    for source_id, why in summary.unread:
        click.echo(f"{source_id}: the message cannot be read: {why}; mend that and run again", err=True)
    leave_if_stopped(summary)
    if summary.findings:
        if summary.held:
            click.echo(f"{summary.held:,} in quarantine; see `postroom status`, then `postroom retry`", err=True)
        sys.exit(1)
