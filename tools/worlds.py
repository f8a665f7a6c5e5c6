"""Random service desks and random mail: postroom must do what `tools.model` says.

`python -m tools.worlds --seconds 600 --seed 7`. Each world is a configuration, a database and some thirty mails; what differs is told.
"""

from __future__ import annotations

import csv
import os
import random
import shutil
import sqlite3
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from engine.config.load import load_config
from engine.decide.decision import Decision
from engine.decide.setup import prepare
from engine.processing import Processor
from engine.store.database import open_database
from tools.hostile import search
from tools.model import APPROVALS, PUBLIC, ROLES, STATUSES, Became, Desk, Entity, Mail, Model, Reply

# `eu.a.example` is another's than `a.example`; `shared.example` is nobody's, for two list it; `b` belongs to `a`; `d` is inactive.
ORGANIZATIONS = {
    "desk": (["desk.example"], "", True),
    "a": (["a.example", "shared.example"], "", True),
    "b": (["b.example"], "a", True),
    "c": (["c.example", "eu.a.example", "shared.example"], "", True),
    "d": (["d.example"], "", False),
    "e": ([PUBLIC], "c", True),
}
PEOPLE = [
    "ana@a.example", "bob@a.example", "ana@eu.a.example", "zoe@x.eu.a.example", "bob@b.example", "cat@c.example", "cat@gmail.com",
    "dan@d.example", "tom@desk.example", "sue@desk.example", "eve@nowhere.example", "sam@shared.example",
]  # fmt: skip
CREATES = ["ticket", "ticket_note", "ticket_time_entry", "task_note", "task_time_entry", "project_note"]
KINDS = {
    "auto_reply": "Auto-Submitted: auto-replied\r\n",
    "auto_generated": "Auto-Submitted: auto-generated\r\n",
    "mailing_list": "List-Id: <l.x.example>\r\n",
}
FIRST = [
    {"T": "0.5"}, {"T": "0:30", "R": "Engineer"}, {"T": "90m", "S": "Done"}, {"S": "Done"}, {"A": "Approved"}, {"T": "25"}, {"T": "0.5", "S": "Gone"},
    {"T": "0.5", "R": "Cook"}, {"A": "Rejected", "T": "0.5"}, {"A": "Maybe"}, {"T": "0.5", "S": "Open"},
]  # fmt: skip


def a_desk(dice: random.Random) -> Desk:
    def reply() -> Reply:
        return Reply(
            dice.choice([None, "Answered", "Open"]), dice.choice([True, False, "new_linked"]), dice.choice([None, 2]), None
        )

    contacts = []
    for number in range(dice.randint(2, 9)):
        addresses = dice.sample(PEOPLE, dice.randint(1, 3))
        contacts.append((f"k{number}", dice.choice("aabcde"), [*addresses, *[""] * (3 - len(addresses))], dice.random() < 0.85))
    resources = []
    for number in range(dice.randint(0, 3)):
        own, alias = dice.sample(["tom@desk.example", "sue@desk.example", "ana@a.example", "bob@b.example"], 2)
        resources.append((f"r{number}", own, [alias] * dice.randint(0, 1), dice.random() < 0.8))
    organizations = {
        name: (domains, parent, active and (name == "desk" or dice.random() < 0.9))
        for name, (domains, parent, active) in ORGANIZATIONS.items()
    }
    resource = reply()
    resource.publish = dice.choice([None, "internal", "all"])
    policies = ["process", "ignore", "note_or_ignore", "quarantine"]
    return Desk(
        organizations=organizations,
        contacts=contacts,
        resources=resources,
        tasks={"T20260901.0701": "a", "T20260901.0702": "c"},
        projects={"P20260901.0001": "a"},
        unattributed=dice.choice(["none", "desk"]),
        loop=dice.choice([None, (1, 10), (2, 10), (3, 5)]),
        alike=dice.choice([["sender", "subject"], ["sender"], ["subject", "body"]]),
        spared=dice.choice([[], ["ana@a.example"]]),
        automatic={kind: dice.choice(policies) for kind in KINDS},
        private=dice.choice(["ignore", "process"]),
        several=dice.choice(["each", "first"]),
        create_contact=dice.random() < 0.5,
        creates=set(CREATES if dice.random() < 0.6 else dice.sample(CREATES, dice.randint(1, 5))),
        customer=reply(),
        resource=resource,
        duplicates=[_criterion(dice) for _ in range(dice.randint(0, 2))],
    )


