"""A notification's words: its template filled in with what the event has. Pure, and it never fails the message."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cached_property
from types import SimpleNamespace
from typing import Any

from jinja2 import Template as Compiled
from jinja2 import TemplateError
from jinja2.exceptions import SecurityError

from engine.config.model import Config, Template
from engine.config.templates import ENVIRONMENT
from engine.config.variables import VARIABLES
from engine.decide.decision import Wording
from engine.rules.facts import Facts
from engine.text import cut

MOST_SUBJECT = 250
MOST_BODY = 20_000
# Private-use characters around each value that is put in, so that we know afterwards what was a value. They are taken
# out of the values themselves first.
_OPEN, _CLOSE = "\ue000", "\ue001"
_MARKS = re.compile(f"[{_OPEN}{_CLOSE}]")
_ENVIRONMENT = ENVIRONMENT.overlay(finalize=lambda value: f"{_OPEN}{_MARKS.sub('', str(value))}{_CLOSE}")


class Templates:
    """The configuration's templates, each compiled when it is first needed."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._compiled: dict[str, tuple[Compiled, Compiled]] = {}

    def word(self, name: str, facts: Facts, reason: str = "") -> Wording:
        """Subject and body, or why there are none: a template can still fail on values that nobody foresaw."""
        template = self._config.templates.get(name)
        if template is None:
            return Wording(error=f"there is no template '{name}' any more")
        subject, body = self._compile(template)
        variables = _Variables(facts, reason).all
        try:
            words = " ".join(_MARKS.sub("", subject.render(variables)).split())
            text, values = _marked(body.render(variables))
        except (TemplateError, SecurityError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
            return Wording(error=f"the template '{name}' failed: {error}"[:500])
        return Wording(cut(words, MOST_SUBJECT), text, values)

    def _compile(self, template: Template) -> tuple[Compiled, Compiled]:
        if template.name not in self._compiled:
            pair = _ENVIRONMENT.from_string(template.subject), _ENVIRONMENT.from_string(template.body)
            self._compiled[template.name] = pair
        return self._compiled[template.name]


def _marked(text: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Text without the marks, and where the values stand in it."""
    parts: list[str] = []
    values: list[tuple[int, int]] = []
    length = 0
    start: int | None = None
    for part in re.split(f"([{_OPEN}{_CLOSE}])", text.strip()):
        if part == _OPEN:
            start = length
        elif part == _CLOSE:
            if start is not None and length > start:
                values.append((start, length))
            start = None
        else:
            part = part[: MOST_BODY - length]
            parts.append(part)
            length += len(part)
    return "".join(parts), tuple(values)


class _Variables:
    """Every group of `VARIABLES`, filled from the facts; what there is not is empty, so that `or` works in templates."""

    def __init__(self, facts: Facts, reason: str) -> None:
        self.facts = facts
        self.reason = reason

    @cached_property
    def all(self) -> dict[str, Any]:
        config, facts = self.facts.config, self.facts
        mailbox = config.mailboxes.get(facts.mailbox)
        organization = config.directory.organizations.get(facts.subject_organization or "")
        ticket = facts.ticket
        assigned = config.directory.resources.get(ticket.assigned or "") if ticket else None
        found: dict[str, Any] = {
            "message": {
                "subject": facts.message.subject if facts.message else "",
                "id": facts.message.message_id if facts.message else "",
                "date": facts.received_at,
            },
            "sender": vars(facts.sender) if facts.sender else {},
            "organization": vars(organization) if organization else {"id": facts.subject_organization},
            "contact": self._contact(),
            "mailbox": {"id": facts.mailbox, "name": mailbox.name, "address": mailbox.address} if mailbox else {},
            "installation": {"name": config.settings.name},
            "ticket": {**vars(ticket), "tags": ", ".join(ticket.tags)} if ticket else {},
            "assigned": {"id": assigned.id, "name": assigned.name, "address": assigned.email} if assigned else {},
            "note": vars(facts.note) if facts.note else {},
            "time_entry": {**vars(facts.time_entry), "hours": f"{facts.time_entry.hours:g}"} if facts.time_entry else {},
            "task": vars(facts.task) if facts.task else {},
            "project": vars(facts.project) if facts.project else {},
        }
        variables: dict[str, Any] = {
            group: SimpleNamespace(**{name: self._value(found[group].get(name)) for name in names})
            for group, names in VARIABLES.items()
        }
        return variables | {"number": facts.number or "", "reason": self.reason}

    def _contact(self) -> dict[str, Any]:
        facts = self.facts
        identity = facts.ticket.contact if facts.ticket else (facts.sender.id if facts.sender else None)
        contact = facts.config.directory.contacts.get(identity or "")
        if contact is not None:
            return {**vars(contact), "name": contact.name, "address": contact.emails[0]}
        if facts.sender is not None and facts.sender.kind == "contact" and facts.sender.id == identity:
            # A contact that mail brought: known by what the sender says.
            first, _, last = facts.sender.name.partition(" ")
            return {
                "id": identity,
                "name": facts.sender.name,
                "first_name": first,
                "last_name": last,
                "address": facts.sender.address,
            }
        return {}

    def _value(self, value: Any) -> Any:
        if isinstance(value, datetime):
            return f"{value.astimezone(self.facts.config.settings.timezone):%Y-%m-%d %H:%M}"
        return "" if value is None else value
