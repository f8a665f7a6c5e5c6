"""What rules that wait would have done when they were due, under one configuration and under the other.

The replay goes through the mail in order, and between two messages whatever is due by then is run: on the ticket as its last message,
or the last rule that waited, left it under the same configuration.
"""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct, field
from msgspec.structs import replace

from engine.decide.decision import Decision, Waiting
from engine.decide.setup import Setup
from engine.decide.waiting import Due, when_due
from engine.entities import Ticket
from engine.errors import our_fault
from engine.plan.difference import Change, ticket_changes
from engine.state.view import State

_Key = tuple[int, str]  # a message by its place in the replay, and a rule that waits since then


class Effect(Struct, frozen=True):
    """What a rule did when it was due, in words, none where it changed nothing; `texts`: of its notes and notifications."""

    words: str
    texts: tuple[object, ...] = ()


class Side(Struct):
    """One configuration's. `ran`: what each did that was due by now, None where it was dropped."""

    setup: Setup
    state: State
    ran: dict[_Key, Effect | None] = field(default_factory=dict)
    _due: list[tuple[datetime, int, int]] = field(default_factory=list)
    _waiting: dict[int, tuple[int, Waiting]] = field(default_factory=dict)
    _of_ticket: dict[str, set[int]] = field(default_factory=dict)
    _tickets: dict[str, Ticket] = field(default_factory=dict)
    _count: int = 0

    def add(self, place: int, decision: Decision) -> None:
        """What a message left behind."""
        ticket = decision.changes.ticket
        if ticket is None:
            return
        for one in decision.changes.waiting:
            mine = self._of_ticket.setdefault(one.ticket, set())
            if one.anew:  # it counts from now
                for known in [known for known in mine if self._waiting[known][1].rule == one.rule]:
                    self._drop(known)
            self._count += 1
            self._waiting[self._count] = place, one
            self._of_ticket.setdefault(one.ticket, set()).add(self._count)
            heapq.heappush(self._due, (one.due_at, place, self._count))
        if ticket.number in self._of_ticket:
            self._tickets[ticket.number] = replace(ticket, html="")

    def run(self, now: datetime) -> None:
        """What is due by then."""
        while self._due and self._due[0][0] <= now:
            moment, _, known = heapq.heappop(self._due)
            if known not in self._waiting:
                continue
            place, one = self._waiting[known]
            ticket = self._tickets[one.ticket]
            due = self._run(one.rule, ticket, moment)
            self.ran[place, one.rule] = _effect(ticket, due, self.setup)
            if due.ticket is not None:
                self._tickets[one.ticket] = due.ticket
            self._drop(known)

    def _run(self, rule: str, ticket: Ticket, moment: datetime) -> Due:
        try:
            return when_due(rule, ticket, self.setup, self.state, moment)
        except (sqlite3.Error, OSError):
            raise
        except Exception as error:  # as where it is due: it is dropped
            return Due("dropped", our_fault(error))

    def _drop(self, known: int) -> None:
        number = self._waiting.pop(known)[1].ticket
        self._of_ticket[number].discard(known)
        if not self._of_ticket[number]:
            del self._of_ticket[number]
            self._tickets.pop(number, None)

    @property
    def open(self) -> set[_Key]:
        """What still waits."""
        return {(place, one.rule) for place, one in self._waiting.values()}


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