def _criterion(dice: random.Random) -> dict[str, Any]:
    found: dict[str, Any] = {
        "same": dice.choice([["title"], ["contact", "title"], ["title", "description"], ["sender"]]),
        "within": dice.choice([None, 20, 90]),
        "when_open": dice.choice([{"do": "append_note", "count": True}, {"do": "discard"}, {"do": "create", "link": True}]),
        "when_complete": dice.choice(
            [{"do": "append_note"}, {"do": "discard"}, {"do": "create"}, {"do": "reopen", "status": "Open", "count": True}]
        ),
    }
    return found | ({"mailboxes": ["help"]} if dice.random() < 0.3 else {})


def write(desk: Desk, root: Path) -> None:
    """The desk as a configuration."""

    def dump(name: str, data: dict[str, Any]) -> None:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump({"version": 1, **data}, sort_keys=False))

    def table(name: str, columns: list[str], rows: list[list[str]]) -> None:
        path = root / "directory" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([columns, *rows])

    def active(yes: bool) -> str:
        return "yes" if yes else "no"

    settings: dict[str, Any] = {
        "name": "Desk",
        "timezone": "UTC",
        "private_mail": desk.private,
        "several_mailboxes": desk.several,
    }
    settings |= {"organizations": {"local": "desk", "unattributed": desk.unattributed}, "automatic_mail": desk.automatic}
    settings |= {"sender_authentication": {"trust": [], "indicators_need": "none"}}
    if desk.loop:
        messages, minutes = desk.loop
        settings["loop_protection"] = {
            "messages": messages,
            "window": f"{minutes} minutes",
            "alike": desk.alike,
            "except": desk.spared,
        }
    dump("settings.yaml", settings)
    picklists = {"queues": ["Q"], "priorities": ["Normal"], "sources": ["Email"], "issue_types": {}, "work_types": ["Work"]}
    picklists |= {
        "statuses": [{"name": name, "complete": complete} for name, complete in STATUSES.items()],
        "note_types": ["Mail"],
    }
    dump("picklists.yaml", picklists | {"roles": list(ROLES), "approvals": list(APPROVALS)})
    ticket = {"queue": "Q", "status": "New", "priority": "Normal", "source": "Email", "create_contact": desk.create_contact}
    notes = {"type": "Mail", "publish": "all", "from_customer": _policy(desk.customer), "from_resource": _policy(desk.resource)}
    defaults: dict[str, Any] = {"ticket": ticket, "ticket_note": notes}
    for name in ("help", "sales"):
        mailbox = {"name": name, "address": f"{name}@desk.example", "creates": [one for one in CREATES if one in desk.creates]}
        dump(f"mailboxes/{name}.yaml", mailbox | {"defaults": defaults})
    if desk.duplicates:
        criteria = [{"name": f"d{number}", **one} for number, one in enumerate(desk.duplicates)]
        for one in criteria:
            one["within"] = f"{one['within']} minutes" if one["within"] else None
        dump("duplicates.yaml", {"duplicates": [{key: value for key, value in one.items() if value} for one in criteria]})
    table(
        "organizations.csv",
        ["id", "name", "domains", "classification", "parent", "active"],
        [[name, name, ";".join(domains), "", parent, active(yes)] for name, (domains, parent, yes) in desk.organizations.items()],
    )
    table(
        "contacts.csv",
        ["id", "organization", "first_name", "last_name", "email", "email2", "email3", "active"],
        [[name, owner, "F", "L", *addresses, active(yes)] for name, owner, addresses, yes in desk.contacts],
    )
    table(
        "resources.csv",
        ["id", "name", "email", "aliases", "role", "active"],
        [[name, name, own, ";".join(aliases), ROLES[0], active(yes)] for name, own, aliases, yes in desk.resources],
    )
    table(
        "projects.csv",
        ["number", "name", "organization", "active"],
        [[one, "p", owner, "yes"] for one, owner in desk.projects.items()],
    )
    table(
        "tasks.csv",
        ["number", "project", "title", "organization", "status"],
        [[one, next(iter(desk.projects)), "t", owner, "New"] for one, owner in desk.tasks.items()],
    )


