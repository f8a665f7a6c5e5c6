"""Words and signs that other languages and desks have, and how the same is written in a rule. What `hints` looks into."""

from __future__ import annotations

import re
from typing import NamedTuple

from engine.dsl.grammar import ACTION_VERBS
from engine.dsl.vocabulary import EVENTS

_ACTION = "|".join(ACTION_VERBS)
_EVENT = "|".join(name.replace(" ", r"\s+") for name in sorted(EVENTS, key=len, reverse=True))
_PREDICATE = r"contains?|is|in|starts with|ends with|matches|includes?|does not contain"
_SETTABLE = "|".join(
    dict.fromkeys(name.rpartition(".")[2].replace("_", "[ _]") for event in EVENTS.values() for name in event.settable)
)
_UNIT = r"(?:m|mins?|h|hrs?|d)\b"


class Meant(NamedTuple):
    """A mistake: what the line says up to the error, what stands there, and what the grammar must take there too."""

    behind: re.Pattern[str]
    at: re.Pattern[str]
    accepted: frozenset[str]
    words: str


def _meant(words: str, *, behind: str = "", at: str = "", accepted: str = "") -> Meant:
    """Texts in quotes are empty in `behind`."""
    flags = re.IGNORECASE
    return Meant(re.compile(rf"(?:{behind})\s*$", flags), re.compile(at, flags), frozenset(accepted.split()), words)


