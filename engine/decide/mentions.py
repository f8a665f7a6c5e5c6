"""Lines that name another entity below the text of a ticket, for the people who work on it; and the text without them.

Who is told of a ticket may not know of the other one: a customer who names another's number, or answers a mail that he was shown, must
not learn from a notification that it exists (`behaviour.md` 3.1).
"""

from __future__ import annotations

import re

from engine.late import late_pattern

_NAMES, _ANSWERS, _IS_ABOUT = "The subject names", "This message answers", "This message is about"
_LINE = late_pattern(rf"^\[(?:{_NAMES}|{_ANSWERS}|{_IS_ABOUT}) [^\]\n]{{1,300}}\.\](?:\n|\Z)", re.MULTILINE)


def names(number: str) -> str:
    return f"[{_NAMES} {number}.]"


def answers_others(number: str) -> str:
    return f"[{_ANSWERS} {number}, of another organization.]"


def answers_complete(number: str) -> str:
    return f"[{_ANSWERS} {number}, which is complete.]"


def is_about(number: str) -> str:
    return f"[{_IS_ABOUT} {number}.]"


def without_mentions(description: str) -> str:
    return _LINE.sub("", description).rstrip("\n") if ".]" in description else description
