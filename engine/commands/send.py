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
from engine.decide.decision import iso
from engine.errors import PostroomError
from engine.notify.sender import send_due
from engine.notify.ways import Ways
from engine.printable import one_line
from engine.quantity import further
from engine.store.database import open_existing, transaction
from engine.store.outbox import forget_failed, requeue
from engine.store.rests import end_rests

_MOST_SHOWN = 20


@click.command()
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write .eml files here, whatever settings.yaml says: for trying out, also those that are too old to be sent. What is written counts as sent.",
)
@click.option("--again", is_flag=True, help="Also those that could not be sent and those that wait for their next try, at once.")
@click.option("--forget", is_flag=True, help="Let go of those that could not be sent, and send nothing.")
@common
def send(folder: Path | None, again: bool, forget: bool, rules: Path, db: Path, verbose: bool) -> None:
    """Send the notifications that are due, by `sending` of settings.yaml, or through the mailbox. One that cannot be sent now is tried again later.

    \b
    Examples:
      postroom send
      postroom send --folder /tmp/out

    Exit status: 1 when one could not be sent for good, or the mail server cannot be used.
    """
    config = load_cached(rules)
    with closing(open_existing(db)) as connection:
        if forget:
            click.echo(f"{forget_failed(connection):,} let go")
            return
        ways = Ways(config, FolderSending(folder) if folder else None)
        if ways.mailboxes == ():
            fix = "add sending: {smtp: {host: ...}}, or name a folder with --folder"
            raise PostroomError.of("nothing says how notifications leave", fix, config.settings.where("sending"))
        if again:
            with transaction(connection):
                end_rests(connection)
                count = requeue(connection, datetime.now(UTC))
            click.echo(f"{count:,} again in the queue")
        with closing(ways):
            done = send_due(connection, config, ways.of, mailboxes=ways.mailboxes, give_up=folder is None)
    later = done.postponed + done.waiting
    click.echo(
        f"{done.sent:,} sent, {later:,} later, {done.limited:,} wait for their address's limit, {len(done.failed):,} failed"
    )
    for problem in done.problems:
        click.echo(one_line(f"nothing more can be sent now: {problem}"), err=True)
    for problem, until in done.resting:
        fix = "mend it and run `postroom send --again`"
        click.echo(one_line(f"nothing is tried before {iso(until)}: {problem}; {fix}"), err=True)
    for what, listed in (("later", done.put_off), ("not sent", done.failed)):
        for recipient, why in listed[:_MOST_SHOWN]:
            click.echo(one_line(f"{what}, to {recipient}: {why}"), err=True)
        for words in further(len(listed), _MOST_SHOWN):
            click.echo(words, err=True)
    sys.exit(1 if done.failed or done.problems or done.resting else 0)
