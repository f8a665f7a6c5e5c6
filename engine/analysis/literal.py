"""Variables as other programs write them, which a template sends as they stand; and such in the texts of rules, which have none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.config.model import Config, Template
from engine.config.variables import VARIABLES
from engine.dsl.tree import Action, AddNote, CreateTicket, Discard, Quarantine, Refuse, SetField
from engine.dsl.values import Text
from engine.errors import Position, Problem, warn

CODE = "PR122"
_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_NAME = rf"((?:{'|'.join(VARIABLES)})\.\w+)"
# `{ticket.number}`, `${ticket.number}`, `%ticket.number%`, `[[ticket.number]]`, `<%= ticket.number %>`
_ELSEWHERE = re.compile(rf"(?:[$#]?\{{|\[\[?|<?%=?|<)\s*{_NAME}\s*(?:\}}|\]\]?|%?>|%)", re.IGNORECASE)


def check_literal(config: Config) -> Iterator[Problem]:
    for template in config.templates.values():
        for one in template.every:
            yield from _in_template(one)
    for rule in config.rules.rules:
        for action in rule.actions:
            for text in _texts(action):
                if found := _JINJA.search(text) or _ELSEWHERE.search(text):
                    message = f"'{found[0]}' stays as it is: the texts of rules have no variables"
                    yield warn(CODE, action.position, message, "write it without, or tell of it by `notify ... using` a template")


def _in_template(template: Template) -> Iterator[Problem]:
    for text, line in ((template.subject.source, template.position.line), (template.body.source, template.body_line)):
        words = _JINJA.sub(lambda code: re.sub(r"[^\n]", " ", code[0]), text)
        for found in _ELSEWHERE.finditer(words):
            where = Position(template.position.file, line + words.count("\n", 0, found.start()))
            yield warn(CODE, where, f"'{found[0]}' stays as it is", f"write {{{{ {found[1].lower()} }}}}")


def _texts(action: Action) -> Iterator[str]:
    """All that a rule writes in words of its own."""
    match action:
        case AddNote(text=text):
            yield text
        case CreateTicket(title=title, fields=fields):
            yield title
            yield from (value.text for _, value in fields)
        case SetField(value=Text(text=text)):
            yield text
        case Discard(reason=reason) | Refuse(reason=reason) | Quarantine(reason=reason):
            yield reason