def _policy(reply: Reply) -> dict[str, Any]:
    within = f"{reply.within} hours" if reply.within else None
    found = {"status": reply.status, "reopen": reply.reopen, "reopen_within": within, "publish": reply.publish}
    return {key: value for key, value in found.items() if value is not None}


def a_mail(dice: random.Random, number: int, at: datetime, sent: list[Mail], known: list[Entity]) -> Mail:
    address = dice.choice(PEOPLE) if dice.random() < 0.98 else "help@desk.example"
    if dice.random() < 0.15:
        address = address.replace("@", "+x@")
    numbers = [one.number for one in known] + ["T20251101.0009"]
    ids = [one.message_id for one in sent] + ["nobody@x"]
    return Mail(
        message_id=f"{number}@m",
        sender=address.upper() if dice.random() < 0.1 else address,
        title=dice.choice(["Printer", "VPN down", "Question", "Re: Printer", "AW: Re: VPN  down"]),
        body=dice.choice(["one", "two"]),
        date=at,
        at=at,
        mailbox=dice.choice(["help", "help", "sales"]),
        numbers=[dice.choice(numbers) for _ in range(dice.choice([0, 0, 1, 1, 2]))],
        in_reply_to=[dice.choice(ids)] if dice.random() < 0.25 else [],
        references=[dice.choice(ids) for _ in range(dice.randint(1, 3))] if dice.random() < 0.2 else [],
        cc=dice.sample(PEOPLE, 2) if dice.random() < 0.3 else [],
        first=dice.choice(FIRST) if dice.random() < 0.25 else {},
        kind=dice.choice(list(KINDS)) if dice.random() < 0.12 else "",
        private=dice.random() < 0.03,
    )


def raw(mail: Mail) -> bytes:
    head = f"From: {mail.sender}\r\nTo: {mail.mailbox}@desk.example\r\nMessage-ID: <{mail.message_id}>\r\n"
    head += f"Subject: {' '.join([mail.title, *(f'[#{one}]' for one in mail.numbers)])}\r\nDate: {mail.date:%a, %d %b %Y %H:%M:%S} +0000\r\n"
    head += "".join(f"Cc: {', '.join(mail.cc)}\r\n" for _ in mail.cc[:1]) + "".join(
        f"In-Reply-To: <{one}>\r\n" for one in mail.in_reply_to
    )
    head += f"References: {' '.join(f'<{one}>' for one in mail.references)}\r\n" if mail.references else ""
    head += KINDS.get(mail.kind, "") + "Sensitivity: private\r\n" * mail.private
    first = " ".join(f"#{key}={value}" for key, value in mail.first.items())
    return f"{head}\r\n{first}{chr(10) if first else ''}{mail.body}\r\n".encode()


