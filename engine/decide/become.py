"""What a message becomes: the entity, where it goes, and what that does to a ticket (`behaviour.md` 3)."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from engine.config.mailbox import Entity, Mailbox, ReplyPolicy
from engine.decide import mentions
from engine.decide.authenticate import is_doubtful
from engine.decide.decision import Ending
from engine.decide.indicators import Indicators
from engine.decide.setup import Setup
from engine.decide.target import Named, Resolved
from engine.entities import Project, Sender, Target, Task, Ticket
from engine.mail.message import Message
from engine.state.view import State

MOST_REOPENINGS = 3  # of one ticket in an hour (`behaviour.md` 3.6)


class Plan(Struct, frozen=True):
    """`status`: what the target's status becomes, None to leave it. `remarks`: lines that the system adds to the text."""

    entity: Entity
    target: Target | None
    because: str
    where: str = ""
    status: str | None = None
    reopens: bool = False
    remarks: tuple[str, ...] = ()
    related: tuple[str, str] | None = None


def plan(
    resolved: Resolved,
    indicators: Indicators | None,
    message: Message,
    sender: Sender,
    mailbox: Mailbox,
    now: datetime,
    setup: Setup,
    state: State,
) -> Plan | Ending:
    """`indicators` are those that may be obeyed. An ending where the mailbox may not make anything of the message."""
    target = resolved.entity
    if target is None:
        remarks = (_mention(resolved.refused),) if resolved.refused else ()
        return _permitted(Plan("ticket", None, resolved.because, remarks=remarks), mailbox, setup)
    books = indicators is not None and indicators.hours is not None and not indicators.errors
    if isinstance(target, Project):
        return _permitted(Plan("project_note", target, resolved.because), mailbox, setup)
    if isinstance(target, Task):
        entity: Entity = "task_time_entry" if books else "task_note"
        status = indicators.status if books and indicators else None
        return _permitted(Plan(entity, target, resolved.because, status=status), mailbox, setup)
    return _permitted(
        _on_ticket(target, resolved, indicators, books, message, sender, mailbox, now, setup, state), mailbox, setup
    )


def _mention(refused: Named) -> str:
    """What the sender may not write to, for our own people."""
    number = refused.entity.number
    return mentions.names(number) if refused.via == "number" else mentions.answers_others(number)


def _on_ticket(
    ticket: Ticket,
    resolved: Resolved,
    indicators: Indicators | None,
    books: bool,
    message: Message,
    sender: Sender,
    mailbox: Mailbox,
    now: datetime,
    setup: Setup,
    state: State,
) -> Plan:
    entity: Entity = "ticket_time_entry" if books else "ticket_note"
    whose = "from_resource" if sender.kind == "resource" else "from_customer"
    notes = mailbox.notes["ticket_note"]
    policy = notes.from_resource if whose == "from_resource" else notes.from_customer
    where = str(mailbox.where("defaults", "ticket_note", whose))
    said = indicators.status if books and indicators else None
    base = Plan(entity, ticket, resolved.because, where)
    if message.automatic is not None:
        return Plan(entity, ticket, f"{resolved.because}; automatic mail leaves the status as it is", where)
    if is_doubtful(sender, setup.config.settings.sender_authentication):
        where = str(setup.config.settings.where("sender_authentication.indicators_need"))
        return Plan(entity, ticket, f"{resolved.because}; the sender is not authenticated: the status stays as it is", where)
    if said is not None:
        return Plan(entity, ticket, f"{resolved.because}; #S= sets the status", where, status=said)
    if not setup.config.is_complete(ticket.status):
        return Plan(entity, ticket, resolved.because, where, status=policy.status)
    obeyed = indicators is not None and not indicators.errors
    return _on_complete(ticket, base, policy, obeyed, mailbox, now, setup, state)


def _on_complete(
    ticket: Ticket, base: Plan, policy: ReplyPolicy, obeyed: bool, mailbox: Mailbox, now: datetime, setup: Setup, state: State
) -> Plan:
    """The ticket is complete: `reopen`, `reopen_within`, and not for ever. `obeyed`: there are indicators, which mean this ticket."""
    completed = ticket.completed_at or ticket.updated_at
    late = policy.reopen_within is not None and now - completed > policy.reopen_within
    if policy.reopen == "new_linked" or (policy.reopen and late):
        if obeyed:
            return Plan(
                base.entity, ticket, f"{base.because}, which is complete and stays so; the indicators are for it", base.where
            )
        why = "it was completed too long ago" if late else "`reopen: new_linked`"
        because = f"{base.because}, which is complete; {why}: a new ticket, related to it"
        remark = mentions.answers_complete(ticket.number)
        return Plan("ticket", None, because, base.where, remarks=(remark,), related=(ticket.number, "answers"))
    if not policy.reopen:
        return Plan(base.entity, ticket, f"{base.because}, which is complete and stays so", base.where)
    if state.reopenings(ticket.number, now - timedelta(hours=1)) >= MOST_REOPENINGS:
        because = f"{base.because}, which was reopened {MOST_REOPENINGS} times in an hour and stays complete"
        return Plan(base.entity, ticket, because, base.where)
    status = policy.status if policy.status and not setup.config.is_complete(policy.status) else _open_status(mailbox, setup)
    return Plan(base.entity, ticket, f"{base.because}; it reopens", base.where, status=status, reopens=True)


def _open_status(mailbox: Mailbox, setup: Setup) -> str:
    """The status that reopening sets where the mailbox names none: that of a new ticket, else the first open one."""
    status = mailbox.ticket.status
    if status is not None and not setup.config.is_complete(status):
        return status
    return next((name for name in setup.config.picklists.active_statuses if not setup.config.is_complete(name)), status or "")


# What comes nearest where a mailbox may not make an entity (`behaviour.md` 3.5).
_NEAREST: dict[Entity, Entity] = {
    "ticket_time_entry": "ticket_note",
    "task_time_entry": "task_note",
    "ticket_note": "ticket",
    "task_note": "ticket",
    "project_note": "ticket",
}


def _permitted(wanted: Plan, mailbox: Mailbox, setup: Setup) -> Plan | Ending:
    may = setup.config.makes(mailbox)
    if wanted.entity in may:
        return wanted
    where = str(mailbox.where("creates"))
    if setup.config.settings.edition == "basic":
        where = str(setup.config.settings.where("edition"))
    entity = wanted.entity
    while entity in _NEAREST:
        entity = _NEAREST[entity]
        if entity not in may:
            continue
        because = f"{wanted.because}; {mailbox.id} makes no {wanted.entity.replace('_', ' ')}"
        if entity == "ticket":
            remark = mentions.is_about(wanted.target.number if wanted.target else "")
            return Plan("ticket", None, because, where, remarks=(*wanted.remarks, remark), related=_relation(wanted))
        return Plan(entity, wanted.target, because, where, wanted.status, wanted.reopens, wanted.remarks)
    return Ending("refused", "not_created_here", f"{mailbox.id} makes no {wanted.entity.replace('_', ' ')}", where=where)


def _relation(wanted: Plan) -> tuple[str, str] | None:
    return (wanted.target.number, "is about") if isinstance(wanted.target, Ticket) else wanted.related
