"""What a message becomes: the entity, where it goes, and what that does to a ticket (`behaviour.md` 3)."""

from __future__ import annotations

from datetime import timedelta

from msgspec import Struct
from msgspec.structs import replace

from engine.config.mailbox import Entity, Mailbox, ReplyPolicy
from engine.decide import mentions
from engine.decide.authenticate import is_doubtful
from engine.decide.decision import Ending
from engine.decide.setup import Setup
from engine.decide.target import Named, Resolved
from engine.decide.work import Work
from engine.entities import Project, Target, Task, Ticket

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


def plan(work: Work, resolved: Resolved) -> Plan | Ending:
    """`work.indicators` are those that may be obeyed. An ending where the mailbox may not make anything of the message."""
    target, indicators = resolved.entity, work.indicators
    if target is None:
        remarks = (_mention(resolved.refused),) if resolved.refused else ()
        return _permitted(work, Plan("ticket", None, resolved.because, remarks=remarks))
    books = indicators is not None and indicators.hours is not None and not indicators.errors
    said = indicators.status if books and indicators else None
    if isinstance(target, Project):
        return _permitted(work, Plan("project_note", target, resolved.because))
    if isinstance(target, Task):
        return _permitted(work, Plan("task_time_entry" if books else "task_note", target, resolved.because, status=said))
    entity: Entity = "ticket_time_entry" if books else "ticket_note"
    return _permitted(work, _on_ticket(work, target, Plan(entity, target, resolved.because), said))


def _mention(refused: Named) -> str:
    """What the sender may not write to, for our own people."""
    number = refused.entity.number
    return mentions.names(number) if refused.via == "number" else mentions.answers_others(number)


def _on_ticket(work: Work, ticket: Ticket, base: Plan, said: str | None) -> Plan:
    """What the note or time entry does to its ticket. `said`: the status of the indicators."""
    whose = "from_resource" if work.attributed.kind == "resource" else "from_customer"
    notes = work.mailbox.notes["ticket_note"]
    policy = notes.from_resource if whose == "from_resource" else notes.from_customer
    base = replace(base, where=str(work.mailbox.where("defaults", "ticket_note", whose)))
    settings = work.setup.config.settings
    if work.message.automatic is not None:
        return _as_it_is(base, "; automatic mail leaves the status as it is")
    if is_doubtful(work.attributed, settings.sender_authentication):
        doubtful = replace(base, where=str(settings.where("sender_authentication.indicators_need")))
        return _as_it_is(doubtful, "; the sender is not authenticated: the status stays as it is")
    if said is not None:
        return replace(base, because=f"{base.because}; #S= sets the status", status=said)
    if not work.setup.config.is_complete(ticket.status):
        return replace(base, status=policy.status)
    return _on_complete(work, ticket, base, policy)


def _as_it_is(base: Plan, why: str) -> Plan:
    return replace(base, because=base.because + why)


def _on_complete(work: Work, ticket: Ticket, base: Plan, policy: ReplyPolicy) -> Plan:
    """The ticket is complete: `reopen`, `reopen_within`, and not for ever. Indicators mean this very ticket."""
    completed = ticket.completed_at or ticket.updated_at
    late = policy.reopen_within is not None and work.now - completed > policy.reopen_within
    if policy.reopen == "new_linked" or (policy.reopen and late):
        if work.indicators is not None and not work.indicators.errors:
            return _as_it_is(base, ", which is complete and stays so; the indicators are for it")
        why = "it was completed too long ago" if late else "`reopen: new_linked`"
        because = f"{base.because}, which is complete; {why}: a new ticket, related to it"
        remark = mentions.answers_complete(ticket.number)
        return Plan("ticket", None, because, base.where, remarks=(remark,), related=(ticket.number, "answers"))
    if not policy.reopen:
        return _as_it_is(base, ", which is complete and stays so")
    if work.state.reopenings(ticket.number, work.now - timedelta(hours=1)) >= MOST_REOPENINGS:
        return _as_it_is(base, f", which was reopened {MOST_REOPENINGS} times in an hour and stays complete")
    complete = work.setup.config.is_complete
    status = policy.status if policy.status and not complete(policy.status) else _open_status(work.mailbox, work.setup)
    return replace(base, because=f"{base.because}; it reopens", status=status, reopens=True)


def _open_status(mailbox: Mailbox, setup: Setup) -> str:
    """The status that reopening sets where the mailbox names none: that of a new ticket, else the first open one."""
    status = mailbox.ticket.status
    if status is not None and not setup.config.is_complete(status):
        return status
    return next((name for name in setup.config.picklists.active_statuses if not setup.config.is_complete(name)), status or "")


def _permitted(work: Work, wanted: Plan) -> Plan | Ending:
    """What the mailbox may not make becomes a ticket about it, else nothing (`behaviour.md` 3.5). Time that it does not take is no
    time entry here: it is an error of the indicators, and the text a note."""
    setup, mailbox = work.setup, work.mailbox
    may = setup.config.makes(mailbox)
    if wanted.entity in may:
        return wanted
    settings = setup.config.settings
    where = str(settings.where("edition") if settings.edition == "basic" else mailbox.where("creates"))
    why = f"{mailbox.id} makes no {wanted.entity.replace('_', ' ')}"
    if wanted.entity == "ticket" or "ticket" not in may:
        return Ending("refused", "not_created_here", why, where=where)
    remark = mentions.is_about(wanted.target.number if wanted.target else "")
    because = f"{wanted.because}; {why}"
    return Plan("ticket", None, because, where, remarks=(*wanted.remarks, remark), related=_relation(wanted))


def _relation(wanted: Plan) -> tuple[str, str] | None:
    return (wanted.target.number, "is about") if isinstance(wanted.target, Ticket) else wanted.related
