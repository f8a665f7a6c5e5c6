"""A service desk for `tools.worlds`: what its configuration says, a random one, and its files."""

from __future__ import annotations

import csv
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

PUBLIC = "gmail.com"
STATUSES = {"New": False, "Open": False, "Answered": False, "Done": True, "Closed": True}  # and whether they are complete
ROLES, APPROVALS = ("Engineer",), ("Approved", "Rejected")

KINDS = ("auto_reply", "auto_generated", "mailing_list")
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


@dataclass
class Reply:
    """`from_customer` and `from_resource`. `within` in hours."""

    status: str | None
    reopen: Any
    within: int | None
    publish: str | None = None


@dataclass
class Desk:
    """A configuration. Organizations: id to (domains, parent, active)."""

    organizations: dict[str, tuple[list[str], str, bool]]
    contacts: list[tuple[str, str, list[str], bool]]  # id, organization, addresses by level, active
    resources: list[tuple[str, str, list[str], bool]]  # id, address, aliases, active
    tasks: dict[str, str]  # number to organization
    projects: dict[str, str]
    unattributed: str
    loop: tuple[int, int] | None  # messages, minutes
    alike: list[str]
    spared: list[str]
    automatic: dict[str, str]
    private: str
    several: str
    trusts: bool  # a server whose word says who is authenticated
    needs: str
    create_contact: bool
    creates: set[str]
    customer: Reply
    resource: Reply
    duplicates: list[dict[str, Any]]


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
        loop=dice.choice([None, (1, 10), (2, 10), (3, 5), (2, 900), (3, 9_000)]),
        alike=dice.choice([["sender", "subject"], ["sender"], ["subject", "body"]]),
        spared=dice.choice([[], ["ana@a.example"]]),
        automatic={kind: dice.choice(policies) for kind in KINDS},
        private=dice.choice(["ignore", "process"]),
        several=dice.choice(["each", "first"]),
        trusts=dice.random() < 0.5,
        needs=dice.choice(["pass", "none"]),
        create_contact=dice.random() < 0.5,
        creates=set(CREATES if dice.random() < 0.6 else dice.sample(CREATES, dice.randint(1, 5))),
        customer=reply(),
        resource=resource,
        duplicates=[_criterion(dice) for _ in range(dice.randint(0, 2))],
    )


def change(desk: Desk, brought: list[str], dice: random.Random) -> None:
    """Somebody comes, leaves or moves to another customer; one whom mail brought is entered; a customer leaves; the desk thinks better of it."""
    what = dice.choice(["comes", "leaves", "moves", "is entered", "customer leaves", "resource leaves", "policy"])
    if what == "policy":
        other = a_desk(dice)
        for name in dice.sample(
            ["unattributed", "loop", "alike", "spared", "automatic", "private", "several", "trusts", "needs"], 3
        ):
            setattr(desk, name, getattr(other, name))
        for name in dice.sample(["create_contact", "creates", "customer", "resource", "duplicates"], 2):
            setattr(desk, name, getattr(other, name))
    elif what in ("comes", "is entered"):
        first = dice.choice(brought) if brought and what == "is entered" else dice.choice(PEOPLE)
        addresses = [*dice.sample([first, dice.choice([one for one in PEOPLE if one != first])], 2), ""]
        desk.contacts.append((f"k{len(desk.contacts)}", dice.choice("aabcde"), addresses, True))
    elif what == "customer leaves":
        name = dice.choice([one for one in desk.organizations if one != "desk"])
        domains, parent, active = desk.organizations[name]
        desk.organizations[name] = (domains, parent, not active)
    elif what == "resource leaves" and desk.resources:
        at = dice.randrange(len(desk.resources))
        name, own, aliases, active = desk.resources[at]
        desk.resources[at] = (name, own, aliases, not active)
    elif desk.contacts:
        at = dice.randrange(len(desk.contacts))
        name, owner, addresses, active = desk.contacts[at]
        moves = what == "moves"
        desk.contacts[at] = (name, dice.choice("abcde") if moves else owner, addresses, active if moves else not active)


def _criterion(dice: random.Random) -> dict[str, Any]:
    found: dict[str, Any] = {
        "same": dice.choice([["title"], ["contact", "title"], ["title", "description"], ["sender"]]),
        "within": dice.choice([None, 20, 90, 3_000, 6_000]),
        "when_open": dice.choice(
            [{"do": "append_note", "count": True}, {"do": "discard", "count": True}, {"do": "create", "link": True}]
        ),
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
    settings |= {"sender_authentication": {"trust": ["mx.desk.example"] if desk.trusts else [], "indicators_need": desk.needs}}
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
    (root / "duplicates.yaml").unlink(missing_ok=True)
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
