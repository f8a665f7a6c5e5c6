"""What rules that wait would have done when they were due, under one configuration and under the other.

The replay goes through the mail in order, and between two messages whatever is due by then is run: on the ticket as its last message,
or the last rule that waited, left it under the same configuration.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct, field
from msgspec.structs import replace

from engine.decide.decision import Decision, Waiting
from engine.decide.setup import Setup
from engine.decide.waiting import Due, when_due
from engine.entities import Ticket
from engine.plan.difference import Change, ticket_changes
from engine.state.view import State
from engine.store.failures import is_of_database, our_fault

_Key = tuple[int, str]  # a message by its place in the replay, and a rule that waits since then


class Effect(Struct, frozen=True):
    """What a rule did when it was due, in words, none where it changed nothing; `texts`: of its notes and notifications."""

    words: str
    texts: tuple[object, ...] = ()


class _Pending(Struct):
    """A ticket as it is by now, and the rules that wait for it: (the message's place, the rule), by a number of our own."""

    ticket: Ticket
    rules: dict[int, tuple[int, Waiting]] = field(default_factory=dict)


class Side(Struct):
    """One configuration's. `ran`: what each did that was due by now, None where it was dropped."""

    setup: Setup
    state: State
    ran: dict[_Key, Effect | None] = field(default_factory=dict)
    _due: list[tuple[datetime, int, str]] = field(default_factory=list)
    _pending: dict[str, _Pending] = field(default_factory=dict)
    _count: int = 0

    def add(self, place: int, decision: Decision) -> None:
        """What a message left behind."""
        ticket = decision.changes.ticket
        if ticket is None or not (decision.changes.waiting or ticket.number in self._pending):
            return
        pending = self._pending.setdefault(ticket.number, _Pending(ticket))
        pending.ticket = replace(ticket, html="")
        for one in decision.changes.waiting:
            if one.anew:  # it counts from now
                pending.rules = {number: known for number, known in pending.rules.items() if known[1].rule != one.rule}
            self._count += 1
            pending.rules[self._count] = place, one
            heapq.heappush(self._due, (one.due_at, self._count, ticket.number))

    def run(self, now: datetime) -> None:
        """What is due by then."""
        while self._due and self._due[0][0] <= now:
            moment, number, of_ticket = heapq.heappop(self._due)
            pending = self._pending.get(of_ticket)
            if pending is None or number not in pending.rules:
                continue
            place, one = pending.rules.pop(number)
            due = self._run(one.rule, pending.ticket, moment)
            self.ran[place, one.rule] = _effect(pending.ticket, due, self.setup)
            pending.ticket = due.ticket or pending.ticket
            if not pending.rules:
                del self._pending[of_ticket]

    def _run(self, rule: str, ticket: Ticket, moment: datetime) -> Due:
        try:
            return when_due(rule, ticket, self.setup, self.state, moment)
        except Exception as error:
            if is_of_database(error):
                raise
            # As where it is due: it is dropped.
            return Due("dropped", our_fault(error))

    @property
    def open(self) -> set[_Key]:
        """What still waits."""
        return {(place, one.rule) for pending in self._pending.values() for place, one in pending.rules.values()}


def due_changes(before: Side, after: Side) -> Iterator[tuple[int, Change]]:
    """Each with its message's place. A rule that still waits on one side is not compared: nobody knows what it will do."""
    for key in sorted((before.ran.keys() | after.ran.keys()) - before.open - after.open):
        old, new = before.ran.get(key), after.ran.get(key)
        if old == new:
            continue
        place, rule = key
        kind = f"rule '{rule}' when due"
        because = (_named(rule, after.setup if rule in after.setup.programs.waiting_rules else before.setup),)
        was, becomes = (old.words if old else ""), (new.words if new else "")
        if was != becomes:
            yield place, Change(kind, was, becomes, because)
        elif old and new:
            yield place, Change(f"text of {kind}", rule, rule, because)


def _named(rule: str, setup: Setup) -> str:
    program, index = setup.programs.waiting_rules[rule]
    position = program.rules[index].rule.position
    return f"rule '{rule}' ({position.file}:{position.line})"


def _effect(ticket: Ticket, due: Due, setup: Setup) -> Effect | None:
    if due.ticket is None:
        return None
    words = [change.words if change.kind.startswith("tag ") else change.becomes for change in ticket_changes(ticket, due.ticket)]
    contact = setup.config.directory.contacts.get(ticket.contact or "")
    theirs = {ticket.contact, *(contact.emails if contact else ())}
    for one in due.notifications:
        words.append(f"notified: {'the contact' if one.recipient in theirs else one.recipient} using {one.template}")
    words += [f"a note ({note.publish})" for note in due.notes]
    words += ["one more ticket"] * len(due.more_tickets)
    texts = (
        *(one.wording for one in due.notifications),
        *(note.description for note in due.notes),
        *(one.title for one in due.more_tickets),
    )
    return Effect("; ".join(words), texts)
