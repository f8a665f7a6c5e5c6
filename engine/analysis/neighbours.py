"""Which rules can have to do with each other: of thousands, those that ask for the same texts.

A rule's condition can follow from another's only if each text that it asks for is in one that the other asks for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from engine.literals import Literals

Text = tuple[str, str]


class Neighbours:
    """`texts`: for each rule, in order, (operand, text) of what it asks for; nothing where it asks for no certain text."""

    def __init__(self, texts: Sequence[Sequence[Text]]) -> None:
        self._texts = texts
        self._free: list[int] = []
        self._exact: dict[Text, list[int]] = defaultdict(list)
        anchors: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        for index, asked in enumerate(texts):
            if not asked:
                self._free.append(index)
                continue
            for text in asked:
                self._exact[text].append(index)
            operand, longest = max(asked, key=lambda text: len(text[1]))
            anchors[operand][longest].append(index)
        self._anchors = {operand: Literals(words) for operand, words in anchors.items()}

    def before(self, index: int, most: int) -> list[int]:
        """Rules before this one that may imply it or be implied by it, in order; at most `most` of each sort."""
        asked = self._texts[index]
        if not asked:
            return list(range(max(0, index - most), index))
        found = {other for other in self._free if other < index}
        near = sorted(found)[-most:]
        candidates: set[int] = set()
        for operand, text in asked:
            if operand in self._anchors:
                for _, _, indices in self._anchors[operand].find(text):
                    candidates.update(other for other in indices if other < index)
        anchor = max(asked, key=lambda text: len(text[1]))
        candidates.update(other for other in self._exact[anchor] if other < index)
        return sorted({*near, *sorted(candidates)[-most:]})
