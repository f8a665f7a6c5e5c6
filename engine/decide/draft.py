"""A plan to the entity itself: the ticket, note or time entry with the mailbox's defaults, before rules run."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from engine.config.mailbox import Entity, Mailbox
from engine.decide.authenticate import is_doubtful
from engine.decide.become import Plan
from engine.decide.body import Body
from engine.decide.indicators import Indicators
from engine.decide.setup import Setup
from engine.decide.target import resolve_contact_id
from engine.decide.work import Work
from engine.dsl.tree import CreateTicket
from engine.entities import Note, Publish, Ticket, TimeEntry


def new_ticket(work: Work, title: str, body: Body, tags: tuple[str, ...]) -> Ticket:
    """The next number, the mailbox's defaults; the sender's organization and contact."""
    setup, mailbox, sender, created_at = work.setup, work.mailbox, work.attributed, work.now
    sub_issue = work.token.sub_issue if work.token else ""
    defaults = mailbox.ticket
    complete = setup.config.is_complete(defaults.status)
    issue, sub = _issue(sub_issue, setup) or (defaults.issue_type, defaults.sub_issue_type)
    return Ticket(
        number=work.numbering.next(),
        title=title,
        description=body.description,
        html=body.html,
        organization=sender.organization,
        contact=sender.id if sender.kind == "contact" else None,
        mailbox=mailbox.id,
        queue=defaults.queue,
        status=defaults.status,
        priority=defaults.priority,
        source=defaults.source,
        issue_type=issue,
        sub_issue_type=sub,
        assigned=defaults.assigned,
        due_at=created_at + defaults.due if defaults.due else None,
        sender=sender.address,
        created_at=created_at,
        updated_at=created_at,
        completed_at=created_at if complete else None,
        tags=tags,
        extracted=dict(work.extracted),
    )


def _issue(sub_issue: str, setup: Setup) -> tuple[str, str] | None:
    """A sub-issue type by its name, with the issue type that it belongs to; None where there is none of this name."""
    if not sub_issue:
        return None
    for issue, subs in setup.config.picklists.issue_types.items():
        for sub in subs:
            if sub.casefold() == sub_issue.casefold():
                return issue, sub
    return None


def new_note(work: Work, entity: Entity, target: str, body: Body) -> Note:
    sender = work.attributed
    return Note(
        target=target,
        description=body.description,
        publish=_publish(work, entity),
        author=sender.kind,
        author_id=sender.id,
        author_address=sender.address,
        created_at=work.now,
        type=work.mailbox.notes[entity].type,
        removed=body.removed,
        html=body.html,
    )


def _publish(work: Work, entity: Entity) -> Publish:
    """An unknown sender's note is never published, nor one of somebody who may not be the resource that he writes as; a customer
    always sees his own (`behaviour.md` 3.1 and 3.6)."""
    defaults, sender, automatic = work.mailbox.notes[entity], work.attributed, work.message.automatic
    unknown = sender.kind == "unknown" or is_doubtful(sender, work.setup.config.settings.sender_authentication)
    if unknown or (automatic is not None and automatic.kind in ("bounce", "auto_reply")):
        return "internal"
    if sender.kind == "resource":
        return defaults.from_resource.publish or defaults.publish
    return "all" if entity == "ticket_note" else defaults.publish


def new_time_entry(work: Work, entity: Entity, target: str, indicators: Indicators, body: Body) -> TimeEntry:
    """The role: `#R=`, else the mailbox's, else the resource's own."""
    author, config = work.attributed.id, work.setup.config
    assert indicators.hours is not None and author is not None
    defaults = work.mailbox.times[entity]
    resource = config.directory.resources.get(author)
    own_role = resource.role if resource and resource.role in config.picklists.roles else None
    return TimeEntry(
        target=target,
        resource=author,
        hours=indicators.hours,
        summary=body.description,
        created_at=work.now,
        role=indicators.role or defaults.role or own_role,
        work_type=defaults.work_type,
        publish=defaults.publish,
        removed=body.removed,
    )


def with_additional_contacts(work: Work, ticket: Ticket) -> Ticket:
    """People in To and Cc who are contacts of the ticket's organization (`behaviour.md` 3.7)."""
    found: list[str] = list(ticket.additional_contacts)
    for recipient in work.message.recipients[:200]:
        if recipient.address in work.setup.own_addresses:
            continue
        contact = resolve_contact_id(recipient.address, ticket.organization, work.setup, work.state)
        if contact and contact != ticket.contact and contact != work.attributed.id and contact not in found:
            found.append(contact)
    return replace(ticket, additional_contacts=tuple(found)) if len(found) > len(ticket.additional_contacts) else ticket


def changed_ticket(work: Work, ticket: Ticket, what: Plan) -> Ticket:
    """What a note or time entry does to its ticket: status, approval, the time of change."""
    indicators, now = work.indicators, work.now
    changed = replace(ticket, updated_at=now)
    if what.status is not None:
        complete = work.setup.config.is_complete(what.status)
        completed = (ticket.completed_at or now) if complete else None
        changed = replace(changed, status=what.status, completed_at=completed)
    if indicators is not None and indicators.approval is not None and not indicators.errors:
        changed = replace(changed, approval=indicators.approval)
    return changed


def another_ticket(number: str, action: CreateTicket, main: Ticket, mailbox: Mailbox, now: datetime, setup: Setup) -> Ticket:
    """A ticket that a rule creates beside the main one, for its customer; queue, status, priority, source and due are the mailbox's."""
    defaults = mailbox.ticket
    ticket = Ticket(
        number=number,
        title=action.title,
        organization=main.organization,
        contact=main.contact,
        mailbox=mailbox.id,
        queue=defaults.queue,
        status=defaults.status,
        priority=defaults.priority,
        source=defaults.source,
        due_at=now + defaults.due if defaults.due else None,
        created_at=now,
        updated_at=now,
    )
    ticket = replace(ticket, **{name: text.text for name, text in action.fields})
    return replace(ticket, completed_at=now if setup.config.is_complete(ticket.status) else None)
