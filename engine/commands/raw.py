"""`postroom raw`: a stored message as it came."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

import click

from engine.commands.options import common
from engine.errors import PostroomError
from engine.state.messages import raw_of
from engine.state.whole import stored_message
from engine.store.database import open_for_reading


@click.command()
@click.argument("message", metavar="MESSAGE")
@common
def raw(message: str, rules: Path, db: Path, verbose: bool) -> None:
    """Write a stored message as it came to standard output: by its Message-ID, or its number in `find`, `show` and `status`.

    The password of an alerts token stands in it as the mark that is stored instead.

    \b
    Example:
      postroom raw 4711 > mail.eml
    """
    if sys.stdout.isatty():
        # A stranger's bytes can make a terminal do what he likes.
        raise PostroomError.of("a message as it came is nothing for a terminal", f"write `postroom raw {message} > mail.eml`")
    with closing(open_for_reading(db)) as connection:
        found = stored_message(connection, message, db)
        kept = raw_of(connection, found.message)
    if kept is None:
        raise PostroomError.of(f"of message {found.message} the bytes are not kept", "let its sender send it again")
    sys.stdout.buffer.write(kept)
