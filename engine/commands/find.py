"""`postroom find`: what became of a mail?"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import get_args

import click

from engine.commands.options import common, moment_of
from engine.decide.decision import Outcome
from engine.errors import PostroomError, did_you_mean
from engine.report.messages import message_line
from engine.state.messages import Search, find_messages, mailboxes_of
from engine.store.database import open_for_reading


@click.command()
@click.argument("words", nargs=-1)
@click.option("--mailbox", metavar="NAME", help="Only mail to this mailbox.")
@click.option(
    "--outcome", type=click.Choice(get_args(Outcome)), metavar="OUTCOME", help="Only mail that was: ignored, refused, ..."
)
@click.option("--since", metavar="AGE", help="Only mail received since then: 7d, 12h, or a day such as 2026-11-01.")
@click.option("--last", type=click.IntRange(min=1), default=50, show_default=True, metavar="N", help="The newest N at the most.")
@common
def find(
    words: tuple[str, ...],
    mailbox: str | None,
    outcome: str | None,
    since: str | None,
    last: int,
    rules: Path,
    db: Path,
    verbose: bool,
) -> None:
    """Find mail by WORDS of its sender, subject, Message-ID or number, and say what became of it. Without WORDS, the newest.

    Case and accents do not matter.

    \b
    Examples:
      postroom find maya@brightwater.example
      postroom find printer --since 7d
      postroom find --outcome ignored --last 20
    """
    search = Search(words, mailbox, outcome, moment_of(since), last)
    with closing(open_for_reading(db)) as connection:
        if mailbox is not None and mailbox not in (known := mailboxes_of(connection)):
            raise PostroomError.of(f"no mail has come to a mailbox '{mailbox}'", did_you_mean(mailbox, known))
        found, more = find_messages(connection, search)
    for one in found:
        click.echo(message_line(one))
    if not found:
        click.echo("no message is so")
    elif more:
        click.echo(f"and older ones; --last {2 * last} shows more")
    if found:
        click.echo("`postroom explain --message NUMBER` says why it became that")
