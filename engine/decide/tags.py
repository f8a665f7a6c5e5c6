"""Title and description to tags: whole phrases, without case and accents, in one pass (`behaviour.md` 6)."""

from __future__ import annotations

from collections import Counter, defaultdict

from msgspec import Struct

from engine.config.model import Tags
from engine.errors import Position
from engine.literals import Literals
from engine.text import LONGEST_SEARCHED, words_of, words_of_all


class Tagged(Struct, frozen=True):
    """A ticket's tags, where they came from in words, and where those found in the text are defined (None: there are none)."""

    tags: tuple[str, ...]
    because: str
    where: Position | None


class Tagger:
    """All labels and aliases in one automaton: ten thousand of them are as fast as a hundred."""

    def __init__(self, tags: Tags) -> None:
        self._most = tags.most_per_ticket
        self._active = {tag.label: tag.position for tag in tags.tags if tag.active}
        named = [(text, tag.label) for tag in tags.tags if tag.active and tag.match for text in (tag.label, *tag.aliases)]
        # The label that a phrase stands for; few stand for more.
        self._label: dict[str, str] = {}
        self._others: dict[str, list[str]] = defaultdict(list)
        for phrase, (_, label) in zip(words_of_all([text for text, _ in named]), named, strict=True):
            if len(phrase) >= tags.shortest and self._label.setdefault(phrase, label) != label:
                self._others[phrase].append(label)
        self._phrases = Literals(self._label)

    def tags(self, title: str, description: str, own: tuple[str, ...]) -> Tagged:
        """`own` are the mailbox's: first, and never dropped."""
        if not self._active:
            return Tagged((), "none", None)
        counts: Counter[str] = Counter()
        longest: dict[str, int] = {}
        for phrase, count in self._count(words_of(title[:LONGEST_SEARCHED]), words_of(description[:LONGEST_SEARCHED])).items():
            for label in dict.fromkeys((self._label[phrase], *self._others.get(phrase, ()))):
                counts[label] += count
                longest[label] = max(longest.get(label, 0), len(phrase))
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

    def _count(self, *texts: str) -> dict[str, int]:
        """How often each phrase stands in them. A letter or digit on either side makes it another word: CTI is not in `action`."""
        counts: dict[str, int] = {}
        for text in texts:
            padded = f" {text} "
            for start, end, _ in self._phrases.find(padded):
                if not padded[start - 1].isalnum() and not padded[end].isalnum():
                    phrase = padded[start:end]
                    counts[phrase] = counts.get(phrase, 0) + 1
        return counts
