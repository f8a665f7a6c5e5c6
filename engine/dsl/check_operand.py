"""What a condition or an action looks at: whether it is there on the rule's event, and what was meant where it is not."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.dsl.scope import Scope
from engine.dsl.tree import Operand
from engine.dsl.vocabulary import COLLECTIONS, EVENTS, Field, offered, resolve
from engine.errors import Problem, did_you_mean, nearest


def field_of(operand: Operand, groups: tuple[str, ...], extracted: frozenset[str]) -> Field | None:
    """What is looked at, with its type, or None where the event does not have it."""
    if operand.kind == "header":
        return Field(operand.name, "text", "a header") if "message" in groups else None
    if operand.kind == "any":
        return COLLECTIONS.get(operand.name) if "message" in groups else None
    return resolve(operand.name, groups, extracted)


def check_header(operand: Operand) -> Iterator[Problem]:
    if operand.kind == "header" and not re.fullmatch(r"[!-9;-~]+", operand.name):
        yield Problem(operand.position, f'"{operand.name}" is no name of a header', 'write one such as "List-Id"')


_SEVERAL = re.compile(r"^(attachment|link|recipient)s(?=\.)")
# What mail programs and other desks call it.
_COLLECTION_MEANT = (
    dict.fromkeys(("attachment", "attachments"), "write: any attachment.name")
    | dict.fromkeys(("link", "links", "url", "urls"), "write: any link.domain")
    | dict.fromkeys(("recipient", "recipients", "to"), "write: any recipient.address")
)
_MEANT = (
    _COLLECTION_MEANT
    | dict.fromkeys(("from", "sender", "from address"), "write: sender.address")
    | {"cc": 'write: header "Cc"', "text": "write: body", "true": "leave `when` out", "always": "leave `when` out"}
    | dict.fromkeys(("attachment", "attachments", "has attachment", "has attachments"), "write: any attachment.name exists")
    | dict.fromkeys(("customer", "company", "client"), "write: organization.name")
    | dict.fromkeys(("size", "length"), "write: message.size")
    | dict.fromkeys(("hour", "hours", "now", "clock", "time of day"), "write: message.time")
    | dict.fromkeys(("day", "today", "date", "day of week"), "write: message.weekday")
)
_TAGGED = re.compile(r"(ticket\.)?tag(s|ged)?( .*)?")
# A ticket's last change, which is asked for by the time since then.
_UPDATED = re.compile(r"(ticket\.)?(updated?|updated at|last (updated?|changed?|activity)|idle|inactive|silent)")


def unknown_operand(operand: Operand, scope: Scope) -> Problem:
    """Why it is not there, and how to write what was meant."""
    name = operand.name
    where = f"a rule that waits after '{scope.event.name}'" if scope.rule.event.after else f"'{scope.event.name}'"
    if "message" not in scope.groups and operand.kind != "field":
        return Problem(operand.position, f"{where} has no message any more", "look at the ticket instead")
    if operand.kind == "any":
        fix = _COLLECTION_MEANT.get(name) or did_you_mean(name, COLLECTIONS)
        return Problem(operand.position, f"unknown collection '{name}'", fix)
    elsewhere = [event.name for event in EVENTS.values() if resolve(name, event.groups, scope.names.extracted)]
    if elsewhere:
        fix = f"it is there on: {', '.join(elsewhere)}"
        if scope.event.name in elsewhere:
            fix = "the message is long gone: look at the ticket instead"
        return Problem(operand.position, f"{where} has no '{name}'", fix)
    one, words = _SEVERAL.sub(r"\1", name), name.replace("_", " ")
    meant = f"write: any {one}" if one in COLLECTIONS else None
    if "ticket" in scope.groups and _UPDATED.fullmatch(words):
        meant = "write: ticket.quiet >= 3 days"
    if _TAGGED.fullmatch(words):
        meant = 'write: ticket has tag "..."'
    if "message" in scope.groups:
        meant = meant or _MEANT.get(words)
    known = offered(scope.groups, scope.names.extracted)
    fix = meant or _without_operator(name, known) or did_you_mean(name, known)
    return Problem(operand.position, f"unknown field '{name}'", fix, lacks="" if "." in name else "field")


def _without_operator(name: str, known: list[str]) -> str | None:
    """`priority High`: the grammar takes both words for one name."""
    near = nearest(name, known)
    is_begin = near is not None and name.startswith(f"{near.replace(' ', '_')}_")
    return f'write an operator behind the field: {near} is "..."' if is_begin else None
