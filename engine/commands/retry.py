"""`postroom retry`: messages in quarantine once more, under the configuration as it now is."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

import click

from engine.commands.options import common, load_setup
from engine.processing import Processor
from engine.report.summary import as_text
from engine.store.database import open_existing


@click.command()
@click.argument("messages", nargs=-1, type=int)
@common
def retry(messages: tuple[int, ...], rules: Path, db: Path, verbose: bool) -> None:
    """Process quarantined mail again: all of it, or the MESSAGES whose ids `postroom status` shows.

    \b
    Examples:
      postroom retry
      postroom retry 12 15

    Exit status: 1 when some went back to quarantine.
    """
    setup = load_setup(rules)
    with closing(open_existing(db)) as connection:
        summary = Processor(connection, setup).retry(messages)
    click.echo(as_text(summary))
    sys.exit(1 if summary.findings else 0)
