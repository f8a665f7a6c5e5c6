"""An Exchange, or something between it and us, that leaves out, doubles or changes pieces of its answers."""

from __future__ import annotations

import random
import re
from contextlib import suppress

import pytest

from engine.sources.remote import Backlog, RemoteError, RemoteItem, backlog, listed, page
from tests.ews.server import Server
from tests.polling.conftest import Desk, desk, exchange, mail, polled

__all__ = ["desk", "exchange", "polled"]

_LEAF = re.compile(rb"<(\w+:\w+)([^<>]*)>([^<>]*)</\1>|<\w+:\w+[^<>]*/>")
_ATTRIBUTE = re.compile(rb' \w+="([^"]*)"')
_TEXTS = [b"", b"x", b"-1", b"0", b"true", b"9" * 20, b"2026-13-45T00:00:00Z", b"\xff", b"&amp;", b"<a/>", b"&#0;", b" ", b"AAAA"]
_VALUES = [b"", b"Error", b"Success", b"Warning", b"x" * 300]


def bent(dice: random.Random, answer: bytes) -> bytes:
    """One to three pieces go, come twice, or say something else."""
    for _ in range(dice.choice([1, 1, 2, 3])):
        pattern = dice.choice([_LEAF, _LEAF, _ATTRIBUTE])
        pieces = [*pattern.finditer(answer)]
        if not pieces:
            return answer
        piece = dice.choice(pieces)
        how = dice.random()
        start, end, new = piece.start(), piece.end(), b""
        if how > 0.45 and pattern is _ATTRIBUTE:
            start, end, new = piece.start(1), piece.end(1), dice.choice(_VALUES)
        elif how > 0.45 and piece[3] is not None:
            start, end, new = piece.start(3), piece.end(3), dice.choice(_TEXTS)
        elif how > 0.35:
            new = piece[0] * 2
        answer = answer[:start] + new + answer[end:]
    return answer


@pytest.mark.parametrize("seed", range(8))
def test_bent_answers_are_waited_out_and_make_nothing_twice(seed: int, desk: Desk, exchange: Server) -> None:
    """What such a server never lists or says to be gone cannot come; but nothing else than `RemoteError` may come of it."""
    dice = random.Random(seed)
    for number in range(4):
        exchange.store.add(mail(number))
    exchange.bend = lambda answer: bent(dice, answer) if dice.random() < 0.6 else answer
    for _ in range(25):
        with suppress(RemoteError):
            desk.reader.round()
        desk.remote.close()
    exchange.bend = None
    desk.until_done()
    assert desk.count("messages") <= 4 and desk.count("tickets") <= 4


@pytest.mark.parametrize("identity", [None, "", 5, ["x"]])
def test_an_item_without_an_id_is_told(identity: object) -> None:
    with pytest.raises(RemoteError, match="without its id"):
        listed(identity, True, None)


@pytest.mark.parametrize("state", [None, "", 5])
def test_a_page_without_a_state_is_told(state: object) -> None:
    with pytest.raises(RemoteError, match="without the state after them"):
        page([], state, True)


@pytest.mark.parametrize(("told", "kept"), [(-1, 0), (10**30, 2**62), (7, 7)])
def test_a_number_is_one_that_the_database_can_keep(told: int, kept: int) -> None:
    assert listed("x", True, None, told) == RemoteItem("x", kept, True)
    assert backlog(told, None) == Backlog(kept, None)
