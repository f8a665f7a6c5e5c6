"""`postroom status`: how it is doing."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

import click

from engine.commands.options import common
from engine.report.safe import printable
from engine.store.database import open_for_reading


@click.command()
@common
def status(rules: Path, db: Path, verbose: bool) -> None:
    """How many messages became what, what waits, and what is held in quarantine.

    \b
    Example:
      postroom status --db postroom.db

    Exit status: 1 when messages are in quarantine.
    """
    with closing(open_for_reading(db)) as connection:
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
            ("notifications queued", "SELECT COUNT(*) FROM outbox WHERE status = 'queued'"),
            ("rules waiting", "SELECT COUNT(*) FROM waiting_rules WHERE status = 'waiting'"),
        ):
            click.echo(f"{connection.execute(query).fetchone()[0]} {words}")
        held = connection.execute(
            "SELECT q.message, q.mailbox, q.source_id, q.reason, q.error, q.created_at FROM quarantine q ORDER BY q.id LIMIT 50"
        ).fetchall()
        count = connection.execute("SELECT COUNT(*) FROM quarantine").fetchone()[0]
    click.echo(f"{count} in quarantine")
    for message, mailbox, source_id, reason, error, created in held:
        click.echo(printable(f"  message {message} to {mailbox}, {created}: {reason}: {error} ({source_id})"))
    if count > len(held):
        click.echo(f"  and {count - len(held)} more")
    sys.exit(1 if count else 0)
