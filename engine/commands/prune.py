"""`postroom prune`: let go of what is older than it must be kept."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from engine.commands.options import common, moment_of
from engine.store.database import open_existing
from engine.store.prune import Before, prune_database


@click.command()
@click.option("--raw", metavar="AGE", help="Bytes of messages received before: 90d, 12w, or a day.")
@click.option("--files", metavar="AGE", help="Attachments of tickets completed before, that came before.")
@click.option("--traces", metavar="AGE", help="Traces and reasons of Decisions made before.")
@click.option("--sent", metavar="AGE", help="Notifications sent or dropped before.")
@click.option("--dry-run", is_flag=True, help="Only say how many there are.")
@common
def prune(
    raw: str | None,
    files: str | None,
    traces: str | None,
    sent: str | None,
    dry_run: bool,
    rules: Path,
    db: Path,
    verbose: bool,
) -> None:
    """Let go of old bytes, attachments, traces and notifications. Tickets, notes and what became of each message always stay.

    What is in quarantine keeps its bytes. A message whose bytes are gone cannot be replayed by `plan` any more. Attachments of open tickets, of tasks and of projects are kept.

    \b
    Example, once a week:
      postroom prune --raw 90d --files 52w --traces 52w --sent 52w
    """
    before = Before(moment_of(raw), moment_of(files), moment_of(traces), moment_of(sent))
    if before == Before():
        raise click.UsageError("say what to let go of: --raw, --files, --traces, --sent")
    with closing(open_existing(db)) as connection:
        counts = prune_database(connection, before, dry_run=dry_run)
    what = "would be" if dry_run else "were"
    for name, count in counts.items():
        click.echo(f"{count:,} {name} {what} let go")
