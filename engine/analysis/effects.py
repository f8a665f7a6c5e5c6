"""What a rule's actions change, by the names that conditions use; and whether it ends its pass."""

from __future__ import annotations

from fnmatch import fnmatchcase

from msgspec import Struct

from engine.dsl.tree import (
    Action,
    AddTag,
    And,
    Assign,
    Attribute,
    Condition,
    Discard,
    Not,
    Operand,
    Quarantine,
    Refuse,
    RemoveTag,
    Rule,
    SetField,
    Stop,
    Test,
)
from engine.dsl.values import Duration, Number
from engine.dsl.vocabulary import EVENTS, settable

# Changing these changes what others say.
_ALSO = {
    "ticket.status": ("ticket.complete", "ticket.reopened"),
    "ticket.issue_type": ("ticket.sub_issue_type",),
    "ticket.organization": ("organization.*",),
    "ticket.contact": ("contact.*",),
}


class Setting(Struct, frozen=True):
    """One field that a rule sets: its full name, and the value in a form that compares. `shown`: that value, or what is done to a tag."""

    field: str
    value: object
    shown: str
    action: Action


def settings_of(rule: Rule) -> list[Setting]:
    """Fields that are set, and tags that are put on or taken off."""
    found: list[Setting] = []
    for action in rule.actions:
        if isinstance(action, SetField):
            name = settable(action.field, EVENTS[rule.event.name]) or action.field
            value = action.value
            comparable: object = None
            if isinstance(value, Duration):
                comparable = (value.length, value.business)
            elif isinstance(value, Number):
                comparable = value.number
            elif value is not None:
                comparable = (value.text, action.sub.text if action.sub else None)
            shown = "nothing" if value is None else value.text if not isinstance(value, Duration | Number) else "another length"
            found.append(Setting(name, comparable, shown, action))
        elif isinstance(action, Assign):
            whom = action.resource.text if action.resource else "organization resource"
            found.append(Setting("ticket.assigned", (whom, None), whom, action))
        elif isinstance(action, AddTag | RemoveTag):
            on = isinstance(action, AddTag)
            found.append(Setting(f"tag {action.tag.text}", on, "puts on" if on else "takes off", action))
    return found


def changed_by(rule: Rule) -> set[str]:
    """Names (with `*`) whose value may be another after the rule."""
    names: set[str] = set()
    for setting in settings_of(rule):
        field = "ticket" if setting.field.startswith("tag ") else setting.field
        names |= {field, *_ALSO.get(field, ())}
    if any(isinstance(action, Attribute) for action in rule.actions):
        names |= {"sender.*", "organization.*", "contact.*", "ticket.*", "ticket", "message.reply"}
    return names


def touches(names: set[str], operands: set[str]) -> bool:
    return any(fnmatchcase(operand, name) for name in names for operand in operands)


def ends_pass(rule: Rule) -> bool:
    return any(isinstance(action, Stop | Discard | Refuse | Quarantine) for action in rule.actions)


def ending_condition(rule: Rule) -> Condition | None:
    """When a rule that ends the pass really ends it: discard and refuse spare replies unless they say otherwise."""
    endings = [action for action in rule.actions if isinstance(action, Stop | Discard | Refuse | Quarantine)]
    if any(isinstance(action, Stop | Quarantine) or action.even_replies for action in endings):
        return rule.condition
    return conjunction(rule.condition, no_reply(rule))


def running_condition(rule: Rule) -> Condition | None:
    """When a rule runs at all."""
    return conjunction(rule.condition, no_reply(rule)) if rule.spares_replies else rule.condition


def no_reply(rule: Rule) -> Condition:
    at = rule.position
    return Not(Test(Operand("field", "message.reply", at), "holds", None, at, "message.reply"), at, "not message.reply")


def conjunction(first: Condition | None, second: Condition) -> Condition:
    return second if first is None else And((first, second), first.position, first.words)
