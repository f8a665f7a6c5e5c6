"""Every variable of notification templates, and which of them each event offers. docs/notifications.md shows the tables."""

from __future__ import annotations

from engine.dsl.vocabulary import EVENTS, WAITING_GROUPS

VARIABLES: dict[str, dict[str, str]] = {
    "message": {
        "subject": "its subject",
        "date": "when it was received, in the installation's time zone",
        "id": "its Message-ID",
    },
    "sender": {
        "address": "the address in From",
        "name": "the display name in From",
        "kind": "resource, contact or unknown",
    },
    "organization": {"id": "its id", "name": "its name"},
    "contact": {
        "id": "the id",
        "name": "first and last name",
        "first_name": "the first name",
        "last_name": "the last name",
        "address": "the primary address",
    },
    "mailbox": {"id": "its id", "name": "its name", "address": "its address"},
    "installation": {"name": "the service provider's name, from settings.yaml"},
    "ticket": {
        "number": "its number",
        "title": "its title",
        "description": "its description, without the lines of ours that name another ticket",
        "organization": "the id of its organization",
        "contact": "the id of its contact",
        "queue": "its queue",
        "status": "its status",
        "priority": "its priority",
        "source": "where it came from",
        "issue_type": "its issue type",
        "sub_issue_type": "its sub-issue type",
        "assigned": "the id of the resource it is assigned to",
        "approval": "its approval",
        "occurrences": "how often it was reported",
        "created_at": "when it was opened, in the installation's time zone",
        "due_at": "when it is due, in the installation's time zone",
        "tags": "its tags, with commas between",
    },
    "assigned": {"id": "the id", "name": "the name", "address": "the address"},
    "note": {
        "description": "its text, without quotation and signature",
        "author": "resource, contact or unknown",
        "type": "its note type",
        "publish": "all or internal",
    },
    "time_entry": {
        "summary": "its text",
        "hours": "the hours booked",
        "role": "the role",
        "work_type": "the kind of work",
        "resource": "the id of the resource that booked",
    },
    "task": {"number": "its number", "title": "its title", "status": "its status", "project": "the number of its project"},
    "project": {"number": "its number", "name": "its name"},
}
# Variables that are a value themselves, not a group of them.
PLAIN = {
    "number": "the number of the ticket, task or project, whichever it is",
    "reason": "why the message failed, was refused or is held back",
}
# What only our own people read where a note or time entry is internal.
INTERNAL_WHERE_INTERNAL = frozenset({"note.description", "time_entry.summary"})
# What somebody who only names a number may not learn: that it exists, and whose it is.
OF_WHAT_EXISTS = frozenset({"number", "ticket", "task", "project", "organization", "contact", "assigned"})

_ALWAYS = frozenset({"mailbox", "installation"})
_MAIL = frozenset({"message", "sender", "organization", "contact"})
FAILED = _ALWAYS | _MAIL | {"reason"}


def offered_to(event: str, *, waits: bool = False) -> frozenset[str]:
    """Groups and plain variables that a rule's event offers to its templates."""
    groups = set(WAITING_GROUPS if waits else EVENTS[event].groups) | _ALWAYS
    if "ticket" in groups:
        groups.add("assigned")
    if groups & {"ticket", "task", "project"}:
        groups.add("number")
    if event == "message":
        groups.add("reason")  # empty unless a rule holds the message back or refuses it
    return frozenset(groups)


# What a mailbox sends by itself. `noted` is about any note or time entry: what there is not, is empty.
NOTICES: dict[str, frozenset[str]] = {
    "created": offered_to("ticket created"),
    "noted": _ALWAYS | _MAIL | {"ticket", "assigned", "note", "time_entry", "task", "project", "number"},
    "failed": FAILED,
}
