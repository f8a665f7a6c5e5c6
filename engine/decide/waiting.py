"""A rule that waited, when it is due: run on the ticket as it then is, or dropped. Pure (`behaviour.md` 7)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from engine.decide.actions import perform
from engine.decide.decision import Notification, Waiting
from engine.decide.draft import another_ticket
from engine.decide.numbering import Numbering
from engine.decide.recipients import permitted, worded
from engine.decide.setup import Setup
from engine.entities import Note, Ticket
from engine.rules.facts import Facts
from engine.state.view import State


class Due(Struct, frozen=True):
    """What became of a waiting rule: `ran`, with what it did, or `dropped`, with why. It never causes another rule.

    `ticket` is as it stands after the rule ran, `changes_it` whether it was another before.
    """

    status: Literal["ran", "dropped"]
    because: str
    ticket: Ticket | None = None
    changes_it: bool = False
    notes: tuple[Note, ...] = ()
    more_tickets: tuple[Ticket, ...] = ()
    notifications: tuple[Notification, ...] = ()


class Foreseen(Struct, frozen=True):
    """A rule that waits, what becomes of it when it is due, and the ticket after that."""

    waiting: Waiting
    due: Due
    ticket: Ticket


def decide_due(rule: str, number: str, setup: Setup, state: State, now: datetime) -> Due:
    """`rule` by its name, `number` of its ticket."""
    ticket = state.target(number)
    if not isinstance(ticket, Ticket):
        return Due("dropped", f"there is no ticket {number} any more")
    return when_due(rule, ticket, setup, state, now)


def foresee(ticket: Ticket, waiting: Iterable[Waiting], setup: Setup, state: State) -> tuple[Foreseen, ...]:
    """The rules that wait, each when it is due, were nothing else to happen to the ticket: one after another."""
    found = []
    for one in sorted(waiting, key=lambda one: one.due_at):
        due = when_due(one.rule, ticket, setup, state, one.due_at)
        ticket = due.ticket or ticket
        found.append(Foreseen(one, due, ticket))
    return tuple(found)


def when_due(rule: str, ticket: Ticket, setup: Setup, state: State, now: datetime) -> Due:
    """`ticket` as it is by then; `now` is when."""
    found = setup.programs.waiting_rules.get(rule)
    if found is None:
        return Due("dropped", "the configuration has no such rule any more")
    program, index = found
    facts = Facts(setup.config, ticket.mailbox, ticket.created_at, now, ticket=ticket)
    standing = program.begin(facts)
    if standing.next(index - 1) != index:
        unmet = program.unmet(index, standing.true)
        return Due("dropped", unmet.because if unmet else "its condition does not hold")
    done = perform(program.rules[index].rule, facts, setup)
    after = done.facts.ticket
    if after is not None and after != ticket:
        after = replace(after, updated_at=now)  # whoever reads the database asks by it for what is new
    numbering = Numbering(now, setup, state)
    # The mailbox may be gone from the configuration; then there is nothing to take a new ticket's defaults from.
    mailbox = setup.config.mailboxes.get(ticket.mailbox)
    more = tuple(another_ticket(numbering.next(), action, ticket, mailbox, now, setup) for action in done.more_tickets if mailbox)
    return Due(
        "ran",
        "; ".join(done.did),
        after,
        after != ticket,
        done.notes,
        more,
        worded(permitted(done.notifications, None, setup, {})[0], done.facts, setup),
    )
