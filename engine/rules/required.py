"""What a text must have for a pattern to match it: sought for all patterns at once, so that most are not even tried.

RE2 has such a filter too, but its search gives up without a word where it runs out of room, and rules would then not run.
"""

from __future__ import annotations

import re._constants as op
import re._parser as parser
import warnings
from collections.abc import Iterable
from typing import Any

_SHORTEST = 2  # shorter ones stand in nearly all texts
_MOST = 50  # alternatives
_POSIX = "[:"  # Python reads another set there than RE2, and ends it elsewhere
_REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT)

Needs = frozenset[str]


def required(pattern: str) -> Needs | None:
    """Of these a text, in lower case, has one if the pattern matches it; None where that cannot be told.

    `pattern` is one that RE2 takes. Python's reading of it serves where both mean the same, and Python refuses most of what it does not
    know. Letters of ASCII alone: of these RE2 takes none for another but in case, in a text that is normalised (NFKC).
    """
    if _POSIX in pattern:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what may mean something else in a Python to come
            return _of_sequence(parser.parse(pattern))
    except (op.error, OverflowError, RecursionError):
        return None


def _of_sequence(parsed: Iterable[tuple[Any, Any]]) -> Needs | None:
    """The best of what its parts need, one after the other."""
    best: Needs | None = None
    run = ""
    for kind, value in [*parsed, (None, None)]:
        if kind is op.LITERAL and value < 0x80:
            run += chr(value).lower()
            continue
        if kind is op.AT:
            continue  # it takes no room: what stands on both sides of it stands together
        if len(run) >= _SHORTEST:
            best = _better(best, frozenset([run]))
        run = ""
        if kind is op.SUBPATTERN:
            best = _better(best, _of_sequence(value[3]))
        elif kind in _REPEATS and value[0] >= 1:
            best = _better(best, _of_sequence(value[2]))
        elif kind is op.BRANCH:
            best = _better(best, _of_any(value[1]))
        elif kind in (op.ASSERT, op.ASSERT_NOT):
            return None  # RE2 has none
    return best


def _of_any(branches: Iterable[Iterable[tuple[Any, Any]]]) -> Needs | None:
    needs: set[str] = set()
    for branch in branches:
        found = _of_sequence(branch)
        if found is None:
            return None
        needs |= found
    return frozenset(needs) if len(needs) <= _MOST else None


def _better(one: Needs | None, other: Needs | None) -> Needs | None:
    """The one whose shortest text is longer: it stands in fewer texts."""
    if one is None or other is None:
        return other if one is None else one
    return other if min(map(len, other)) > min(map(len, one)) else one
