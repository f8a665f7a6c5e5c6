"""References from one file of the configuration to another: every name that does not exist, every clash."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from email.utils import parseaddr

import re2

from engine.addresses import PLAIN
from engine.config.connections import SmtpSending
from engine.config.document import Document
from engine.config.mailbox import Mailbox
from engine.config.model import Config, Picklists
from engine.config.people import Organization
from engine.dsl.check import pattern_error
from engine.dsl.scope import Names
from engine.errors import Known, Position, Problem, unknown
from engine.quantity import counted

_ADDRESS = re.compile(PLAIN)
_DOMAIN = re.compile(r"[^@\s<>,;:/*.][^@\s<>,;:/*]*\.[^@\s<>,;:/*.]+")
_ACTIVE_MAILBOXES = {"basic": 1, "advanced": 15}


def names_of(config: Config) -> Names:
    """What rules may name."""
    picklists, directory = config.picklists, config.directory
    return Names(
        picklists={
            "mailboxes": config.mailboxes,
            "organizations": Known(directory.organizations),
            "resources": Known(directory.resources),
            "contacts": Known(directory.contacts),
            "senders": Known(dict.fromkeys((*directory.contacts, *directory.resources))),
            "queues": picklists.queues,
            "statuses": picklists.statuses,
            "priorities": picklists.priorities,
            "sources": picklists.sources,
            "issue_types": tuple(picklists.issue_types),
            "sub_issue_types": tuple(dict.fromkeys(sub for subs in picklists.issue_types.values() for sub in subs)),
            "roles": picklists.roles,
            "work_types": picklists.work_types,
            "note_types": picklists.note_types,
            "approvals": picklists.approvals,
        },
        sub_issue_types=picklists.issue_types,
        tags=Known(dict.fromkeys(tag.label for tag in config.tags.tags)),
        templates=Known(config.templates),
        inactive_resources=frozenset(resource.id for resource in directory.resources.values() if not resource.active),
        extracted=config.extracted_fields,
        inactive=picklists.inactive,
        business_hours=config.settings.business_hours is not None,
    )


def check_references(config: Config, documents: dict[str, Document]) -> list[Problem]:
    return [
        *_settings(config),
        *_directory(config),
        *(problem for mailbox in config.mailboxes.values() for problem in _mailbox(config, mailbox)),
        *_addresses(config),
        *_duplicates(config, documents["duplicates"]),
    ]


def _unknown(position: Position, what: str, word: str | None, known: Collection[str]) -> Iterator[Problem]:
    if word is not None and word not in known:
        yield unknown(position, what, word, known)


def _settings(config: Config) -> Iterator[Problem]:
    organizations = config.directory.organizations
    settings = config.settings
    for key, word in (("local", settings.local_organization), ("unattributed", settings.unattributed)):
        where = settings.where(f"organizations.{key}")
        yield from _unknown(where, "organization", word, organizations)
        if word is not None and word in organizations and not organizations[word].active:
            yield Problem(where, f"the organization '{word}' is not active", "name an active one")
    most = _ACTIVE_MAILBOXES.get(settings.edition)
    active = [mailbox for mailbox in config.mailboxes.values() if mailbox.active and mailbox.kind == "custom"]
    alerts = [mailbox for mailbox in config.mailboxes.values() if mailbox.active and mailbox.kind == "alerts"]
    mailboxes = active if settings.edition == "basic" else [*active, *alerts]
    if most and len(mailboxes) > most:
        yield Problem(
            settings.where("edition"),
            f"edition {settings.edition} allows {counted(most, 'active mailbox', 'active mailboxes')}, there are {len(mailboxes)}",
            "set `active: false` on some, or take another edition",
        )
    sending = settings.sending
    if isinstance(sending, SmtpSending) and sending.tls == "none" and sending.username:
        where = settings.where("sending.smtp")
        yield Problem(where, "a login over a connection in the clear gives the password away", "set tls: starttls or implicit")
    if not any(mailbox.active for mailbox in config.mailboxes.values()):
        fix = "write one: docs/configuration.md"
        yield Problem(Position("mailboxes"), "there is no active mailbox", fix, lacks="mailbox")


def _plain_addresses(row: Position, addresses: Iterable[str]) -> Iterator[Problem]:
    """One address a cell, without a name: no mail would ever be of another."""
    for address in addresses:
        if not _ADDRESS.fullmatch(address):
            within = _ADDRESS.findall(address)
            fix = f"write {within[0]}" if len(within) == 1 else "write one such as ana@example.com, and each in its own column"
            yield Problem(row, f"'{address}' is no address", fix, code="PR005")


def _domains(organization: Organization) -> Iterator[Problem]:
    for domain in organization.domains:
        if not _DOMAIN.fullmatch(domain):
            # `@example.com`, `*.example.com` and `https://example.com/` mean it.
            meant = domain.rpartition("@")[2].rpartition("//")[2].partition("/")[0].strip("*. ")
            fix = f"write {meant}" if _DOMAIN.fullmatch(meant) else "write one such as example.com"
            yield Problem(organization.position, f"'{domain}' is no domain", fix, code="PR005")


def _directory(config: Config) -> Iterator[Problem]:
    directory = config.directory
    organizations, resources, projects = map(Known, (directory.organizations, directory.resources, directory.projects))
    for organization in directory.organizations.values():
        yield from _unknown(organization.position, "organization", organization.parent, organizations)
        above, seen = organization.parent, {organization.id}
        while above is not None and above in directory.organizations and above not in seen:
            seen.add(above)
            above = directory.organizations[above].parent
        if above in seen:
            yield Problem(organization.position, "its parents run in a circle", "remove one `parent`")
        yield from _unknown(organization.position, "resource", organization.resource, resources)
        resource = directory.resources.get(organization.resource or "")
        if resource is not None and not resource.active:
            yield Problem(organization.position, f"its resource '{resource.id}' is not active", "name an active one")
        yield from _domains(organization)
    for contact in directory.contacts.values():
        yield from _unknown(contact.position, "organization", contact.organization, organizations)
        yield from _plain_addresses(contact.position, filter(None, contact.emails))
    for resource in directory.resources.values():
        yield from _plain_addresses(resource.position, (resource.email, *resource.aliases))
        if config.picklists.roles and resource.role:
            yield from _unknown(resource.position, "role", resource.role, config.picklists.roles)
    for project in directory.projects.values():
        yield from _unknown(project.position, "organization", project.organization, organizations)
    for task in directory.tasks.values():
        yield from _unknown(task.position, "organization", task.organization, organizations)
        yield from _unknown(task.position, "project", task.project, projects)
        yield from _unknown(task.position, "status", task.status, config.picklists.statuses)
    for kind, rows in (("project", directory.projects), ("task", directory.tasks)):
        forms = config.settings.forms_of(kind)  # type: ignore[arg-type]
        for number, row in rows.items():
            if all(form.split(number) is None for form in forms):
                yield Problem(row.position, f"'{number}' is no {kind} number", f"the form is {forms[0].form}")


def _filed_where_read(mailbox: Mailbox) -> Iterator[Problem]:
    """Mail that is moved to where it is gets another id, and would be read again and again."""
    for folder, place, where in mailbox.files_into():
        if place == mailbox.reads:
            message = f"'{folder}' is the folder that the mailbox '{mailbox.id}' reads: its mail would come again and again"
            yield Problem(where, message, "name another one")


def _mailbox(config: Config, mailbox: Mailbox) -> Iterator[Problem]:
    if mailbox.active:
        yield from _filed_where_read(mailbox)
    yield from _ticket_defaults(config, mailbox)
    yield from _other_defaults(config.picklists, mailbox)
    yield from _notices(config, mailbox)
    if mailbox.kind == "alerts" and mailbox.token is None:
        yield Problem(mailbox.where("kind"), "an alerts mailbox needs a token", "add `token: {id: ..., password: ${env:...}}`")
    yield from _extracts(mailbox)


def _ticket_defaults(config: Config, mailbox: Mailbox) -> Iterator[Problem]:
    picklists, ticket, at = config.picklists, mailbox.ticket, ("defaults", "ticket")
    for key, word in (("queue", ticket.queue), ("status", ticket.status)):
        if word in picklists.inactive.get("queues" if key == "queue" else "statuses", ()):
            yield Problem(mailbox.where(*at, key), f"the {key} '{word}' is not active", "name an active one")
    for key, word, what, known in (
        ("queue", ticket.queue, "queue", picklists.queues),
        ("status", ticket.status, "status", picklists.statuses),
        ("priority", ticket.priority, "priority", picklists.priorities),
        ("source", ticket.source, "source", picklists.sources),
        ("issue_type", ticket.issue_type, "issue type", picklists.issue_types),
        (
            "sub_issue_type",
            ticket.sub_issue_type,
            "sub-issue type",
            picklists.issue_types.get(ticket.issue_type or "", ()),
        ),
        ("assigned", ticket.assigned, "resource", config.directory.resources),
    ):
        yield from _unknown(mailbox.where(*at, key), what, word, known)
    labels = [tag.label for tag in config.tags.tags]
    for index, tag in enumerate(ticket.tags):
        yield from _unknown(mailbox.where(*at, "tags", index), "tag", tag, labels)


def _other_defaults(picklists: Picklists, mailbox: Mailbox) -> Iterator[Problem]:
    """Those of notes and time entries."""
    for entity, note in mailbox.notes.items():
        yield from _unknown(mailbox.where("defaults", entity, "type"), "note type", note.type, picklists.note_types)
        for key, policy in (("from_customer", note.from_customer), ("from_resource", note.from_resource)):
            where = mailbox.where("defaults", entity, key, "status")
            yield from _unknown(where, "status", policy.status, picklists.statuses)
    for entity, time in mailbox.times.items():
        yield from _unknown(mailbox.where("defaults", entity, "work_type"), "work type", time.work_type, picklists.work_types)
        yield from _unknown(mailbox.where("defaults", entity, "role"), "role", time.role, picklists.roles)


def _notices(config: Config, mailbox: Mailbox) -> Iterator[Problem]:
    for key in ("created", "noted", "failed"):
        notice = getattr(mailbox, key)
        if notice is None:
            continue
        where_template = mailbox.where("notify", key, "template")
        yield from _unknown(where_template, "template", notice.template, config.templates)
        for index, recipient in enumerate(notice.to):
            if recipient.startswith("resource "):
                where_to = mailbox.where("notify", key, "to", index)
                yield from _unknown(where_to, "resource", recipient.removeprefix("resource "), config.directory.resources)
    if not _ADDRESS.fullmatch(parseaddr(mailbox.notify_from)[1]):
        where_from = mailbox.where("notify", "from")
        yield Problem(where_from, f"'{mailbox.notify_from}' is no sender", "write: Name <address@example.com>")


def _extracts(mailbox: Mailbox) -> Iterator[Problem]:
    for name, pattern in mailbox.extract.items():
        where = mailbox.where("extract", name)
        wrong = pattern_error(pattern)
        if wrong:
            yield Problem(where, f"the regular expression is wrong: {wrong}", "see docs/rule-language.md for its syntax")
        elif name not in re2.compile(pattern).groupindex:
            yield Problem(where, f"the expression has no group named '{name}'", f"write (?P<{name}>...)")


def _addresses(config: Config) -> Iterator[Problem]:
    first: dict[str, Mailbox] = {}
    for mailbox in config.mailboxes.values():
        for index, address in enumerate(mailbox.addresses):
            path = ("address",) if index == 0 else ("aliases", index - 1)
            if address in first:
                other = first[address]
                yield Problem(
                    mailbox.where(*path), f"the address {address} is already {other.id}'s", "an address belongs to one mailbox"
                )
            first.setdefault(address, mailbox)


def _duplicates(config: Config, document: Document) -> Iterator[Problem]:
    fields = ["contact", "title", "description", "sender", "ticket_number", *sorted(config.extracted_fields)]
    seen: set[str] = set()
    for index, criterion in enumerate(config.duplicates):
        if criterion.name in seen:
            where = document.where("duplicates", index, "name")
            yield Problem(where, f"the criterion '{criterion.name}' stands twice", "rename one")
        seen.add(criterion.name)
        for number, mailbox in enumerate(document.data["duplicates"][index].get("mailboxes", ())):
            yield from _unknown(document.where("duplicates", index, "mailboxes", number), "mailbox", mailbox, config.mailboxes)
        for number, field in enumerate(criterion.same):
            yield from _unknown(document.where("duplicates", index, "same", number), "field", field, fields)
        for key, handling in (("when_open", criterion.when_open), ("when_complete", criterion.when_complete)):
            where = document.where("duplicates", index, key, "status")
            yield from _unknown(where, "status", handling.status, config.picklists.statuses)
            if handling.do == "reopen" and handling.status is None:
                yield Problem(where, "`reopen` needs the status that it sets", "add `status: ...`")
            if handling.status in config.picklists.complete and handling.do == "reopen":
                yield Problem(where, f"'{handling.status}' is complete: it reopens nothing", "name another status")
