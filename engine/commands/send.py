"""`postroom send`: send what is in the outbox."""

from __future__ import annotations

import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import click

from engine.commands.options import common
from engine.config.cached import load_cached
from engine.config.connections import FolderSending
from engine.errors import PostroomError
from engine.notify.sender import send_due
from engine.notify.transport import transport_of
from engine.printable import printable
from engine.store.database import open_existing
from engine.store.outbox import forget_failed, requeue_failed


@click.command()
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write .eml files here, whatever settings.yaml says: for trying out. What is written counts as sent.",
)
@click.option("--again", is_flag=True, help="First put those that could not be sent back into the queue.")
@click.option("--forget", is_flag=True, help="Let go of those that could not be sent, and send nothing.")
@common
def send(folder: Path | None, again: bool, forget: bool, rules: Path, db: Path, verbose: bool) -> None:
    """Send the notifications that are due, by `sending` of settings.yaml. One that cannot be sent now is tried again later.

    \b
    Examples:
      postroom send
      postroom send --folder /tmp/out

    Exit status: 1 when one could not be sent for good, or the mail server cannot be used.
    """
    config = load_cached(rules)
    with closing(open_existing(db)) as connection:
        if forget:
            click.echo(f"{forget_failed(connection)} let go")
            return
        sending = FolderSending(folder) if folder else config.settings.sending
        if sending is None:
            fix = "add sending: {smtp: {host: ...}}, or name a folder with --folder"
            raise PostroomError.of("nothing says how notifications leave", fix, config.settings.where("sending"))
        if again:
            click.echo(f"{requeue_failed(connection, datetime.now(UTC))} again in the queue")
        transport = transport_of(sending)
        try:
            done = send_due(connection, config, lambda mailbox: transport)
        finally:
            transport.close()
    click.echo(
        f"{done.sent} sent, {done.postponed} later, {done.limited} wait for their address's limit, {len(done.failed)} failed"
    )
    for problem in done.problems:
        click.echo(printable(f"nothing more can be sent now: {problem}"), err=True)
    for recipient, why in done.failed:
        click.echo(printable(f"not sent to {recipient}: {why}"), err=True)
    sys.exit(1 if done.failed or done.problems else 0)
