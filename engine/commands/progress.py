"""What a command that takes its time tells: a progress bar on a terminal, nothing elsewhere; and that it was stopped."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from engine.summary import Summary


@contextmanager
def progress(total: int | None) -> Iterator[Callable[[], None]]:
    """Gives a function to call for each message that is done."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("messages"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("messages", total=total)
        yield lambda: bar.advance(task)


def leave_if_stopped(summary: Summary) -> None:
    if summary.interrupted:
        click.echo("stopped: what is counted here is stored; run the same command again to go on", err=True)
        sys.exit(130)
