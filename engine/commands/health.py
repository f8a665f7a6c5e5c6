"""`postroom health`: one line and an exit status, for a container or a monitoring system."""

from __future__ import annotations

import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import click

from engine.commands.options import common
from engine.config.cached import load_cached
from engine.printable import one_line
from engine.quantity import counted
from engine.report.mailboxes import mailbox_states
from engine.store.database import open_for_reading


@click.command()
@common
def health(rules: Path, db: Path, verbose: bool) -> None:
    """Is every active mailbox read, and in time? Prints one line; exit status 1 when not.

    \b
    Example:
      postroom health || systemctl restart postroom
    """
    config = load_cached(rules)
    with closing(open_for_reading(db)) as connection:
        states = {state.mailbox: state for state in mailbox_states(connection, config.settings, datetime.now(UTC))}
    polled = [mailbox.id for mailbox in config.mailboxes.values() if mailbox.active and mailbox.source is not None]
    wrong = [f"{name}: never read" for name in polled if name not in states]
    wrong += [f"{name}: {states[name].words}" for name in polled if name in states and states[name].late]
    click.echo(one_line("; ".join(wrong) or f"well: {counted(len(polled), 'mailbox', 'mailboxes')}"))
    sys.exit(1 if wrong else 0)
