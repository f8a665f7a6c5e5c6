"""`postroom status`: how it is doing."""

from __future__ import annotations

import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import click

from engine.commands.options import common
from engine.config.load import load_config
from engine.config.model import Settings
from engine.errors import ConfigError
from engine.report.mailboxes import mailbox_states
from engine.report.safe import printable
from engine.store.database import open_for_reading


@click.command()
@common
def status(rules: Path, db: Path, verbose: bool) -> None:
    """How many messages became what, how each mailbox is doing, what waits, and what is held in quarantine.

    \b
    Example:
      postroom status --db postroom.db

    Exit status: 1 when messages are in quarantine, notifications could not be sent, or a mailbox is late or failing.
    """
    settings = _settings(rules)
    with closing(open_for_reading(db)) as connection:
        mailboxes = mailbox_states(connection, settings, datetime.now(UTC))
        outcomes = connection.execute(
            "SELECT outcome, COALESCE(reason, ''), COUNT(*) FROM messages GROUP BY 1, 2 ORDER BY 1, 3 DESC"
        ).fetchall()
        total = sum(count for *_, count in outcomes)
        last = connection.execute("SELECT MAX(processed_at) FROM messages").fetchone()[0]
        click.echo(f"{total} messages" + (f", the last at {last}" if last else ""))
        for outcome, reason, count in outcomes:
            why = f" ({reason.replace('_', ' ')})" if reason else ""
            click.echo(f"  {count:>7}  {outcome}{why}")
        for words, query in (
            ("notifications to send", "SELECT COUNT(*) FROM outbox WHERE status = 'queued'"),
            ("notifications sent", "SELECT COUNT(*) FROM outbox WHERE status = 'sent'"),
            ("rules waiting", "SELECT COUNT(*) FROM waiting_rules WHERE status = 'waiting'"),
        ):
            click.echo(f"{connection.execute(query).fetchone()[0]} {words}")
        held = connection.execute(
            "SELECT q.message, q.mailbox, q.source_id, q.reason, q.error, q.created_at FROM quarantine q ORDER BY q.id LIMIT 50"
        ).fetchall()
        count = connection.execute("SELECT COUNT(*) FROM quarantine").fetchone()[0]
        failed = connection.execute(
            "SELECT id, recipient, subject, error FROM outbox WHERE status = 'failed' ORDER BY id LIMIT 50"
        ).fetchall()
        late = connection.execute(
            "SELECT error, COUNT(*) FROM outbox WHERE status = 'queued' AND error <> '' GROUP BY 1 ORDER BY 2 DESC LIMIT 5"
        ).fetchall()
        lost = connection.execute("SELECT COUNT(*) FROM outbox WHERE status = 'failed'").fetchone()[0]
    for state in mailboxes:
        click.echo(printable(f"mailbox {state.mailbox}: {state.words}"))
    for error, waiting in late:
        click.echo(printable(f"  {waiting} wait: {error}"))
    if lost:
        click.echo(f"{lost} notifications could not be sent; `postroom send --again` tries them again, `--forget` lets them go")
    for identity, recipient, subject, error in failed:
        click.echo(printable(f"  notification {identity} to {recipient}: {subject}: {error}"))
    click.echo(f"{count} in quarantine")
    for message, mailbox, source_id, reason, error, created in held:
        click.echo(printable(f"  message {message} to {mailbox}, {created}: {reason}: {error} ({source_id})"))
    if count > len(held):
        click.echo(f"  and {count - len(held)} more")
    sys.exit(1 if count or lost or any(state.late for state in mailboxes) else 0)


def _settings(rules: Path) -> Settings | None:
    """For the expectations; without a configuration at hand the usual ones hold."""
    try:
        return load_config(rules).settings
    except ConfigError:
        return None
