"""Tagging one 4 KB text with 100, 10,000 and 100,000 aliases. `make bench`."""

from __future__ import annotations

import time

from engine.config.model import Tag, Tags
from engine.decide.tags import Tagger
from engine.errors import Position

TEXT = "A line of ordinary text about nothing, with label77 in it.\n" * 70


def main() -> None:
    for count in (100, 10_000, 100_000):
        tags = Tags(
            30, 3, tuple(Tag(f"label{n}", (f"alias number {n}",), True, True, Position("tags.yaml")) for n in range(count))
        )
        start = time.perf_counter()
        tagger = Tagger(tags)
        built = time.perf_counter() - start
        start = time.perf_counter()
        for _ in range(500):
            tagger.tags("a title", TEXT, ())
        print(
            f"{count:>7} tags with an alias each: built in {built:.2f} s, {(time.perf_counter() - start) * 2_000:.0f} microseconds a text"
        )


if __name__ == "__main__":
    main()