def differences(decision: Decision | None, became: Became | None, connection: sqlite3.Connection) -> list[str]:
    """What postroom did and the model did not say."""
    if decision is None or became is None:
        return [] if decision is became is None else [f"processed: {decision is not None}, not {became is not None}"]
    if became.entity is not None and became.outcome == "created" == decision.outcome:
        became.entity.number = decision.number or ""
    sender = decision.sender
    pairs: list[tuple[str, Any, Any]] = [
        ("outcome", decision.outcome, became.outcome),
        ("reason", decision.reason, became.reason),
    ]
    if became.who is not None and sender is not None:
        pairs.append(("sender", (sender.kind, sender.id, sender.organization), became.who))
    if became.outcome in ("created", "appended"):
        pairs.append(("entity", decision.entity, became.what))
    entity = became.entity
    if entity is not None:
        if became.outcome in ("appended", "duplicate"):
            pairs.append(("target", decision.number, entity.number))
        row = connection.execute(
            f"SELECT status{', occurrences, approval' * (entity.kind == 'ticket')} FROM {entity.kind}s WHERE number = ?",
            (entity.number,),
        ).fetchone() if entity.kind != "project" else ()  # fmt: skip
        pairs.append(("row", row, (entity.status, entity.occurrences, entity.approval)[: len(row or ())]))
        people = connection.execute("SELECT contact FROM additional_contacts WHERE ticket = ?", (entity.number,))
        pairs.append(("additional contacts", {one for (one,) in people}, entity.people))
        related = connection.execute("SELECT related FROM related_tickets WHERE ticket = ?", (entity.number,))
        pairs.append(("related", {one for (one,) in related}, entity.related))
    if became.publish is not None and became.what and became.what.endswith("_note"):
        made = decision.note
        pairs.append(("publish", made.publish if made else None, became.publish))
    return [f"{what}: {found!r}, not {due!r}" for what, found, due in pairs if found != due]


def compare(seed: int, folder: Path) -> list[str]:
    """One world: what differs first, with the mail and the trace."""
    dice = random.Random(seed)
    shutil.rmtree(folder, ignore_errors=True)
    desk = a_desk(dice)
    write(desk, folder / "rules")
    setup, model = prepare(load_config(folder / "rules")), Model(desk)
    sent: list[Mail] = []
    at = datetime(2026, 11, 2, 8, tzinfo=UTC)
    with closing(open_database(folder / "p.db")) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        processor = Processor(connection, setup)
        for number in range(dice.randint(10, 40)):
            at += timedelta(minutes=dice.choice([0, 1, 1, 3, 5, 9, 15, 40, 70, 130]))
            if sent and dice.random() < 0.08:
                again = dice.choice(sent)
                mail = Mail(**{**again.__dict__, "at": at, "mailbox": dice.choice(["help", "sales"])})
            else:
                mail = a_mail(dice, number, at, sent, model.known)
                sent.append(mail)
            tickets = [one for one in model.known if one.kind == "ticket"]
            if tickets and dice.random() < 0.15:
                _set_by_hand(dice.choice(tickets), dice.choice(list(STATUSES)), at, connection)
            connection.execute("BEGIN")
            decision = processor.take(raw(mail), f"{number}", mail.mailbox, mail.at)
            connection.execute("COMMIT")
            found = differences(decision, model.take(mail), connection)
            if found:
                trace = [f"{step.step}: {step.found}" for step in decision.trace] if decision else []
                return [f"seed {seed}, mail {number}: {mail}", *found, *(f"    {one}" for one in trace)]
    return []


def _set_by_hand(ticket: Entity, status: str, at: datetime, connection: sqlite3.Connection) -> None:
    ticket.status, ticket.completed = status, at if STATUSES[status] else None
    moment = f"{ticket.completed:%Y-%m-%dT%H:%M:%SZ}" if ticket.completed else None
    connection.execute("UPDATE tickets SET status = ?, completed_at = ? WHERE number = ?", (status, moment, ticket.number))


def worlds(seconds: float, seed: int) -> tuple[int, list[str]]:
    """How many were compared, and what differed."""
    os.environ["POSTROOM_CACHE"] = "off"
    ends, count, wrong = time.monotonic() + seconds, 0, []
    with tempfile.TemporaryDirectory() as name:
        while time.monotonic() < ends and len(wrong) < 100:
            wrong += compare(seed * 1_000_000 + count, Path(name) / "w")
            count += 1
    return count, wrong


if __name__ == "__main__":
    search(__doc__, worlds, "worlds", "where postroom does not do what the model says")
