"""One rule's actions on the facts: the changed facts, and what else they ask for. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from engine.config.model import Config
from engine.decide.decision import Ending, Notification
from engine.decide.recipients import notify
from engine.decide.setup import Setup
from engine.dsl.tree import (
    Action,
    AddNote,
    AddTag,
    Assign,
    Attribute,
    CreateTicket,
    Discard,
    Notify,
    Quarantine,
    Refuse,
    RemoveTag,
    Rule,
    SetField,
    Stop,
)
from engine.dsl.values import Duration, Text
from engine.dsl.vocabulary import EVENTS, settable
from engine.entities import Note, Ticket
from engine.rules.facts import Facts

SYSTEM_NOTE = "System note"  # the note type of notes that rules add, where the picklist has it
Reattribute = Callable[[Attribute, Facts], tuple[Facts, str]]


class Performed(Struct, frozen=True):
    """What one rule did. `did` says it in words, an entry an action."""

    facts: Facts
    did: tuple[str, ...] = ()
    notifications: tuple[Notification, ...] = ()
    notes: tuple[Note, ...] = ()
    more_tickets: tuple[CreateTicket, ...] = ()
    ending: Ending | None = None
    refusal: str | None = None
    stops: bool = False


def perform(rule: Rule, facts: Facts, setup: Setup, reattribute: Reattribute | None = None) -> Performed:
    """All actions of a rule, in order."""
    done = Performed(facts)
    for action in rule.actions:
        done = _perform(action, rule, done, setup, reattribute)
    return done


def _perform(action: Action, rule: Rule, done: Performed, setup: Setup, reattribute: Reattribute | None) -> Performed:
    facts = done.facts
    match action:
        case SetField():
            return _did(done, *_set(action, rule, facts, setup))
        case AddTag() | RemoveTag() | Assign() if facts.ticket is not None:
            return _did(done, *_ticket(action, facts))
        case Notify():
            found = tuple(notify(action.recipients, rule.event.name, action.template.text, facts, setup))
            to = ", ".join(dict.fromkeys(one.recipient for one in found)) or "nobody"
            return replace(
                _did(done, facts, f"notify {to} using {action.template.text}"), notifications=(*done.notifications, *found)
            )
        case AddNote() if facts.ticket is not None:
            note = system_note(action.text, action.publish, facts, setup)
            return replace(_did(done, facts, f"add a note ({action.publish})"), notes=(*done.notes, note))
        case CreateTicket():
            return replace(_did(done, facts, f"create the ticket '{action.title}'"), more_tickets=(*done.more_tickets, action))
        case Attribute() if reattribute is not None:
            return _did(done, *reattribute(action, facts))
        case Stop():
            return replace(_did(done, facts, "stop"), stops=True)
        case Discard() | Refuse() | Quarantine():
            return _end(action, rule, done)
    return done


def _did(done: Performed, facts: Facts, words: str) -> Performed:
    return replace(done, facts=facts, did=(*done.did, words))


def _end(action: Discard | Refuse | Quarantine, rule: Rule, done: Performed) -> Performed:
    word = type(action).__name__.lower()
    if isinstance(action, Discard | Refuse) and done.facts.reply and not action.even_replies:
        return _did(done, done.facts, f"{word}: spared, for it is a reply")
    if isinstance(action, Quarantine) and done.facts.released:
        return _did(done, done.facts, f"{word}: spared, for a person let it pass")
    outcome = {"discard": "ignored", "refuse": "refused", "quarantine": "quarantined"}[word]
    ending = done.ending or Ending(outcome, "rule", action.reason, where=str(rule.position))  # type: ignore[arg-type]
    refusal = action.template.text if isinstance(action, Refuse) and action.template else done.refusal
    return replace(_did(done, done.facts, f'{word} "{action.reason}"'), ending=ending, refusal=refusal)


def system_note(text: str, publish: Any, facts: Facts, setup: Setup) -> Note:
    """A note that nobody wrote."""
    assert facts.ticket is not None
    kind = SYSTEM_NOTE if SYSTEM_NOTE in setup.config.picklists.note_types else None
    return Note(facts.ticket.number, text, publish, "system", None, "", facts.now, type=kind)


def later(moment: datetime, length: Duration, config: Config) -> datetime:
    """A moment plus a length of time; business time by the calendar of settings.yaml, which `check` has seen to be there."""
    hours = config.settings.business_hours
    if not length.business or hours is None:
        return moment + length.length
    try:
        return hours.add(moment, length.length)
    except OverflowError:
        return moment + timedelta(days=3660)


def _ticket(action: AddTag | RemoveTag | Assign, facts: Facts) -> tuple[Facts, str]:
    ticket = facts.ticket
    assert ticket is not None
    if isinstance(action, Assign):
        whom = action.resource.text if action.resource else facts.config.directory.resource_of(ticket.organization)
        if whom is None:
            return facts, f"assign to organization resource: {ticket.organization} has none"
        return replace(facts, ticket=replace(ticket, assigned=whom)), f"assign to {whom}"
    label = action.tag.text
    if isinstance(action, AddTag):
        tags = ticket.tags if label in ticket.tags else (*ticket.tags, label)
        return replace(facts, ticket=replace(ticket, tags=tags)), f"add tag {label}"
    tags = tuple(tag for tag in ticket.tags if tag != label)
    return replace(facts, ticket=replace(ticket, tags=tags)), f"remove tag {label}"


def _set(action: SetField, rule: Rule, facts: Facts, setup: Setup) -> tuple[Facts, str]:
    full = settable(action.field, EVENTS[rule.event.name]) or ""
    group, _, name = full.partition(".")
    entity = getattr(facts, group, None)
    if entity is None:
        return facts, f"set {action.field}: there is none"
    value: Any = "" if full == "ticket.description" else None  # a ticket may lack all else
    shown = ""
    if isinstance(action.value, Duration):
        value = later(facts.now, action.value, setup.config)
        shown = f"{value:%Y-%m-%d %H:%M} UTC"
    elif action.value is not None:
        value = shown = action.value.text if isinstance(action.value, Text) else f"{action.value.number:g}"
    changed = {name: value}
    words = f"set {name.replace('_', ' ')} to {shown}"
    if full == "ticket.issue_type":
        changed["sub_issue_type"] = action.sub.text if action.sub else None
        words += f" / {action.sub.text}" if action.sub else ""
    new = replace(entity, **changed)
    if isinstance(new, Ticket):
        new = with_completion(new, facts, setup)
    return replace(facts, **{group: new}), words if action.value is not None else f"clear {name.replace('_', ' ')}"


def with_completion(ticket: Ticket, facts: Facts, setup: Setup) -> Ticket:
    """The time of completion follows the status."""
    if not setup.config.is_complete(ticket.status):
        return replace(ticket, completed_at=None)
    return ticket if ticket.completed_at else replace(ticket, completed_at=facts.now)
