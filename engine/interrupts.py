"""Ctrl-C. Raised wherever Python happens to be, it would be swallowed or taken for a fault: libraries in C call back into Python, and
modules are imported where they are first needed. So it waits for the message in hand."""

from __future__ import annotations

import signal
import threading
from types import FrameType


class _InHand(threading.local):
    """While something is in hand (`with IN_HAND:`) a first Ctrl-C is raised at its end; a second one, and any other, at once.

    Each thread has its own: signals are handled in the main one.
    """

    def __init__(self) -> None:
        self._depth = 0
        self._asked = False

    def __enter__(self) -> None:
        self._depth += 1

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        if self._asked and not self._depth:
            self._asked = False
            raise KeyboardInterrupt

    def interrupt(self, number: int, frame: FrameType | None) -> None:
        """The handler of SIGINT."""
        if not self._depth or self._asked:
            raise KeyboardInterrupt
        self._asked = True


IN_HAND = _InHand()


def begin() -> None:
    """From here on there may be something in hand."""
    signal.signal(signal.SIGINT, IN_HAND.interrupt)


def end() -> None:
    """Nothing is to be done any more (or yet): Ctrl-C ends the process without a word."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def was_one(error: BaseException) -> bool:
    """Whether an error is nothing but what became of a Ctrl-C."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, KeyboardInterrupt):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
