"""Two Decisions about one message to the changes between them, each with the rule or key that makes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sized
from typing import Any

from msgspec import Struct

from engine.decide.decision import Changes, Decision, Ran, plain
from engine.dsl.vocabulary import EVENTS
from engine.entities import Ticket
from engine.quantity import show_duration

# Fields of what a message becomes whose change is shown; number and times of the row itself are not.
_TICKET = [*(name.removeprefix("ticket.") for name in EVENTS["ticket created"].settable), "occurrences"]
_NOTE = ["type", "publish", "author", "description"]
_TIME = ["hours", "role", "work_type", "publish", "resource", "summary"]
_COUNTED: dict[str, Callable[[Changes], Sized]] = {
    "additional tickets": lambda changes: changes.more_tickets,
    "notes": lambda changes: changes.notes,
    "attachments": lambda changes: changes.attachments,
    "related tickets": lambda changes: changes.related,
}
_LONG = frozenset({"description", "summary"})
_WHEN = "time at which "  # a rule runs


class Change(Struct, frozen=True):
    """One thing that would be another. `kind` and the two values group messages that change alike."""

    kind: str
    before: str
    after: str
    because: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        match self.kind:
            case "outcome":
                return f"{self.after} instead of {self.before}"
            case "tag added" | "notified" | "waits":
                return f"{self.kind}: {self.after}"
            case "tag removed" | "not notified" | "waits no longer":
                return f"{self.kind}: {self.before}"
            case "text of a notification":
                return f"another text of the notification '{self.after}'"
        if self.kind.endswith(" when due"):
            if self.kind.startswith("text of "):
                return f"another {self.kind}"
            return f"{self.kind}: {self.after or 'nothing'} instead of {self.before or 'nothing'}"
        if self.kind.rpartition(" ")[2] in _LONG or self.kind.startswith(_WHEN):
            return f"another {self.kind}"
        return f"{self.becomes} instead of {self.before or 'nothing'}"

    @property
    def becomes(self) -> str:
        """Of a field: what it is set to."""
        return f"{self.kind} {self.after or 'nothing'}"


def changes_between(before: Decision, after: Decision) -> list[Change]:
    """Empty where both do the same, whatever rules they took to it."""
    found = list(_changes(before, after))
    return [Change(one.kind, one.before, one.after, _because(one, before, after)) for one in found]


def _changes(before: Decision, after: Decision) -> Iterator[Change]:
    was, becomes = _outcome(before), _outcome(after)
    if was != becomes:
        yield Change("outcome", was, becomes)
    if before.entity != after.entity or before.target != after.target:
        if was == becomes:
            yield Change("target", before.target or "", after.target or "")
        return
    yield from _sender(before, after)
    if before.ticket is not None and after.ticket is not None:
        yield from ticket_changes(before.ticket, after.ticket)
    for name, one, other, keys in (
        ("note ", before.note, after.note, _NOTE),
        ("time entry ", before.time_entry, after.time_entry, _TIME),
    ):
        if one is not None and other is not None:
            yield from _fields(name, plain(one), plain(other), keys)
    if before.task and after.task and before.task.status != after.task.status:
        yield Change("task status", before.task.status, after.task.status)
    yield from _notifications(before, after)
    yield from _waiting(before, after)
    for kind, count in _COUNTED.items():
        old, new = len(count(before.changes)), len(count(after.changes))
        if old != new:
            yield Change(kind, str(old), str(new))


def ticket_changes(before: Ticket, after: Ticket) -> Iterator[Change]:
    """Of one ticket in two states."""
    yield from _fields("", _with_age(before), _with_age(after), _TICKET)
    for tag in sorted(set(after.tags) - set(before.tags)):
        yield Change("tag added", "", tag)
    for tag in sorted(set(before.tags) - set(after.tags)):
        yield Change("tag removed", tag, "")


def _fields(name: str, old: dict[str, Any], new: dict[str, Any], keys: list[str]) -> Iterator[Change]:
    for key in keys:
        if old[key] != new[key]:
            kind = f"{name}{key.replace('_', ' ')}"
            # A long text is told without its words: so all of one reason make one group.
            yield Change(kind, "", "") if key in _LONG else Change(kind, _shown(old[key]), _shown(new[key]))


def _with_age(ticket: Ticket) -> dict[str, Any]:
    """With the due time as how long after the ticket was opened, so that all of one rule make one group."""
    found = plain(ticket)
    if ticket.due_at is not None:
        found["due_at"] = f"{show_duration(ticket.due_at - ticket.created_at)} after it was opened"
    return found


def _outcome(decision: Decision) -> str:
    """`a ticket`, `a ticket note on T...` as a kind, `ignored (rule: newsletter)`."""
    if decision.outcome in ("created", "appended"):
        words = (decision.entity or "").replace("_", " ")
        return f"a new {words}" if decision.outcome == "created" else f"a {words}"
    why = decision.detail if decision.reason == "rule" else (decision.reason or "").replace("_", " ")
    return f"{decision.outcome} ({why})" if why else decision.outcome


def _sender(before: Decision, after: Decision) -> Iterator[Change]:
    def shown(decision: Decision) -> str:
        one = decision.sender
        return f"{one.kind} {one.id or ''} of {one.organization}".replace("  ", " ") if one else "nobody"

    if shown(before) != shown(after):
        yield Change("sender", shown(before), shown(after))


def _notifications(before: Decision, after: Decision) -> Iterator[Change]:
    old = {(one.event, one.recipient, one.template): one for one in before.changes.notifications}
    new = {(one.event, one.recipient, one.template): one for one in after.changes.notifications}
    for key in sorted(set(new) - set(old)):
        yield Change("notified", "", f"{_person(new[key].recipient, after)} using {key[2]}")
    for key in sorted(set(old) - set(new)):
        yield Change("not notified", f"{_person(old[key].recipient, before)} using {key[2]}", "")
    for template in sorted({key[2] for key in set(old) & set(new) if old[key].wording != new[key].wording}):
        yield Change("text of a notification", template, template)


def _person(address: str, decision: Decision) -> str:
    """The sender is told as such, so that messages of many senders make one group."""
    return "the sender" if decision.sender and decision.sender.address == address else address


def _waiting(before: Decision, after: Decision) -> Iterator[Change]:
    old = {one.rule: one.due_at for one in before.changes.waiting}
    new = {one.rule: one.due_at for one in after.changes.waiting}
    for rule in sorted(set(new) - set(old)):
        yield Change("waits", "", f"rule '{rule}'")
    for rule in sorted(set(old) - set(new)):
        yield Change("waits no longer", f"rule '{rule}'", "")
    for rule in sorted(rule for rule in set(old) & set(new) if old[rule] != new[rule]):
        yield Change(f"{_WHEN}'{rule}' runs", "", "")


def _shown(value: Any) -> str:
    return "" if value is None else f"{value}"


def _because(change: Change, before: Decision, after: Decision) -> tuple[str, ...]:
    """Rules that did something else, those that speak of this first; else the first step whose finding is another."""
    rules = _other_rules(before, after)
    word = change.kind.removeprefix("tag ").split(" ")[-1]
    speaking = [ran for ran in rules if any(word in did or (change.after and change.after in did) for did in ran.did)]
    chosen = (speaking or rules)[:3]
    if chosen:
        return tuple(f"rule '{ran.rule}' ({ran.where.rpartition(':')[0] or ran.where})" for ran in chosen)
    old = [(step.step, step.found) for step in before.trace]
    for step in after.trace:
        if (step.step, step.found) not in old and step.where:
            return (f"{step.step} ({step.where})",)
    new = [(step.step, step.found) for step in after.trace]
    for step in before.trace:
        if (step.step, step.found) not in new and step.where:
            return (f"{step.step}, until now ({step.where})",)
    return ()


def _other_rules(before: Decision, after: Decision) -> list[Ran]:
    """Rules that ran under one configuration only, or did other things."""
    old = {ran.rule: ran.did for ran in before.fired}
    new = {ran.rule: ran.did for ran in after.fired}
    return [ran for ran in after.fired if old.get(ran.rule) != ran.did] + [ran for ran in before.fired if ran.rule not in new]
