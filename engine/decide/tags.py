"""Title and description to tags: whole phrases, without case and accents, in one pass (`behaviour.md` 6)."""

from __future__ import annotations

from msgspec import Struct, msgpack

from engine.config.columns import as_numbers
from engine.config.model import Tags
from engine.errors import Position
from engine.literals import Automaton
from engine.text import LONGEST_SEARCHED, words_of


class Tagged(Struct, frozen=True):
    """A ticket's tags, where they came from in words, and where those found in the text are defined (None: there are none)."""

    tags: tuple[str, ...]
    because: str
    where: Position | None


class Tagger:
    """What all labels and aliases are sought by, in one automaton: ten thousand of them are as fast as a hundred."""

    def __init__(self, tags: Tags) -> None:
        self._most = tags.most_per_ticket
        self._tags = tags.tags
        self._active = {tag.label: tag.position for tag in tags.tags if tag.active}
        phrases = tags.phrases
        self._anchors = Automaton(msgpack.decode(phrases.anchors, type=list[bytes]))
        self._ends = as_numbers(phrases.ends)
        self._texts = msgpack.decode(phrases.texts, type=list[str])
        self._before = as_numbers(phrases.before)
        self._tag_of = as_numbers(phrases.tags)
        self._more_of = phrases.more

    def tags(self, title: str, description: str, own: tuple[str, ...]) -> Tagged:
        """`own` are the mailbox's: first, and never dropped."""
        if not self._active:
            return Tagged((), "none", None)
        counts: dict[str, int] = {}
        longest: dict[str, int] = {}
        for phrase, count in self._count(title, description).items():
            for place in (self._tag_of[phrase], *self._more_of.get(phrase, ())):
                label = self._tags[place].label
                counts[label] = counts.get(label, 0) + count
                longest[label] = max(longest.get(label, 0), len(self._texts[phrase]))
        mine = tuple(label for label in dict.fromkeys(own) if label in self._active)
        found = sorted(
            (label for label in counts if label not in mine),
            key=lambda label: (-counts[label], -longest[label], label.casefold(), label),
        )
        kept = found[: max(self._most - len(mine), 0)]
        dropped = len(found) - len(kept)
        words = [f"the mailbox's: {', '.join(mine)}"] if mine else []
        if kept:
            words.append("found in the text: " + ", ".join(f"{label} ({counts[label]})" for label in kept))
        if dropped:
            words.append(f"{dropped} more found, over the most of {self._most}")
        return Tagged((*mine, *kept), "; ".join(words) or "none", self._place(kept))

    def _place(self, labels: list[str]) -> Position | None:
        """The tag's, where it is one alone; else its file."""
        if not labels:
            return None
        found = self._active[labels[0]]
        return found if len(labels) == 1 else Position(found.file)

    def _count(self, *texts: str) -> dict[int, int]:
        """How often each phrase stands in them. A letter or digit on either side makes it another word: CTI is not in `action`."""
        counts: dict[int, int] = {}
        ends, before, phrases = self._ends, self._before, self._texts
        for text in texts:
            padded = f" {words_of(text[:LONGEST_SEARCHED])} "
            for which, start, end in self._anchors.places(padded):
                if padded[start - 1].isalnum() or padded[end].isalnum():
                    continue  # so it is no phrase's either: that is known soonest here
                for phrase in range(ends[which], ends[which + 1]):
                    first, whole = start - before[phrase], phrases[phrase]
                    last = first + len(whole)
                    if (first == start and last == end) or (
                        first > 0
                        and padded.startswith(whole, first)
                        and not padded[first - 1].isalnum()
                        and not padded[last].isalnum()
                    ):
                        counts[phrase] = counts.get(phrase, 0) + 1
        return counts
