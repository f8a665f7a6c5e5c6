"""Actions against their event: what may be done there, and that every value, tag, template and resource exists."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from engine.addresses import PLAIN
from engine.dsl.check_operand import check_header, field_of, unknown_operand
from engine.dsl.scope import Names, Scope
from engine.dsl.tree import (
    AddNote,
    AddTag,
    Assign,
    Attribute,
    CreateTicket,
    Discard,
    Notify,
    Operand,
    Quarantine,
    Refuse,
    RemoveTag,
    SetField,
)
from engine.dsl.values import Duration, Number, Text
from engine.dsl.vocabulary import EVENTS, FIELDS, settable
from engine.errors import Problem, did_you_mean, unknown

_PICKLISTS = {field.name: field.picklist for field in FIELDS.values() if field.picklist} | {
    "ticket.organization": "organizations"
}
_NEVER_EMPTY = {"ticket.title", "ticket.organization", "ticket.status", "task.status", "note.publish"}
# What mail and other desks call it.
_SET_MEANT = (
    dict.fromkeys(("subject", "summary"), "title")
    | dict.fromkeys(("body", "text"), "description")
    | dict.fromkeys(("assignee", "owner", "technician", "resource", "assigned to", "assigned resource"), "assigned")
    | dict.fromkeys(("customer", "company", "client"), "organization")
    | dict.fromkeys(("due date", "deadline"), "due")
    | {"category": "issue type", "requester": "contact", "state": "status", "board": "queue", "visibility": "publish"}
)
_ADDED = dict.fromkeys(("tag", "tags"), 'add tag "..."') | dict.fromkeys(("note", "comment"), 'add note "..."')
_ADDRESS = re.compile(PLAIN)


def check_actions(scope: Scope) -> Iterator[Problem]:
    for action in scope.rule.actions:
        if isinstance(action, SetField):
            yield from _set(action, scope)
        elif isinstance(action, AddTag | RemoveTag):
            yield from _ticket_only(action, scope)
            yield from _known(action.tag, "tag", scope.names.tags)
        elif isinstance(action, Assign):
            yield from _ticket_only(action, scope)
            if action.resource is not None:
                yield from _resource(action.resource, scope)
        elif isinstance(action, Notify):
            yield from _notify(action, scope)
        elif isinstance(action, AddNote):
            yield from _ticket_only(action, scope)
            yield from _said(action, action.text, "an empty note tells nobody anything")
        elif isinstance(action, CreateTicket):
            yield from _create(action, scope)
        elif isinstance(action, Discard | Refuse | Quarantine | Attribute):
            yield from _on_message_only(action, scope)


def check_business(length: Duration, names: Names) -> Iterator[Problem]:
    """Business time needs a calendar, and counts in hours."""
    if length.business and not names.business_hours:
        yield Problem(length.position, "settings.yaml has no business_hours", "add them there, or write plain hours")
    elif length.business and length.unit not in ("hour", "minute"):
        yield Problem(length.position, f"business {length.unit}s cannot be counted", "write business hours or business minutes")


def _on_message_only(action: Discard | Refuse | Quarantine | Attribute, scope: Scope) -> Iterator[Problem]:
    word = type(action).__name__.lower()
    if not scope.event.may_end or scope.rule.event.after:
        yield Problem(action.position, f"'{word}' comes too late on '{scope.event.name}'", "write it in a rule: on message")
        return
    if isinstance(action, Discard | Quarantine):
        yield from _said(action, action.reason, "whoever reads the trace wants to know why")
    if isinstance(action, Refuse) and action.template:
        yield from _known(action.template, "template", scope.names.templates)
    if isinstance(action, Attribute) and action.name:
        known = scope.names.picklists["organizations" if action.to == "organization" else "contacts"]
        if action.name.text in scope.names.extracted and action.name.text not in known:
            to = "organization" if action.to == "organization" else "sender"
            fix = f"write: attribute to {to} in {action.name.text}"
            yield Problem(action.name.position, f"'{action.name.text}' is a field that a mailbox extracts", fix)
        else:
            yield from _known(action.name, action.to, known)
    if isinstance(action, Attribute) and action.place:
        yield from _place(action.place, scope)


def _place(place: Operand, scope: Scope) -> Iterator[Problem]:
    field = field_of(place, scope.groups, scope.names.extracted)
    if field is None:
        yield unknown_operand(place, scope)
    elif field.type != "text":
        fix = "write a field of text, such as one that the mailbox extracts, or a header"
        yield Problem(place.position, f"'{place.shown}' is no text of the message", fix)
    else:
        yield from check_header(place)


def _ticket_only(action: AddTag | RemoveTag | Assign | AddNote | CreateTicket, scope: Scope) -> Iterator[Problem]:
    if "ticket.status" not in scope.event.settable:
        words = {"AddTag": "add a tag to", "RemoveTag": "remove a tag from", "AddNote": "add a note to", "Assign": "assign"}
        word = words.get(type(action).__name__, "create another one from")
        yield Problem(
            action.position, f"there is no ticket to {word} on '{scope.event.name}'", "write it in a rule on a ticket's event"
        )


def _said(action: AddNote | CreateTicket | Discard | Quarantine, text: str, why: str) -> Iterator[Problem]:
    if not text.strip():
        yield Problem(action.position, why, "give it a text in quotes")


def _known(text: Text, what: str, known: Collection[str]) -> Iterator[Problem]:
    if text.text not in known:
        yield unknown(text.position, what, text.text, known)


def _resource(text: Text, scope: Scope) -> Iterator[Problem]:
    yield from _known(text, "resource", scope.names.picklists["resources"])
    if text.text in scope.names.inactive_resources:
        yield Problem(text.position, f"the resource '{text.text}' is not active", "name an active one")


def _notify(action: Notify, scope: Scope) -> Iterator[Problem]:
    yield from _known(action.template, "template", scope.names.templates)
    for recipient in action.recipients:
        if recipient.kind == "address" and not _ADDRESS.fullmatch(recipient.name):
            yield Problem(recipient.position, f'"{recipient.name}" is no address', "write one such as desk@example.com")
        elif recipient.kind == "resource":
            yield from _resource(Text(recipient.name, False, recipient.position), scope)
        elif recipient.kind == "sender" and scope.rule.event.after:
            yield Problem(recipient.position, "a rule that waits has no sender any more", "name the contact")
        elif recipient.kind in ("assigned resource", "additional contacts") and "ticket" not in scope.event.groups:
            yield Problem(recipient.position, f"'{scope.event.name}' has no {recipient.kind}", "name an address")


def _set(action: SetField, scope: Scope) -> Iterator[Problem]:
    field = settable(action.field, scope.event)
    if field is None:
        shown = action.field.replace("_", " ")
        yield Problem(action.position, f"'{shown}' cannot be set on '{scope.event.name}'", _what_can_be_set(shown, action, scope))
        return
    value = action.value
    if field in _NEVER_EMPTY and (value is None or (isinstance(value, Text) and not value.text.strip())):
        yield Problem(action.position, f"'{action.field.replace('_', ' ')}' cannot be empty", "set it to a value")
        return
    if value is None:
        return
    if field == "ticket.due_at":
        if not isinstance(value, Duration):
            yield Problem(value.position, "'due' is set to a length of time", "write: set due to 4 hours")
        else:
            yield from check_business(value, scope.names)
        return
    if isinstance(value, Number | Duration):
        yield Problem(value.position, f"'{action.field}' is text", "put the value in quotes")
        return
    yield from _set_value(field, value, action, scope)


def _what_can_be_set(shown: str, action: SetField, scope: Scope) -> str:
    if shown in _ADDED:
        return f"write: {_ADDED[shown]}"
    meant = _SET_MEANT.get(shown)
    if meant and settable(meant, scope.event):
        return f"write: set {meant}"
    elsewhere = [name for name, event in EVENTS.items() if settable(action.field, event)]
    if elsewhere:
        return f"it can be set on: {', '.join(elsewhere)}" if scope.event.settable else f"set it in a rule: on {elsewhere[0]}"
    settable_here = scope.event.settable or EVENTS["ticket created"].settable
    names = [name.partition(".")[2].replace("_", " ").replace("due at", "due") for name in settable_here]
    return did_you_mean(shown, names)


def _set_value(field: str, value: Text, action: SetField, scope: Scope) -> Iterator[Problem]:
    if field == "ticket.assigned":
        yield from _resource(value, scope)
    elif field == "ticket.contact":
        yield from _known(value, "contact", scope.names.picklists["contacts"])
    elif field == "note.publish":
        if value.text not in ("all", "internal"):
            yield Problem(value.position, f"'publish' cannot be '{value.text}'", "write all or internal")
    elif field in _PICKLISTS:
        what = field.partition(".")[2].replace("_", " ")
        yield from _known(value, what, scope.names.picklists.get(_PICKLISTS[field], ()))
        if value.text in scope.names.inactive.get(_PICKLISTS[field], ()):
            yield Problem(value.position, f"the {what} '{value.text}' is not active", "set an active one")
        if action.sub is not None:
            if field != "ticket.issue_type":
                yield Problem(action.sub.position, f"'{what}' has no second value", "remove the part after /")
            else:
                yield from _known(action.sub, "sub-issue type", scope.names.sub_issue_types.get(value.text, ()))


def _create(action: CreateTicket, scope: Scope) -> Iterator[Problem]:
    yield from _ticket_only(action, scope)
    yield from _said(action, action.title, "a ticket needs a title")
    for name, text in action.fields:
        field = f"ticket.{name}"
        if field not in _PICKLISTS and name not in ("assigned", "description"):
            yield Problem(text.position, f"a new ticket cannot be given '{name}'", "give queue, status, priority, ...")
        elif name != "description":
            yield from _set_value(field, text, SetField(name, text, None, text.position), scope)
