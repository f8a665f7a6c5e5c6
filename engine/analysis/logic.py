"""Whether conditions can hold together: a search for values that satisfy them, judged by the very matcher that rules run on.

Conditions become branches (a disjunction of conjunctions of literals). A branch is possible when for each operand there are
values of which all its literals are true. Values are tried that would be found if there were any: words of a picklist,
both sides of every bound, and the shortest text made of what it must contain. Where a regular expression stands in the way,
the answer is "possible": analysis warns only of what is certain.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from msgspec import Struct

from engine.config.model import Config
from engine.config.references import names_of
from engine.dsl.tree import And, Condition, Not, Test, tests_of
from engine.dsl.vocabulary import COLLECTIONS, Field, resolve
from engine.rules.atoms import AtomTable, Leaf, sought
from engine.rules.matcher import Matcher
from engine.text import fold

MOST_BRANCHES = 256
MOST_CANDIDATES = 2_000
_MOST_REMEMBERED = 20_000
# A letter that no condition asks for: between two texts it keeps them from making a third.
_OTHER = "\ue010"
# These always have a value.
_NEVER_EMPTY = frozenset({"mailbox", "sender.kind", "note.author", "note.publish", "message.weekday", "message.importance"})

Signed = tuple[Leaf, bool]
Branch = frozenset[Signed]


class TooMany(Exception):
    """The conditions have too many branches to look at all of them."""


class Given(Struct, frozen=True):
    """A condition that must hold, or must not."""

    condition: Condition | None
    holds: bool = True


class Logic:
    """One configuration's conditions, as the rules of one event (`groups`) see them."""

    def __init__(self, config: Config, groups: tuple[str, ...]) -> None:
        self._config = config
        self._groups = groups
        self._extracted = config.extracted_fields
        domains = [domain for one in config.directory.organizations.values() if one.active for domain in one.domains]
        self._table = AtomTable(config.rules, groups, self._extracted, tuple(domains))
        self._picklists = names_of(config).picklists
        self._words_of: dict[str, dict[str, str]] = {}
        # Hundreds of rules may ask the same of a list of thousands.
        self._possible_of = lru_cache(maxsize=_MOST_REMEMBERED)(self._satisfied)

    def possible(self, *givens: Given) -> bool:
        """Whether all of these can be so at once. True also where that is not certain."""
        try:
            branches: list[Branch] = [frozenset()]
            for given in givens:
                if given.condition is not None:
                    branches = _both(branches, self._branches(given.condition, given.holds))
                elif not given.holds:
                    return False  # a rule without a condition always runs
        except TooMany:
            return True
        return any(self._branch(branch) for branch in branches)

    def implies(self, first: Condition | None, second: Condition | None) -> bool:
        """Whether `second` holds wherever `first` does. False also where that is not certain."""
        return second is None or not self.possible(Given(first), Given(second, False))

    def operands(self, condition: Condition | None) -> set[str]:
        """The full names of all that a condition looks at."""
        return {self._table.leaf(test).operand[1] for test in tests_of(condition)}

    def leaf(self, test: Test) -> Leaf:
        """The question that a test asks."""
        return self._table.leaf(test)

    def is_finite(self, leaf: Leaf) -> bool:
        """Whether what it asks about can be some words only."""
        field = self._field(leaf.operand)
        return field is not None and self._words(field) is not None

    def _branches(self, condition: Condition, holds: bool) -> list[Branch]:
        if isinstance(condition, Not):
            return self._branches(condition.part, not holds)
        if isinstance(condition, Test):
            return [frozenset([self._related(self._table.leaf(condition), holds)])]
        if isinstance(condition, And) == holds:
            branches: list[Branch] = [frozenset()]
            for part in condition.parts:
                branches = _both(branches, self._branches(part, holds))
            return branches
        found = [branch for part in condition.parts for branch in self._branches(part, holds)]
        if len(found) > MOST_BRANCHES:
            raise TooMany
        return found

    def _related(self, leaf: Leaf, holds: bool) -> Signed:
        """Fields that say the same as another, said by that one."""
        if leaf.operand == ("field", "sender.known") and leaf.operator in ("holds", "fails"):
            return Leaf(("field", "sender.kind"), "in", ("contact", "resource")), holds == (leaf.operator == "holds")
        if leaf.operand == ("field", "ticket.complete") and leaf.operator in ("holds", "fails"):
            complete = tuple(sorted(fold(status) for status in self._config.picklists.complete))
            return Leaf(("field", "ticket.status"), "in", complete), holds == (leaf.operator == "holds")
        return leaf, holds

    def _branch(self, branch: Branch) -> bool:
        by_operand: dict[tuple[str, str], list[Signed]] = defaultdict(list)
        for leaf, holds in branch:
            by_operand[leaf.operand].append((leaf, holds))
        return all(self._possible_of(frozenset(signed)) for signed in by_operand.values())

    def _satisfied(self, signed: Branch) -> bool:
        """Whether literals of one operand can be true at once."""
        leaves = [leaf for leaf, _ in signed]
        if any((leaf, not holds) in signed for leaf, holds in signed):
            return False
        operand = leaves[0].operand
        matcher = Matcher(enumerate(leaves), self._config.settings.timezone)
        wanted = {number for number, (_, holds) in enumerate(signed) if holds}
        field = self._field(operand)
        several = operand[0] in ("header", "any") or (field is not None and field.type == "tags")
        candidates = _several(signed) if several else self._single(field, signed)
        for tried, values in enumerate(candidates):
            if tried == MOST_CANDIDATES or matcher.match(values) & set(range(len(leaves))) == wanted:
                return True
        # A pattern may be true of texts that were not tried; exact words leave none.
        exact = any(holds and leaf.operator in ("is", "in") for leaf, holds in signed) and not several
        return any(leaf.operator == "matches" for leaf in leaves) and not exact and not self.is_finite(leaves[0])

    def _field(self, operand: tuple[str, str]) -> Field | None:
        kind, name = operand
        if kind == "field":
            return resolve(name, self._groups, self._extracted) or Field(name, "text", "")
        if kind == "changed":
            return Field(name, "flag", "")
        return COLLECTIONS.get(name) if kind == "any" else None

    def _words(self, field: Field) -> Mapping[str, str] | None:
        """All that the field can be, by how `is` and `in` compare it. None where it can be anything."""
        found = self._words_of.get(field.name)
        if found is None:
            if not field.words and not (field.picklist in self._picklists and field.type == "word"):
                return None
            words = field.words or self._picklists[field.picklist or ""]
            found = self._words_of[field.name] = {sought(word, "is"): word for word in words}
        return found

    def _single(self, field: Field | None, signed: Branch) -> Iterator[tuple[Any, ...]]:
        """Values of a field that has one value, or none."""
        assert field is not None
        if field.name not in _NEVER_EMPTY:
            yield ()
        words = self._words(field)
        if field.type == "flag":
            yield from ((True,), (False,))
        elif words is not None:
            yield from ((word,) for word in _telling(words, signed))
        elif field.type in ("text", "word"):
            yield from ((text,) for text in _texts(signed))
        else:
            yield from ((value,) for value in _points(field, signed))


