"""Finding the true atoms of one operand: all literals in one pass (Aho-Corasick), patterns in linear time (RE2)."""

from __future__ import annotations

import operator
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from engine.literals import Literals
from engine.rules.atoms import Leaf, is_laid_out
from engine.rules.facts import Values
from engine.rules.patterns import Patterns
from engine.text import LONGEST_SEARCHED, compared, fold

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "is": operator.eq,
}


class Matcher:
    """All atoms that ask about one operand. `match` is a pure function of the operand's values."""

    def __init__(self, leaves: Iterable[tuple[int, Leaf]], timezone: ZoneInfo) -> None:
        self._timezone = timezone
        self._exists: list[int] = []
        self._empty: list[int] = []
        self._false: list[int] = []
        self._equal: dict[str, list[int]] = defaultdict(list)
        self._tags: dict[str, list[int]] = defaultdict(list)
        self._literals: dict[str, list[tuple[str, int]]] = defaultdict(list)
        self._all_of: dict[int, frozenset[str]] = {}
        self._patterns = Patterns()
        self._comparisons: list[tuple[Callable[[Any, Any], bool], Any, int]] = []
        for atom, leaf in leaves:
            self._add(atom, leaf)
        # A phrase is found where a line ends within it. One that has a line break itself is sought in the text as it is laid out.
        self._sought = Literals({text: text for text in self._literals if not is_laid_out(text)})
        self._laid_out = Literals({text: text for text in self._literals if is_laid_out(text)})
        self._reads_layout = any(map(is_laid_out, (*self._literals, *self._equal)))
        self._reads_text = bool(self._equal or self._literals or self._patterns)

    def _add(self, atom: int, leaf: Leaf) -> None:
        value: Any = leaf.value
        match leaf.operator:
            case "exists" | "holds":
                self._exists.append(atom)
            case "is empty":
                self._empty.append(atom)
            case "has tag":
                self._tags[value].append(atom)
            case "fails":
                self._false.append(atom)
            case "is" if isinstance(value, str):
                self._equal[value].append(atom)
            case "in":
                for text in value:
                    self._equal[text].append(atom)
            case "contains" | "starts with" | "ends with":
                self._literals[value].append((leaf.operator, atom))
            case "contains any of":
                for text in value:
                    self._literals[text].append(("contains", atom))
            case "contains all of":
                self._all_of[atom] = frozenset(value)
                for text in value:
                    self._literals[text].append(("all", atom))
            case "matches":
                pattern, flags = value
                self._patterns.add(pattern, flags, atom)
            case _:
                self._comparisons.append((_COMPARE[leaf.operator], value, atom))

    def match(self, values: Values) -> set[int]:
        """The atoms that are true of these values. Several values: true of any of them."""
        true: set[int] = set()
        if any(value is not False for value in values):
            true.update(self._exists)
        else:
            true.update(self._false)
        if not any(value not in (False, "") and str(value).strip() for value in values):
            true.update(self._empty)
        left = LONGEST_SEARCHED if self._reads_text else 0
        for value in values:
            if isinstance(value, str):
                if value in self._tags:
                    true.update(self._tags[value])
                if left > 0:
                    self._text(value[:left], true)
                    left -= len(value)
            elif self._comparisons and not isinstance(value, bool):
                self._compare(value, true)
        return true

    def _text(self, value: str, true: set[int]) -> None:
        found_of: dict[int, set[str]] = defaultdict(set)
        text = compared(value)
        self._search(text, self._sought, found_of, true)
        if self._reads_layout:
            self._search(fold(value).strip(), self._laid_out, found_of, true)
        if self._patterns:
            true.update(self._patterns.matching(value, true))

    def _search(self, text: str, sought: Literals[str], found_of: dict[int, set[str]], true: set[int]) -> None:
        """`found_of`: of each atom that asks for all of several texts, those found so far."""
        if self._equal and text in self._equal:
            true.update(self._equal[text])
        # Where it stands matters at both ends only; a word may stand in a text fifty thousand times, and in a thousand rules.
        begins: dict[str, bool] = {}
        ends: set[str] = set()
        for start, end, literal in sought.find(text):
            if literal not in begins or not start:
                begins[literal] = not start
            if end == len(text):
                ends.add(literal)
        for literal, at_start in begins.items():
            for how, atom in self._literals[literal]:
                if how == "contains" or (how == "starts with" and at_start) or (how == "ends with" and literal in ends):
                    true.add(atom)
                elif how == "all":
                    found = found_of[atom]
                    found.add(literal)
                    if len(found) == len(self._all_of[atom]):
                        true.add(atom)

    def _compare(self, value: Any, true: set[int]) -> None:
        for compare, wanted, atom in self._comparisons:
            have = value
            if isinstance(value, datetime) and isinstance(wanted, date):
                have = value.astimezone(self._timezone).date()
            if isinstance(have, time) != isinstance(wanted, time):
                continue
            if isinstance(have, time):
                have = have.replace(tzinfo=None, second=0, microsecond=0)
            if compare(have, wanted):
                true.add(atom)
