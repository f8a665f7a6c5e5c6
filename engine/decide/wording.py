"""A notification's words: its template filled in with what the event has. Pure, and it never fails the message."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime, tzinfo
from typing import Any

from jinja2 import Template as Compiled
from jinja2 import TemplateError
from jinja2.exceptions import SecurityError
from msgspec.structs import asdict

from engine.config.model import Config, Template
from engine.config.sandbox import ENVIRONMENT
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
        variables = _Variables(facts, reason).of({variable.group for variable in template.variables})
        try:
            words = " ".join(_MARKS.sub("", subject.render(variables)).split())
            text, values = _marked(body.render(variables))
        except (TemplateError, SecurityError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
            return Wording(error=f"the template '{name}' failed: {error}"[:500])
        return Wording(cut(words, MOST_SUBJECT), text, values)

    def _compile(self, template: Template) -> tuple[Compiled, Compiled]:
        if template.name not in self._compiled:
            self._compiled[template.name] = _compiled(template.subject), _compiled(template.body)
        return self._compiled[template.name]


def _compiled(text: str) -> Compiled:
    found = _ENVIRONMENT.from_string(text)
    found.globals = dict(found.globals)  # a chain of mappings, which each rendering would walk
    return found


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


class _Group:
    """The values of one group under the names that templates may use; each made ready when it is asked for."""

    def __init__(self, values: Mapping[str, Any], names: Collection[str], timezone: tzinfo) -> None:
        self._values = values
        self._names = names
        self._timezone = timezone

    def __getattr__(self, name: str) -> Any:
        if name not in self._names:
            raise AttributeError(name)
        value = self._values.get(name)
        if isinstance(value, datetime):
            return f"{value.astimezone(self._timezone):%Y-%m-%d %H:%M}"
        return "" if value is None else value


class _Variables:
    """Every group of `VARIABLES`, filled from the facts; what there is not is empty, so that `or` works in templates."""

    def __init__(self, facts: Facts, reason: str) -> None:
        self.facts = facts
        self.reason = reason

    def of(self, groups: set[str]) -> dict[str, Any]:
        """Only the groups that a template uses: there are many, and most templates use two."""
        found: dict[str, Any] = {"number": self.facts.number or "", "reason": self.reason}
        for group in groups & VARIABLES.keys():
            found[group] = _Group(getattr(self, f"_{group}")(), VARIABLES[group], self.facts.config.settings.timezone)
        return found

    def _message(self) -> dict[str, Any]:
        message = self.facts.message
        words = {"subject": message.subject, "id": message.message_id} if message else {}
        return {**words, "date": self.facts.received_at}

    def _sender(self) -> dict[str, Any]:
        return asdict(self.facts.sender) if self.facts.sender else {}

    def _organization(self) -> dict[str, Any]:
        identity = self.facts.subject_organization
        found = self.facts.config.directory.organizations.get(identity or "")
        return asdict(found) if found else {"id": identity}

    def _mailbox(self) -> dict[str, Any]:
        found = self.facts.config.mailboxes.get(self.facts.mailbox)
        return {"id": self.facts.mailbox, **({"name": found.name, "address": found.address} if found else {})}

    def _installation(self) -> dict[str, Any]:
        return {"name": self.facts.config.settings.name}

    def _ticket(self) -> dict[str, Any]:
        ticket = self.facts.ticket
        return {**asdict(ticket), "tags": ", ".join(ticket.tags)} if ticket else {}

    def _assigned(self) -> dict[str, Any]:
        ticket = self.facts.ticket
        found = self.facts.config.directory.resources.get(ticket.assigned or "") if ticket else None
        return {"id": found.id, "name": found.name, "address": found.email} if found else {}

    def _note(self) -> dict[str, Any]:
        return asdict(self.facts.note) if self.facts.note else {}

    def _time_entry(self) -> dict[str, Any]:
        entry = self.facts.time_entry
        return {**asdict(entry), "hours": f"{entry.hours:g}"} if entry else {}

    def _task(self) -> dict[str, Any]:
        return asdict(self.facts.task) if self.facts.task else {}

    def _project(self) -> dict[str, Any]:
        return asdict(self.facts.project) if self.facts.project else {}

    def _contact(self) -> dict[str, Any]:
        facts = self.facts
        identity = facts.ticket.contact if facts.ticket else (facts.sender.id if facts.sender else None)
        contact = facts.config.directory.contacts.get(identity or "")
        if contact is not None:
            return {**asdict(contact), "name": contact.name, "address": contact.emails[0]}
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
