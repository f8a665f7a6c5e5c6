"""What the variables of a template stand for in one event."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from engine.config.model import Choice
from engine.decide.mentions import without_mentions
from engine.rules.facts import Facts, contact_of

# A record whose attributes are variables, and those variables that it does not have, or in another form.
_Source = tuple[object, dict[str, Any]]


class Values:
    """Each variable of `VARIABLES` and `PLAIN`, asked for one at a time; what there is not is empty, so that `or` works."""

    def __init__(self, facts: Facts, reason: str) -> None:
        self._facts = facts
        self._reason = reason
        self._sources: dict[str, _Source] = {}

    def first(self, choice: Choice) -> Any:
        """The first that is not empty, or the last, as `or` has it."""
        value: Any = ""
        for one in choice.of:
            value = one if isinstance(one, str) else self.get(*one)
            if value:
                break
        return value

    def get(self, group: str, name: str) -> Any:
        """`group` and `name` are known to be variables."""
        if group == "number":
            return self._facts.number or ""
        if group == "reason":
            return self._reason
        source = self._sources.get(group)
        if source is None:
            source = self._sources[group] = getattr(self, f"_{group}")()
        record, own = source
        value = own[name] if name in own else getattr(record, name, None)
        if isinstance(value, datetime):
            return f"{value.astimezone(self._facts.config.settings.timezone):%Y-%m-%d %H:%M}"
        return "" if value is None else value

    def _message(self) -> _Source:
        message = self._facts.message
        return message, {"date": self._facts.received_at, "id": message.message_id if message else None}

    def _sender(self) -> _Source:
        return self._facts.sender, {}

    def _organization(self) -> _Source:
        identity = self._facts.subject_organization
        return self._facts.config.directory.organizations.get(identity or ""), {"id": identity}

    def _mailbox(self) -> _Source:
        return self._facts.config.mailboxes.get(self._facts.mailbox), {"id": self._facts.mailbox}

    def _installation(self) -> _Source:
        return self._facts.config.settings, {}

    def _ticket(self) -> _Source:
        ticket = self._facts.ticket
        if ticket is None:
            return None, {"tags": ""}
        return ticket, {"tags": ", ".join(ticket.tags), "description": without_mentions(ticket.description)}

    def _assigned(self) -> _Source:
        ticket = self._facts.ticket
        found = self._facts.config.directory.resources.get(ticket.assigned or "") if ticket else None
        return found, {"address": found.email} if found else {}

    def _note(self) -> _Source:
        return self._facts.note, {}

    def _time_entry(self) -> _Source:
        entry = self._facts.time_entry
        return entry, {"hours": f"{entry.hours:g}"} if entry else {}

    def _task(self) -> _Source:
        return self._facts.task, {}

    def _project(self) -> _Source:
        return self._facts.project, {}

    def _contact(self) -> _Source:
        contact = contact_of(self._facts)
        return contact, {"address": contact.emails[0]} if contact else {}