# The first that fits counts.
MEANT = (
    # Signs.
    _meant("write `and`", at="&"),
    _meant("write `or`", at=r"\|"),
    _meant("write `is not`", at="!=|≠"),
    _meant("write `is not`", behind="<", at=">"),
    _meant("write `not`", at="!"),
    _meant("write `is`", at="=", accepted="IS"),
    _meant("write `=`", at=":", accepted="EQUAL"),
    _meant("write `to`", at=r"(?:=|:|is\b|in\b)", accepted="TO"),
    _meant("leave the `=` out", at="="),
    _meant("leave the `:` out", at=":"),
    _meant("leave the `;` out", at=";"),
    _meant("leave the comma out", at=r",\s*(?:and|or|then)\b"),
    _meant("actions follow each other without a comma and without `and`", at=r",|and\b", accepted="DISCARD"),
    _meant("write a comma", at=r"and\b", accepted="COMMA"),
    _meant('leave the brackets out: list NAME = "...", "..."', behind=r"\blist\s+[\w-]+\s*=", at=r"[(\[{]"),
    _meant('put brackets round them: ("...", "...")', behind=r'\b(?:in|any of|all of)\s*(?:""|[\w-]+)', at=","),
    _meant('write each in quotes: ("...", "...")', behind=r'\b(?:in|any of|all of)\s*\((?:\s*""\s*,)*', at=r"[^\W\d]"),
    _meant('a list stands in round brackets: ("...", "...")', at=r"\["),
    _meant('a list stands in round brackets: ("...", "...")', at=r"\{", accepted="LPAR"),
    _meant("leave the braces out: a rule ends where the next begins", at="[{}]"),
    _meant("a remark begins with #", at=r"//|--|/\*"),
    _meant("write it in full: `is not`, `does not contain`", behind=r"\b(?:is|does|do|was|has)n", at="['\u2019]t"),
    # Clauses.
    _meant("a rule has no `else`: write another rule for it", at=r"(?:else|otherwise)\b"),
    _meant("write `on` before an event: `on message`, `on ticket created`", at=rf"when\s+(?:{_EVENT})\b", accepted="ON"),
    _meant("above `when` stands what the rule is for: `on message`, `on ticket created`", at=r"when\b", accepted="ON"),
    _meant("write `on`", at=r"(?:event|trigger|upon|whenever|every|for)\b", accepted="ON"),
    _meant("write `after 30 minutes from ticket created`", at=r"\d.*\bafter\b", accepted="AFTER"),
    _meant("write `from`", at=r"(?:of|since)\b", accepted="FROM"),
    _meant("write the length of time in full: 30 minutes, 4 hours, 2 days", at=rf"\d+\s*{_UNIT}", accepted="DURATION"),
    _meant("write the length of time in full: 30 minutes, 4 hours, 2 days", behind=r"\d", at=_UNIT),
    _meant("a rule has one event: write two rules", behind=r"\bon\s[\w ]+", at=r"(?:and|or)\b|,", accepted="WHEN"),
    _meant("write `priority` above `on`", behind=r"\bpriority", accepted="WHEN"),
    _meant("a rule has one `when`: join them with `and` or `or`", at=r"when\b", accepted="AND OR"),
    _meant("write `then` before the first action", at=rf"(?:{_ACTION})\b", accepted="THEN"),
    # Conditions.
    _meant("name the field again behind `and` and `or`", behind=rf"\b(?:and|or)(?:\s+not)?\s+(?:{_PREDICATE})"),
    _meant('write `changed to "..."`', behind=r"\b(?:becomes|became|(?:has )?changes)(?: to)?"),
    _meant("write `not` before it: `not status changed`", behind=r"\bnot", at="change"),
    _meant('only what it is now can be asked for: `changed to "..."`', behind=r"\bchanged", at=r"from\b"),
    _meant("write `does not contain`", behind=r"\bnot", at=r"(?:contains?|includes?)\b"),
    _meant("write `does not start with`", behind=r"\bnot", at=r"(?:starts?|begins?)\b"),
    _meant("write `does not end with`", behind=r"\bnot", at=r"ends?\b"),
    _meant("write `does not match`", behind=r"\bnot", at=r"match(?:es)?\b"),
    _meant("write `does not exist`", behind=r"\bnot", at=r"exists?\b"),
    _meant("write `is not`", behind=r"\bnot", at=r"(?:is|equals?)\b"),
    _meant('write `ticket has tag "..."`', behind=r"\bhas tag"),
    _meant('write `contains any of ("...", "...")`', behind=r"\bcontains? (?:one|some|either) of", at=r"\("),
    _meant('write `in ("...", "...")`', behind=r"\b(?:one|any|either) of", at=r"\("),
    _meant('write `starts with "..."`', behind=r"\b(?:begins?(?: with)?|startswith|starts?)"),
    _meant('write `ends with "..."`', behind=r"\b(?:endswith|ends?)"),
    _meant('write `contains "..."`, or `ticket has tag "..."`', behind=r"\b(?:has|have)", at='"'),
    _meant('write `contains "..."`', behind=r"\b(?:includes?|containing|mentions)", at='"'),
    _meant('write `is "..."`', behind=r"\b(?:equals?(?: to)?|equal|same as)"),
    _meant("write `matches /.../`", behind=r"\b(?:like|matching|match|regexp?)"),
    _meant("write `matches /.../`", at="~"),
    _meant("a pattern stands between slashes: matches /.../", at='"', accepted="REGEX"),
    _meant("write both ends: `... > 8:00 and ... < 9:00`", behind=r"\bbetween"),
    _meant("write `>=`", behind=r"\bat least", at=r"\d"),
    _meant("write `<=`", behind=r"\bat most", at=r"\d"),
    _meant("write `>`", behind=r"\b(?:greater|more|larger|bigger|longer|older|later|higher)(?: than)?", at=r"\d"),
    _meant("write `<`", behind=r"\b(?:smaller|less|fewer|shorter|younger|earlier|lower)(?: than)?", at=r"\d"),
    # Actions.
    _meant("write `as internal`", at=r"private\b|internal\b", accepted="AS"),
    _meant("write `as all`", at=r"public\b|all\b", accepted="AS"),
    _meant("write `as internal`", at=r"private\b", accepted="INTERNAL"),
    _meant("write `as all`", at=r"public\b", accepted="INTERNAL"),
    _meant("leave `with` out", at=r'with\s*"', accepted="STRING"),
    _meant("write `using`", at=r"with\b", accepted="USING"),
    _meant('write `set ... to "..."`', at=rf'(?:ticket[. ])?(?:{_SETTABLE})\s*(?:[=:"]|\b(?:to|is)\b)', accepted="DISCARD"),
    _meant("write `to` before the value: `set ... to ...`", behind=rf"\bset\s+(?:{_SETTABLE})\s+[\w ]+", accepted="TO"),
    _meant(
        "write `attribute to organization in` before a field",
        behind=r"\battribute to organization (?:named|called|by|from|of|with)",
    ),
    _meant(
        "write `attribute to sender in` before a field",
        at=r"(?:field|reply-to|address|email|mail|header)\b",
        accepted="FORWARDED",
    ),
    _meant("write `in` before the field: `attribute to sender in ...`", behind=r"\battribute to sender"),
    _meant("write `attribute to caller in` before a field", at=r"(?:phone|telephone|number|call)\b", accepted="FORWARDED"),
    _meant("write `in` before the field: `attribute to caller in ...`", behind=r"\battribute to caller"),
    _meant("leave the word out", behind=r"\b(?:add|create|remove|set|clear|assign|to|notify)", at=r"(?:an?|the)\b"),
)
CLAUSES = {"if": "when", "elif": "when", "elseif": "when", "unless": "when not"}
# What other desks call the actions, and people do.
ACTIONS = (
    dict.fromkeys(("reopen", "close", "complete", "resolve"), 'set status to "..."')
    | dict.fromkeys(("delete", "drop", "ignore", "skip"), 'discard "..."')
    | dict.fromkeys(("reject", "block"), 'refuse "..."')
    | dict.fromkeys(("hold", "park"), 'quarantine "..."')
    | dict.fromkeys(("mail", "email", "send", "forward", "reply", "alert"), "notify ... using ...")
    | dict.fromkeys(("unset", "reset"), "clear ...")
    | dict.fromkeys(("tag", "label"), 'add tag "..."')
    | dict.fromkeys(("note", "comment"), 'add note "..."')
    | dict.fromkeys(("change", "update", "move", "route"), 'set ... to "..."')
)
EVENTS_ELSEWHERE = (
    dict.fromkeys(
        ("mail", "email", "new mail", "new email", "new message", "mail received", "message received"), "write `message`"
    )
    | dict.fromkeys(("new ticket", "ticket opened", "ticket open", "create ticket"), "write `ticket created`")
    | dict.fromkeys(("ticket change", "ticket changed", "ticket changes", "update ticket"), "write `ticket updated`")
    | dict.fromkeys(
        ("ticket closed", "ticket completed", "ticket resolved", "ticket assigned"),
        'write `ticket updated`, and ask what changed: `when status changed to "..."`',
    )
    | {"ticket reopened": "write `ticket updated`, and ask: `when ticket.reopened`"}
    | dict.fromkeys(
        ("reply", "new reply", "new note", "note", "note added", "ticket reply", "ticket note", "ticket note added"),
        "write `ticket note created`",
    )
    | dict.fromkeys(("time entry", "new time entry", "time entry added"), "write `ticket time entry created`")
)
