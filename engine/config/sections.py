"""Validated documents to the classes of `model`: picklists, mailboxes, duplicates and tags."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from engine.addresses import comparable
from engine.config.connections import ENTRA, ExchangeSource, GraphSource
from engine.config.document import Document
from engine.config.mailbox import ENTITIES, Mailbox, NoteDefaults, Notice, ReplyPolicy, TicketDefaults, TimeDefaults, Token
from engine.config.model import Criterion, Handling, Picklists, Tag, Tags
from engine.config.phrases import tags_of
from engine.errors import Problem
from engine.quantity import parse_characters, parse_duration

T = TypeVar("T")


def build_picklists(document: Document) -> Picklists:
    data = document.data
    statuses = data["statuses"]
    complete = frozenset(status["name"] for status in statuses if status.get("complete"))
    names = [status["name"] for status in statuses]
    for index, name in enumerate(names):
        if name in names[:index]:
            document.problems.append(
                Problem(document.where("statuses", index), f"the status '{name}' stands twice", "remove one")
            )
    if not complete:
        document.problems.append(
            Problem(document.where("statuses"), "no status is complete", "add `complete: true` to the one that ends work")
        )
    queues = [{"name": one} if isinstance(one, str) else one for one in data["queues"]]
    return Picklists(
        queues=tuple(queue["name"] for queue in queues),
        statuses=tuple(names),
        complete=complete,
        priorities=tuple(data["priorities"]),
        sources=tuple(data.get("sources", ())),
        issue_types={name: tuple(subs) for name, subs in data.get("issue_types", {}).items()},
        roles=tuple(data.get("roles", ())),
        work_types=tuple(data.get("work_types", ())),
        note_types=tuple(data.get("note_types", ())),
        approvals=tuple(data.get("approvals", ())),
        inactive={
            kind: frozenset(one["name"] for one in entries if not one.get("active", True))
            for kind, entries in (("queues", queues), ("statuses", statuses))
        },
    )


def build_mailbox(identity: str, document: Document) -> Mailbox:
    """`document` has what it extends merged in."""
    data = document.data
    defaults = data.get("defaults", {})
    notify = data.get("notify", {})
    token = data.get("token")
    return Mailbox(
        id=identity,
        name=data["name"],
        address=comparable(data["address"]),
        aliases=tuple(map(comparable, data.get("aliases", ()))),
        active=data.get("active", True),
        kind=data.get("kind", "custom"),
        source=_source(data.get("source", {})),
        creates=frozenset(data.get("creates", ENTITIES)),
        token=Token(token["id"], token["password"]) if token else None,
        extract=dict(data.get("extract", {})),
        ticket=_ticket_defaults(defaults.get("ticket", {})),
        notes={
            "ticket_note": _note_defaults(defaults.get("ticket_note", {})),
            "project_note": _note_defaults(defaults.get("project_note", {"publish": "internal"})),
            "task_note": _note_defaults(defaults.get("task_note", {"publish": "internal"})),
        },
        times={
            "ticket_time_entry": TimeDefaults(**defaults.get("ticket_time_entry", {})),
            "task_time_entry": TimeDefaults(**defaults.get("task_time_entry", {})),
        },
        created=_notice(document, notify, "created"),
        noted=_notice(document, notify, "noted"),
        failed=_notice(document, notify, "failed"),
        notify_via=notify.get("via", "sending"),
        notify_from=notify.get("from") or f"{data['name']} <{data['address']}>",
        extends=data.get("extends"),
        positions=document.values,
    )


def _source(data: dict[str, Any]) -> ExchangeSource | GraphSource | None:
    if "graph" in data:
        graph = data["graph"]
        return GraphSource(
            tenant=graph["tenant"],
            client_id=graph["client_id"],
            client_secret=graph.get("client_secret"),
            certificate=graph.get("certificate"),
            endpoint=graph.get("endpoint", "https://graph.microsoft.com/v1.0").rstrip("/"),
            authority=graph.get("authority", ENTRA).rstrip("/"),
            **_folders(graph),
        )
    if "exchange" not in data:
        return None
    exchange = data["exchange"]
    return ExchangeSource(
        endpoint=exchange.get("endpoint"),
        auth=exchange.get("auth", "ntlm"),
        access=exchange.get("access"),
        username=exchange.get("username"),
        password=exchange.get("password"),
        tenant=exchange.get("tenant"),
        client_id=exchange.get("client_id"),
        client_secret=exchange.get("client_secret"),
        certificate=exchange.get("certificate"),
        token_url=exchange.get("token_url"),
        **_folders(exchange),
    )


def _folders(data: dict[str, Any]) -> dict[str, Any]:
    return {
        "folder": data.get("folder", "Inbox"),
        "processed": data.get("processed"),
        "failed": data.get("failed"),
        "every": parse_duration(data.get("every", "60 seconds")),
        "mailbox": _optional(data, "mailbox", comparable),
    }


def _optional(data: dict[str, Any], key: str, convert: Callable[[str], T]) -> T | None:
    return convert(data[key]) if key in data else None


def _ticket_defaults(data: dict[str, Any]) -> TicketDefaults:
    plain = {key: value for key, value in data.items() if key not in ("due", "tags")}
    return TicketDefaults(due=_optional(data, "due", parse_duration), tags=tuple(data.get("tags", ())), **plain)


def _note_defaults(data: dict[str, Any]) -> NoteDefaults:
    def policy(key: str) -> ReplyPolicy:
        reply = data.get(key, {})
        within: timedelta | None = _optional(reply, "reopen_within", parse_duration)
        return ReplyPolicy(reply.get("status"), reply.get("reopen", False), within, reply.get("publish"))

    return NoteDefaults(data.get("type"), data.get("publish", "all"), policy("from_customer"), policy("from_resource"))


def _notice(document: Document, notify: dict[str, Any], key: str) -> Notice | None:
    if key not in notify:
        return None
    return Notice(tuple(notify[key]["to"]), notify[key]["template"], document.where("notify", key))


def build_duplicates(document: Document) -> tuple[Criterion, ...]:
    return tuple(
        Criterion(
            name=entry["name"],
            mailboxes=frozenset(entry["mailboxes"]) if "mailboxes" in entry else None,
            same=tuple(entry.get("same", ())),
            similar=dict(entry.get("similar", {})),
            within=_optional(entry, "within", parse_duration),
            when_open=Handling(document.where("duplicates", index, "when_open"), **entry["when_open"]),
            when_complete=Handling(document.where("duplicates", index, "when_complete"), **entry["when_complete"]),
            position=document.where("duplicates", index),
        )
        for index, entry in enumerate(document.data["duplicates"])
    )


def build_tags(document: Document) -> Tags:
    data = document.data
    tags: dict[str, Tag] = {}
    for index, entry in enumerate(data["tags"]):
        position = document.where("tags", index)
        tag = Tag(entry["label"], tuple(entry.get("aliases", ())), entry.get("match", True), entry.get("active", True), position)
        if tag.label in tags:
            document.problems.append(
                Problem(position, f"the tag '{tag.label}' stands twice", f"first in line {tags[tag.label].position.line}")
            )
        tags[tag.label] = tag
    shortest = parse_characters(data.get("shortest", "3 characters"))
    return tags_of(tuple(tags.values()), shortest, data.get("most_per_ticket", 30))
