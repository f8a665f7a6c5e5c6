"""`postroom run`: process mail from files."""

from __future__ import annotations

import sys
from collections.abc import Sized
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from engine.commands.options import chosen_mailbox, common, load_setup
from engine.processing import Processor, Summary
from engine.report.summary import print_summary
from engine.sources.files import open_source
from engine.store.database import open_database


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
    items = open_source(source)
    with closing(open_database(db)) as connection:
        processor = Processor(connection, setup)
        total = len(items) if isinstance(items, Sized) else None
        with _progress(total) as advance:
            summary = processor.run(
                items,
                name,
                on_decision=(lambda decision: click.echo(decision.as_json())) if as_json else None,
                on_item=advance,
                explain=as_json,
            )
    if not as_json:
        print_summary(summary, Console())
    _finish(summary)


def _finish(summary: Summary) -> None:
    for source_id, why in summary.unread:
        click.echo(f"{source_id}: the message cannot be read: {why}; mend that and run again", err=True)
    if summary.interrupted:
        click.echo("stopped: what is counted here is stored; run the same command again to go on", err=True)
        sys.exit(130)
    if summary.findings:
        if summary.held:
            click.echo(f"{len(summary.held)} in quarantine; see `postroom status`, then `postroom retry`", err=True)
        sys.exit(1)


def _progress(total: int | None) -> Any:
    """A progress bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        return nullcontext(lambda: None)
    return _Bar(total)


class _Bar:
    def __init__(self, total: int | None) -> None:
        columns = (TextColumn("messages"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self.progress = Progress(*columns, console=Console(stderr=True), transient=True)
        self.total = total

    def __enter__(self) -> Any:
        self.progress.start()
        task = self.progress.add_task("messages", total=self.total)
        return lambda: self.progress.advance(task)

    def __exit__(self, *_: object) -> None:
        self.progress.stop()
