"""A rule test made of a real message: what it says, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import yaml

from engine.decide.decision import Decision, iso, plain
from engine.decide.waiting import Foreseen
from engine.entities import TICKET_COLUMNS, Ticket
from engine.mail.message import Address, Message

# Header fields that deciding looks at beside those that a test names by themselves.
_HEADERS = (
    "Authentication-Results",
    "Auto-Submitted",
    "Content-Language",
    "Importance",
    "In-Reply-To",
    "List-Id",
    "List-Unsubscribe",
    "Precedence",
    "References",
    "Return-Path",
    "Sensitivity",
    "X-Auto-Response-Suppress",
    "X-Autoreply",
    "X-Autorespond",
    "X-Failed-Recipients",
    "X-MS-Exchange-Inbox-Rules-Loop",
    "X-Priority",
)
# What a test says in words of its own, or of the body's form.
_SAID = {"from", "to", "cc", "subject", "date", "message-id", "mime-version", "content-type", "content-transfer-encoding"}
_MOST_ABOUT = 3  # of what a bounce returns
_EXPECTED = ("queue", "status", "priority", "source", "issue_type", "sub_issue_type", "assigned", "organization", "contact")


def as_test(
    message: Message,
    decision: Decision,
    foreseen: Sequence[Foreseen],
    target: Ticket | None,
    *,
    told: Mapping[str, str],
    headers: Iterable[str] = (),
    file: str | None = None,
    alike: int = 0,
) -> str:
    """A whole test file (YAML) with one test. `target` is the ticket that it is about, or that its new one is related to, as that was before.

    `foreseen`: what becomes of the rules that wait after it. `told`: whom the notifications went to that it is about. `headers`: names in lower case that rules look at. `file`: the message stays in its own file, where a test's few fields
    cannot say all that it is. `alike`: how many alike make a loop.
    """
    test: dict[str, Any] = {"name": _name(message), "mailbox": decision.mailbox}
    given: dict[str, Any] = {"now": iso(decision.envelope.received_at)}
    if target is not None:
        answered = [*message.in_reply_to, *reversed(message.references)]
        named = target.number.casefold() in message.subject.casefold()
        # Of a reply that no number joined to its ticket: as if it answered the mail that opened it.
        given["tickets"] = [_given(target) | ({"message_id": answered[0]} if answered and not named else {})]
        if message.automatic is not None and message.automatic.about:
            about = message.automatic.about[:_MOST_ABOUT]
            given["notifications"] = [
                {"message_id": one, "number": target.number} | ({"to": told[one]} if told.get(one) else {}) for one in about
            ]
    if decision.reason == "loop":
        one = {"from": message.sender.address, "subject": message.subject, "body": message.text, "ago": "1 minute"}
        given["seen"] = [dict(one) for _ in range(alike)]
    test["given"] = given
    test["message"] = {"file": file} if file else _message(message, headers)
    test["expect"] = _expected(decision, foreseen)
    text = yaml.safe_dump(
        {"version": 1, "tests": [test]}, allow_unicode=True, sort_keys=False, width=120, default_flow_style=False
    )
    return f"# yaml-language-server: $schema=../../schema/tests.schema.json\n{text}"


def _name(message: Message) -> str:
    return f"mail from {message.sender.address or 'nobody'}: {' '.join(message.subject.split())[:80] or 'no subject'}"


def _given(ticket: Ticket) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for column in TICKET_COLUMNS:
        value = getattr(ticket, column)
        if column in ("html",) or value in (None, "", 0) or (column == "occurrences" and value == 1):
            continue
        found[column] = iso(value) if hasattr(value, "astimezone") else value
    for column in ("tags", "additional_contacts"):
        if getattr(ticket, column):
            found[column] = list(getattr(ticket, column))
    if ticket.extracted:
        found["extracted"] = dict(ticket.extracted)
    return found


def _message(message: Message, asked: Iterable[str]) -> dict[str, Any]:
    found: dict[str, Any] = {"from": _written([message.sender])[0] if message.senders else "", "subject": message.subject}
    for key, addresses in (("to", message.to), ("cc", message.cc)):
        if addresses:
            found[key] = _written(addresses)
    found["body"] = message.text
    own = {name.lower() for name in _HEADERS}
    more = (name.title() for name in sorted(set(asked) - own - _SAID))
    headers = {name: message.headers.get_all(name) for name in (*_HEADERS, *more) if name in message.headers}
    if headers:
        found["headers"] = {name: values[0] if len(values) == 1 else values for name, values in headers.items()}
    if message.attachments:
        found["attachments"] = [{"name": one.name, "type": one.content_type, "size": one.size} for one in message.attachments]
    return found


def _written(addresses: Iterable[Address]) -> list[str]:
    return [
        f"{one.name} <{one.address}>" if one.name and not set(one.name) & set('<>"@,;:()[]\\') else one.address
        for one in addresses
    ]


def _expected(decision: Decision, foreseen: Sequence[Foreseen]) -> dict[str, Any]:
    found: dict[str, Any] = {"outcome": decision.outcome}
    for key in ("reason", "entity", "target"):
        if getattr(decision, key):
            found[key] = getattr(decision, key)
    if decision.sender is not None:
        found["sender"] = {"kind": decision.sender.kind, "organization": decision.sender.organization}
    if decision.ticket is not None:
        ticket = plain(decision.ticket)
        found["ticket"] = {name: ticket[name] for name in _EXPECTED if ticket[name] is not None}
    if decision.time_entry is not None:
        found["time_entry"] = {"hours": decision.time_entry.hours, "role": decision.time_entry.role}
    if decision.note is not None and decision.note.author != "system":
        found["note"] = {"publish": decision.note.publish}
    found["fired"] = [ran.rule for ran in decision.fired]
    if decision.tags:
        found["tags"] = list(decision.tags)
    if decision.related:
        found["related"] = list(decision.related)
    found["notified"] = list(decision.notified)
    if foreseen:
        ran = [one for one in foreseen if one.due.status == "ran"]
        found["waiting"] = [one.waiting.rule for one in foreseen]
        found["when_due"] = {
            "fired": [one.waiting.rule for one in ran],
            "notified": sorted({sent.recipient for one in ran for sent in one.due.notifications}),
        }
    return found
