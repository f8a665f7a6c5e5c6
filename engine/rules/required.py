"""What a text must have for a pattern to match it: sought for all patterns at once, so that most are not even tried.

RE2 has such a filter too, but its search gives up without a word where it runs out of room, and rules would then not run.
"""

from __future__ import annotations

import re._constants as op
import re._parser as parser
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

_SHORTEST = 2  # shorter ones stand in nearly all texts
_MOST = 40  # alternatives
_POSIX = "[:"  # Python reads another set there than RE2, and ends it elsewhere
_REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT)
_NOTHING = frozenset([""])

# Texts of which a text that matches has one.
Need = frozenset[str]
_Parsed = Iterable[tuple[Any, Any]]


def required(pattern: str) -> tuple[Need, ...]:
    """All that a text needs if the pattern matches it, in lower case, the most telling first; nothing where that cannot be told.

    `pattern` is one that RE2 takes. Python's reading of it serves where both mean the same, and Python refuses most of what it does not
    know. Letters of ASCII alone: of these RE2 takes none for another but in case, in a text that is normalised (NFKC).
    """
    if _POSIX in pattern:
        return ()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what may mean something else in a Python to come
            found = dict.fromkeys(_needs(parser.parse(pattern)))
    except (op.error, OverflowError, RecursionError):
        return ()
    return tuple(sorted(found, key=lambda need: -min(map(len, need))))


def _needs(parsed: _Parsed) -> Iterator[Need]:
    """Of what follows one another: each run of what can be written out, and what the rest needs."""
    run: Need = _NOTHING
    for kind, value in parsed:
        written = _written(kind, value)
        joined = _joined(run, written)
        if joined is not None:
            run = joined
            continue
        yield from _telling(run)
        run = written or _NOTHING
        if written is None:
            yield from _of_one(kind, value)
    yield from _telling(run)


def _telling(run: Need) -> Iterator[Need]:
    if min(map(len, run)) >= _SHORTEST:
        yield run


def _of_one(kind: Any, value: Any) -> Iterator[Need]:
    """What something needs that cannot be written out."""
    if kind is op.SUBPATTERN:
        yield from _needs(value[3])
    elif kind in _REPEATS and value[0] >= 1:
        yield from _needs(value[2])
    elif kind is op.BRANCH:
        # One of each branch, of which any may be the one that matches.
        needs = _one_of(max(_needs(branch), key=lambda need: min(map(len, need)), default=None) for branch in value[1])
        if needs is not None:
            yield needs


def _written(kind: Any, value: Any) -> Need | None:
    """All that this can match, written out; None where that is too much, or cannot be said."""
    if kind is op.AT:
        return _NOTHING
    if kind is op.LITERAL:
        return frozenset([chr(value).lower()]) if value < 0x80 else None
    if kind is op.IN:
        return _one_of(_written(*one) for one in value)
    if kind is op.SUBPATTERN:
        return _all_written(value[3])
    if kind is op.BRANCH:
        return _one_of(map(_all_written, value[1]))
    if kind in _REPEATS and tuple(value[:2]) == (0, 1):
        once = _all_written(value[2])
        return None if once is None else once | _NOTHING
    return None


def _all_written(parsed: _Parsed) -> Need | None:
    run: Need | None = _NOTHING
    for kind, value in parsed:
        run = _joined(run, _written(kind, value))
        if run is None:
            return None
    return run


def _joined(run: Need | None, written: Need | None) -> Need | None:
    """One of the one and then one of the other; None where one of them is not known, or they are too many."""
    if run is None or written is None or len(run) * len(written) > _MOST:
        return None
    return frozenset(before + after for before in run for after in written)


def _one_of(many: Iterable[Need | None]) -> Need | None:
    """Of any of these; None where one of them is not known, or they are too many."""
    texts: list[str] = []
    for one in many:
        if one is None or len(texts) + len(one) > _MOST:
            return None
        texts += one
    return frozenset(texts)
