"""Bounces in the formats from before RFC 3464, which flufl.bounce knows: for what already looks like one, for its patterns are loose."""

from __future__ import annotations

from copy import copy
from email.message import Message as Parsed

from msgspec import Struct

from engine.mail.content import parts_of
from engine.mail.transfer import as_it_came

_LONGEST_LINE = 998  # RFC 5322 2.1.1


class _Room(Struct):
    """What is left to search, in characters and parts, of the whole message: each of some hundred patterns asks each line."""

    characters: int = 20_000
    parts: int = 100


def is_old_bounce(parsed: Parsed) -> bool:
    import logging  # seldom needed, and so is the library

    from flufl.bounce import all_failures

    # Its detectors stumble over hostile mail and say so with tracebacks: what they find is all that matters here.
    logging.getLogger("flufl.bounce").disabled = True
    try:
        temporary, permanent = all_failures(_beginning(parsed, _Room()))
    except Exception:  # its detectors were not written for hostile mail
        return False
    return bool(temporary or permanent)


def _beginning(part: Parsed, room: _Room) -> Parsed:
    """The same with texts and lines cut: what is looked for stands early, in lines of ordinary length; some patterns are quadratic."""
    room.parts -= 1
    short = copy(part)
    children = parts_of(part)
    if children is None:
        text = as_it_came(part)[: room.characters].decode("ascii", "surrogateescape")
        room.characters -= len(text)
        lines = text.splitlines(keepends=True)
        short.set_payload("".join(line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}\n" for line in lines))
    else:
        shorter: list[Parsed | str] = []
        for child in children:
            if room.parts <= 0 or room.characters <= 0:
                break
            shorter.append(_beginning(child, room))
        short.set_payload(shorter)
    return short
