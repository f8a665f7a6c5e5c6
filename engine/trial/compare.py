"""What was expected against what was found: maps by the keys that are given, named lists as sets, the rest exactly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from engine.decide.decision import Decision, Notification, plain
from engine.decide.waiting import Foreseen
from engine.entities import Note, Ticket
from engine.errors import Position
from engine.trial.case import Case

_SETS = ("fired", "not_fired", "notified", "tags", "waiting", "attachments", "related")


class Difference(Struct, frozen=True):
    """One expectation that does not hold."""

    what: str
    expected: Any
    found: Any
    position: Position


def differences(case: Case, decision: Decision, foreseen: Sequence[Foreseen]) -> list[Difference]:
    found = _found(decision) | {"when_due": _when_due(foreseen)}
    return [
        difference
        for key, expected in case.data["expect"].items()
        for difference in _compare(case, ("expect", key), key, expected, found.get(key))
    ]


def _found(decision: Decision) -> dict[str, Any]:
    return {
        "outcome": decision.outcome,
        "reason": decision.reason,
        "detail": decision.detail,
        "entity": decision.entity,
        "target": decision.target,
        "sender": decision.shown_sender,
        "ticket": plain(decision.ticket) if decision.ticket else None,
        "note": plain(decision.note) if decision.note else None,
        "time_entry": plain(decision.time_entry) if decision.time_entry else None,
        "task": plain(decision.task) if decision.task else None,
        "project": plain(decision.project) if decision.project else None,
        "fired": [one.rule for one in decision.fired],
        "not_fired": [one.rule for one in decision.not_fired],
        "notified": list(decision.notified),
        "tags": list(decision.tags),
        "waiting": [one.rule for one in decision.changes.waiting],
        **_made(
            [note for _, note in decision.changes.notes if note is not decision.note],
            decision.changes.more_tickets,
            decision.changes.notifications,
        ),
        "attachments": [one.name for one in decision.changes.attachments],
        "related": list(decision.related),
    }


def _made(notes: Iterable[Note], tickets: Iterable[Ticket], notifications: Iterable[Notification]) -> dict[str, Any]:
    """What rules made beside. A notification by its address: one of another event to the same comes after it and is not seen."""
    written: dict[str, dict[str, str]] = {}
    for one in notifications:
        words = {"template": one.template, "subject": one.wording.subject, "body": one.wording.body}
        written.setdefault(one.recipient, words)
    return {
        "notes": [note.description for note in notes],
        "more_tickets": [ticket.title for ticket in tickets],
        "notifications": written,
    }


def _when_due(foreseen: Sequence[Foreseen]) -> dict[str, Any] | None:
    """What becomes of the rules that wait; None where none does."""
    if not foreseen:
        return None
    ran = [one for one in foreseen if one.due.status == "ran"]
    return {
        "fired": [one.waiting.rule for one in ran],
        "not_fired": [one.waiting.rule for one in foreseen if one.due.status == "dropped"],
        "ticket": plain(foreseen[-1].ticket),
        "tags": list(foreseen[-1].ticket.tags),
        "notified": [sent.recipient for one in ran for sent in one.due.notifications],
        **_made(
            [note for one in ran for note in one.due.notes],
            [ticket for one in ran for ticket in one.due.more_tickets],
            [sent for one in ran for sent in one.due.notifications],
        ),
    }


def _compare(case: Case, path: tuple[str, ...], name: str, expected: Any, found: Any) -> Iterator[Difference]:
    if name.rpartition(".")[2] == "not_fired":
        # These rules must not have run; others may not have either.
        if not set(expected) <= set(found or ()):
            yield Difference(name, expected, found, case.where(*path))
    elif isinstance(expected, dict):
        if not isinstance(found, dict):
            yield Difference(name, expected, found, case.where(*path))
            return
        for key, value in expected.items():
            yield from _compare(case, (*path, key), f"{name}.{key}", value, found.get(key))
    elif name.rpartition(".")[2] in (*_SETS, "additional_contacts") and isinstance(expected, list):
        if set(expected) != set(found or ()):
            yield Difference(name, expected, found, case.where(*path))
    elif not _equal(expected, found):
        yield Difference(name, expected, found, case.where(*path))


def _equal(expected: Any, found: Any) -> bool:
    if isinstance(expected, str) and isinstance(found, str):
        return expected.strip() == found.strip()  # a YAML block ends with a line break that no text has
    return bool(expected == found) and isinstance(expected, bool) == isinstance(found, bool)
