"""`postroom status`: how it is doing."""

from __future__ import annotations

import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import click

from engine.commands.options import common
from engine.config.cached import load_cached
from engine.config.model import Config
from engine.errors import ConfigError
from engine.report.mailboxes import late_after, mailbox_states
from engine.report.overview import as_text, wants_a_person
from engine.state.overview import overview
from engine.store.database import open_for_reading


@click.command()
@common
def status(rules: Path, db: Path, verbose: bool) -> None:
    """How many messages became what, how each mailbox is doing, what waits, and what is held in quarantine.

    \b
    Example:
      postroom status --db postroom.db

    Exit status: 1 when messages are in quarantine, notifications could not be sent, a mailbox or the mail server is failing or late, or nobody runs what is due.
    """
    config = _config(rules)
    settings = config.settings if config else None
    sending = config.sending_mailboxes if config else ()
    now = datetime.now(UTC)
    with closing(open_for_reading(db)) as connection:
        expected = now - late_after(settings)
        found = overview(connection, expected, sending)
        mailboxes = mailbox_states(connection, settings, now)
    click.echo(as_text(found, mailboxes, sends=config is None or sending != ()))
    sys.exit(1 if wants_a_person(found, mailboxes, expected) else 0)


def _config(rules: Path) -> Config | None:
    """For what is expected; without a configuration at hand the usual holds."""
    try:
        return load_cached(rules)
    except ConfigError:
        return None
