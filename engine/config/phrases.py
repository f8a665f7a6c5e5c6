"""The labels and aliases of `tags.yaml` as they are sought in a text, worked out when the configuration is checked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import accumulate

from msgspec import msgpack

from engine.config.columns import numbers
from engine.config.model import Phrases, Tag, Tags
from engine.literals import FEW
from engine.text import words_of_all

_WORD = re.compile(r"[^\W_]+")  # of what `str.isalnum` says: no such letter stands beside a phrase that is found
_MOST_AT_ONE = 16


def tags_of(tags: tuple[Tag, ...], shortest: int, most_per_ticket: int) -> Tags:
    return Tags(most_per_ticket, shortest, tags, _phrases(_places(tags, max(shortest, 1))))


def _places(tags: tuple[Tag, ...], shortest: int) -> dict[str, tuple[int, ...]]:
    """By the phrase: which tags have it."""
    named = [(text, place) for place, tag in enumerate(tags) if tag.active and tag.match for text in (tag.label, *tag.aliases)]
    found: dict[str, dict[int, None]] = {}
    for phrase, (_, place) in zip(words_of_all([text for text, _ in named]), named, strict=True):
        if len(phrase) >= shortest:
            found.setdefault(phrase, {})[place] = None
    return {phrase: tuple(places) for phrase, places in found.items()}


def _phrases(places: Mapping[str, tuple[int, ...]]) -> Phrases:
    # Sorted, because the automaton is made in half the time, and is faster, where what begins alike stands side by side.
    found = sorted((anchor.encode("utf-8", "surrogatepass"), before, phrase) for phrase, (anchor, before) in _anchors(places))
    each = Counter(anchor for anchor, _, _ in found)
    return Phrases(
        anchors=msgpack.encode(list(each)),
        ends=numbers(accumulate(each.values(), initial=0)),
        texts=msgpack.encode([phrase for _, _, phrase in found]),
        before=numbers(before for _, before, _ in found),
        tags=numbers(places[phrase][0] for _, _, phrase in found),
        more={number: places[phrase][1:] for number, (_, _, phrase) in enumerate(found) if len(places[phrase]) > 1},
    )


def _anchors(phrases: Iterable[str]) -> Iterable[tuple[str, tuple[str, int]]]:
    """Each phrase with its anchor, and where in it that begins."""
    whole = [(phrase, (phrase, 0)) for phrase in phrases]
    if sum(len(phrase) for phrase, _ in whole) <= FEW:
        return whole
    often = Counter(word for phrase, _ in whole for word in set(_WORD.findall(phrase)))
    anchored = []
    for phrase, itself in whole:
        rarest = min(_WORD.finditer(phrase), key=lambda word: (often[word[0]], -len(word[0])), default=None)
        few = rarest is not None and often[rarest[0]] <= _MOST_AT_ONE
        anchored.append((phrase, (rarest[0], rarest.start()) if rarest is not None and few else itself))
    return anchored
