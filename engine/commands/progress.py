"""What a command that takes its time tells meanwhile: a progress bar on a terminal, nothing elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

STOPPED = "stopped: what is counted here is stored; run the same command again to go on"


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
