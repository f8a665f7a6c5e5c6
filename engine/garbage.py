"""When Python looks for garbage: not while a configuration is made, and never again in what stays for good."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_NEW = 5_000  # objects; Python's own is 700


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Loading makes many small objects that all stay: collecting between them costs a third of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def leave_alone() -> None:
    """What there is now stays: with 100,000 contacts each full collection would look at a million objects. And what is new is looked at
    less often: a message is some hundred objects, which go with it, for none of them lead in a circle.

    Not for `poll`: a configuration that a reload replaces is to be let go.
    """
    gc.freeze()
    gc.set_threshold(_NEW, *gc.get_threshold()[1:])