def _both(left: list[Branch], right: list[Branch]) -> list[Branch]:
    if len(left) * len(right) > MOST_BRANCHES:
        raise TooMany
    return [one | other for one in left for other in right]


def _several(signed: Branch) -> Iterator[tuple[Any, ...]]:
    """Values of a header or a collection: each literal may be true of another one."""
    yield ()
    yield (_OTHER,)
    choices: list[list[Any]] = []
    for leaf, holds in signed:
        if holds:
            choices.append([*_sized(leaf), *_texts([(leaf, True)])])
    for values in itertools.product(*choices):
        yield tuple(values)


def _sized(leaf: Leaf) -> list[Any]:
    return [leaf.value - 1, leaf.value, leaf.value + 1] if isinstance(leaf.value, int | float) else []


def _telling(words: Mapping[str, str], signed: Branch) -> Iterable[str]:
    """Of a field's words those that make a difference: where all literals name whole words, these, and one that none names."""
    named: set[Any] = set()
    for leaf, _ in signed:
        value: Any = leaf.value
        if leaf.operator == "is":
            named.add(value)
        elif leaf.operator == "in":
            named.update(value)
        elif value is not None:
            return words.values()
    others = (word for key, word in words.items() if key not in named)
    return (*(words[key] for key in named if key in words), *itertools.islice(others, 1))


def _texts(signed: Iterable[Signed]) -> Iterator[str]:
    """Texts that contain what they must, and as little else as can be."""
    starts, inside, ends, exact = [""], [], [""], []
    choices: list[tuple[str, ...]] = []
    for leaf, holds in signed:
        value: Any = leaf.value
        if not holds:
            continue
        if leaf.operator in ("is", "has tag"):
            exact.append(value)
        elif leaf.operator == "in":
            exact += value
        elif leaf.operator == "starts with":
            starts.append(value)
        elif leaf.operator == "ends with":
            ends.append(value)
        elif leaf.operator == "contains":
            inside.append(value)
        elif leaf.operator == "contains all of":
            inside += value
        elif leaf.operator == "contains any of":
            choices.append(value)
    yield from exact
    start, end = max(starts, key=len), max(ends, key=len)
    for chosen in itertools.product(*choices):
        middle = [*inside, *chosen]
        yield _OTHER.join([start, *middle, end])
        # What stands at the start or the end may already be all.
        yield start or end or _OTHER
        yield _OTHER.join(middle) or _OTHER


def _points(field: Field, signed: Branch) -> Iterator[Any]:
    """Every bound that is asked about, and a point on either side."""
    bounds = [leaf.value for leaf, _ in signed if leaf.value is not None]
    near: Callable[[list[Any]], Iterator[Any]] = _NEAR.get(field.type, _near_numbers)
    return near(bounds)


def _near_days(bounds: list[Any]) -> Iterator[datetime]:
    for day in [bound for bound in bounds if isinstance(bound, date)] or [date(2026, 1, 1)]:
        for offset in (-1, 0, 1):
            yield datetime.combine(day + timedelta(days=offset), time(12), UTC)


def _near_clocks(bounds: list[Any]) -> Iterator[time]:
    clocks = [bound for bound in bounds if isinstance(bound, time)] or [time(12)]
    for clock in (*clocks, time(0), time(23, 59)):
        minutes = clock.hour * 60 + clock.minute
        yield from (time(near // 60, near % 60) for near in (minutes - 1, minutes, minutes + 1) if 0 <= near < 1440)


def _near_durations(bounds: list[Any]) -> Iterator[timedelta]:
    none, second = timedelta(0), timedelta(seconds=1)
    lengths = [bound for bound in bounds if isinstance(bound, timedelta)] or [timedelta(hours=1)]
    for length in (*lengths, none):
        yield from (near for near in (length - second, length, length + second) if near >= none)


def _near_numbers(bounds: list[Any]) -> Iterator[float]:
    numbers = [bound for bound in bounds if isinstance(bound, int | float)] or [0]
    for number in (*numbers, 0, 1):
        yield from (near for near in (number - 1, number - 0.5, number, number + 0.5, number + 1) if near >= 0)


_NEAR: dict[str, Callable[[list[Any]], Iterator[Any]]] = {"day": _near_days, "clock": _near_clocks, "duration": _near_durations}
