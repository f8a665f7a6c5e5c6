"""What somebody meant who wrote a rule as other languages and desks have it: `&&`, `==`, `If`, `begins with`, `close`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Set

from engine.dsl.grammar import NO_KEYWORDS
from engine.dsl.other_words import ACTIONS, CLAUSES, MEANT

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_REMARK = re.compile(r"#.*")
_WORD = re.compile(r"[^\W\d_]+")
_NO_NAME = re.compile(r'"|\b(?:and|or|not|then|when|rule|is|using)\b')
_OPERATOR = re.compile(r"\b(is(?: not)?|contains|does not contain|starts with|ends with)\b(?!.*\b(?:is|contains?|starts|ends)\b)")
_OF_SEVERAL = {"is": "in", "is not": "not in", "contains": "contains any of", "does not contain": "does not contain any of"}


def hint(line: str, column: int, accepted: Set[str]) -> str | None:
    """How to write it here, or None. `column` counts from 1; `accepted` are the grammar's names of what could stand there.

    A keyword in capitals or misspelt is taken for a name, so that the error may stand behind it.
    """
    before = _STRING.sub('""', line[: column - 1])
    rest = _REMARK.sub("", line[column - 1 :])
    return next(_hints(before, rest, accepted), None)


def _hints(before: str, rest: str, accepted: Set[str]) -> Iterator[str]:
    """The surest first."""
    found = _WORD.match(rest)
    first = found[0] if found else ""
    for word in (first, *_WORD.findall(before)):
        if word != word.lower() and word.upper() in accepted:
            yield f"write `{word.lower()}` in small letters"
        if word.lower() in CLAUSES and "WHEN" in accepted:
            yield f"write `{CLAUSES[word.lower()]}`"
    for meant in MEANT:
        if meant.accepted <= accepted and meant.behind.search(before) and meant.at.match(rest):
            yield meant.words
    if first.lower() in ACTIONS and "DISCARD" in accepted:
        yield f"write `{ACTIONS[first.lower()]}`"
    yield from _of_several(before, rest)
    yield from _misspelt(before, first, accepted)


def _of_several(before: str, rest: str) -> Iterator[str]:
    """`contains "a" or "b"`, `contains "a", "b"`, `contains ("a", "b")`."""
    again = rest.startswith('"') and re.search(r'""\s*or\s*$', before)
    if not (again or rest.startswith("(") or (rest.startswith(",") and re.search(r'""\s*$', before))):
        return
    operator = _OPERATOR.search(before)
    if operator and operator[1] in _OF_SEVERAL:
        yield f'write `{_OF_SEVERAL[operator[1]]} ("...", "...")`'
    elif again:
        yield "write the whole condition on both sides of `or`"


def _misspelt(before: str, first: str, accepted: Set[str]) -> Iterator[str]:
    """`wen subject`, `contians "x"`: the error stands behind the names that the grammar has taken it for."""
    keywords = [name.lower() for name in accepted if name not in NO_KEYWORDS]
    for word in (*_NO_NAME.split(before)[-1].split(), first):
        near = difflib.get_close_matches(word.lower(), keywords, n=1, cutoff=0.75)
        if near and near[0] != word:
            yield f"did you mean `{near[0]}`?"
