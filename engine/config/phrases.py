"""The labels and aliases of `tags.yaml` as they are sought in a text, worked out when the configuration is checked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from itertools import accumulate, islice

from msgspec import msgpack

from engine.config.columns import numbers
from engine.config.model import Phrases, Tag, Tags
from engine.literals import FEW
from engine.text import words_of_all

_WORD = re.compile(r"[^\W_]+")  # of what `str.isalnum` says: no such letter stands beside a phrase that is found
_MOST_AT_ONE = 4  # for a text may say one word a hundred thousand times


def tags_of(tags: tuple[Tag, ...], shortest: int, most_per_ticket: int) -> Tags:
    return Tags(most_per_ticket, shortest, tags, _phrases(_places(tags, max(shortest, 1))))


def _places(tags: tuple[Tag, ...], shortest: int) -> dict[str, tuple[int, ...]]:
    """By the phrase: which tags have it."""
    sought = [place for place, tag in enumerate(tags) if tag.active and tag.match]
    phrases = iter(words_of_all([text for place in sought for text in (tags[place].label, *tags[place].aliases)]))
    found: dict[str, tuple[int, ...]] = {}
    for place in sought:
        for phrase in islice(phrases, 1 + len(tags[place].aliases)):
            others = found.get(phrase, ())
            if len(phrase) >= shortest and place not in others[-1:]:
                found[phrase] = (*others, place)
    return found


def _phrases(places: Mapping[str, tuple[int, ...]]) -> Phrases:
    # Sorted, because the automaton is made in half the time, and is faster, where what begins alike stands side by side.
    found = sorted(_anchored(places))
    each = Counter(anchor for anchor, _, _ in found)
    return Phrases(
        anchors=msgpack.encode([anchor.encode("utf-8", "surrogatepass") for anchor in each]),
        ends=numbers(accumulate(each.values(), initial=0)),
        texts=msgpack.encode([phrase for _, _, phrase in found]),
        before=numbers(before for _, before, _ in found),
        tags=numbers(places[phrase][0] for _, _, phrase in found),
        more={number: places[phrase][1:] for number, (_, _, phrase) in enumerate(found) if len(places[phrase]) > 1},
    )


def _anchored(phrases: Collection[str]) -> Iterator[tuple[str, int, str]]:
    """Each phrase behind its anchor, and where in it that begins."""
    often: Counter[str] = Counter()
    if sum(map(len, phrases)) > FEW:
        for phrase in phrases:
            often.update(set(_WORD.findall(phrase)))
    for phrase in phrases:
        words = _WORD.finditer(phrase) if often else ()
        rarest = min(words, key=lambda word: (often[word[0]], -len(word[0])), default=None)
        if rarest is not None and often[rarest[0]] <= _MOST_AT_ONE:
            yield rarest[0], rarest.start(), phrase
        else:
            yield phrase, 0, phrase
