"""What somebody meant who wrote a rule as other languages have it: `&&`, `==`, `If`, `THEN`, `is "a" or "b"`."""

from __future__ import annotations

import re
from collections.abc import Collection

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_REMARK = re.compile(r"#.*")
_WORD = re.compile(r"[^\W\d_]+")
_SIGNS = (
    ("&", "`and`"),
    ("|", "`or`"),
    ("!=", "`is not`"),
    ("≠", "`is not`"),
    ("!", "`not`"),
    ("=", "`is`"),
)
_OTHER_WORDS = {"if": "when", "elif": "when", "elseif": "when", "unless": "when not"}
_OPERATOR = re.compile(r"\b(is(?: not)?|contains|does not contain|starts with|ends with)\b(?!.*\b(?:is|contains?|starts|ends)\b)")
_OF_SEVERAL = {"is": "in", "is not": "not in", "contains": "contains any of", "does not contain": "does not contain any of"}


def hint(line: str, column: int, accepted: Collection[str]) -> str | None:
    """How to write it here, or None. `column` counts from 1; `accepted` are the grammar's names of what could stand there.

    A keyword in capitals is taken for a name, so that the error may stand behind it.
    """
    before = _STRING.sub('""', line[: column - 1])
    rest = _REMARK.sub("", line[column - 1 :])
    if before.endswith("<") and rest.startswith(">"):
        return "write `is not`"
    for sign, words in _SIGNS:
        if rest.startswith(sign):
            return "write `to`" if sign == "=" and "TO" in accepted else f"write {words}"
    for word in [*_WORD.findall(rest)[:1], *_WORD.findall(before)]:
        if word != word.lower() and word.upper() in accepted:
            return f"write `{word.lower()}` in small letters"
        if word.lower() in _OTHER_WORDS and "WHEN" in accepted:
            return f"write `{_OTHER_WORDS[word.lower()]}`"
    return _of_several(before, rest)


def _of_several(before: str, rest: str) -> str | None:
    """`contains "a" or "b"`, `contains ("a", "b")`."""
    operator = _OPERATOR.search(before)
    if operator is None or not (re.search(r'""\s*or\s*$', before) if rest.startswith('"') else rest.startswith("(")):
        return None
    several = _OF_SEVERAL.get(operator[1])
    return f'write `{several} ("...", "...")`' if several else "write the whole condition on both sides of `or`"
