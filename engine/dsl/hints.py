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
# What other desks call the actions, and people do.
_OTHER_ACTIONS = (
    dict.fromkeys(("reopen", "close", "complete", "resolve"), 'set status to "..."')
    | dict.fromkeys(("delete", "drop", "ignore", "skip"), 'discard "..."')
    | dict.fromkeys(("reject", "block"), 'refuse "..."')
    | dict.fromkeys(("hold", "park"), 'quarantine "..."')
    | dict.fromkeys(("mail", "email", "send", "forward", "reply", "alert"), "notify ... using ...")
    | dict.fromkeys(("tag", "label"), 'add tag "..."')
    | dict.fromkeys(("note", "comment"), 'add note "..."')
    | dict.fromkeys(("change", "update", "move", "route"), 'set ... to "..."')
)
_BECOMES = re.compile(r"\b(?:becomes|became|(?:has )?changes)(?: to)?\s*$")
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
            if sign == "=" and "IS" not in accepted:
                return "write `to`" if "TO" in accepted else "leave the `=` out"
            return f"write {words}"
    for word in [*_WORD.findall(rest)[:1], *_WORD.findall(before)]:
        if word != word.lower() and word.upper() in accepted:
            return f"write `{word.lower()}` in small letters"
        if word.lower() in _OTHER_WORDS and "WHEN" in accepted:
            return f"write `{_OTHER_WORDS[word.lower()]}`"
    return _out_of_place(before, rest, accepted) or _of_several(before, rest)


def _out_of_place(before: str, rest: str, accepted: Collection[str]) -> str | None:
    """A clause or an action that does not stand here, or under another name."""
    word = _WORD.match(rest)
    first = word[0].lower() if word else ""
    if first == "when" and {"AND", "OR"} <= set(accepted):
        return "a rule has one `when`: join them with `and` or `or`"
    if before.split()[-1:] == ["priority"] and "WHEN" in accepted:
        return "write `priority` above `on`"
    if _BECOMES.search(before):
        return 'write `changed to "..."`'
    if first == "change" and before.split()[-1:] == ["not"]:
        return "write `not` before it: `not status changed`"
    if first == "from" and before.split()[-1:] == ["changed"]:
        return 'only what it is now can be asked for: `changed to "..."`'
    if before.split()[-2:] == ["has", "tag"]:
        return 'write `ticket has tag "..."`'
    return f"write `{_OTHER_ACTIONS[first]}`" if first in _OTHER_ACTIONS and "DISCARD" in accepted else None


def _of_several(before: str, rest: str) -> str | None:
    """`contains "a" or "b"`, `contains ("a", "b")`."""
    operator = _OPERATOR.search(before)
    if operator is None or not (re.search(r'""\s*or\s*$', before) if rest.startswith('"') else rest.startswith("(")):
        return None
    several = _OF_SEVERAL.get(operator[1])
    return f'write `{several} ("...", "...")`' if several else "write the whole condition on both sides of `or`"
