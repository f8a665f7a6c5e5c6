"""Workflow rules at random, and a desk to run them: what `tools/passes.py` holds against a model."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

CHOICES = {
    "queue": ["Front", "Back", "Far"],
    "status": ["New", "Open", "Waiting", "Done"],
    "priority": ["Low", "Normal", "High"],
    "issue type": ["A", "B"],
}
TAGS = ["red", "green", "blue"]
WORDS = ["printer", "vpn", "down", "urgent", "toner"]
EVENTS = ["ticket created", "ticket note created", "ticket updated"]
Condition = tuple[Any, ...]


@dataclass
class Rule:
    """`after`: minutes that it waits, or 0. `place`: the file, and where in it. An action is (what, field or tag, value)."""

    name: str
    event: str
    after: int
    priority: int | None
    condition: Condition | None
    actions: list[tuple[str, str, str]]
    place: tuple[int, int]


def a_condition(dice: random.Random, depth: int = 0) -> Condition:
    if depth < 3 and dice.random() < 0.45:
        what = dice.choice(["and", "or", "not"])
        parts = [a_condition(dice, depth + 1) for _ in range(1 if what == "not" else dice.randint(2, 3))]
        return (what, *parts)
    field = dice.choice(list(CHOICES))
    return dice.choice(
        [
            ("contains", dice.choice(WORDS)),
            ("is", field, dice.choice(CHOICES[field])),
            ("is", field, dice.choice(CHOICES[field])),
            ("in", field, *dice.sample(CHOICES[field], 2)),
            ("empty", field),
            ("tag", dice.choice(TAGS)),
            ("changed", field),
            ("becomes", field, dice.choice(CHOICES[field])),
            ("reopened",),
            ("quiet", dice.choice([30, 60, 90, 150])),
        ]
    )


def words(condition: Condition) -> str:
    what, *rest = condition
    match what:
        case "not":
            return f"not ({words(rest[0])})"
        case "and" | "or":
            return f"({f' {what} '.join(map(words, rest))})"
        case "contains":
            return f'subject contains "{rest[0]}"'
        case "is":
            return f'{rest[0]} is "{rest[1]}"'
        case "in":
            return f'{rest[0]} in ("{rest[1]}", "{rest[2]}")'
        case "empty":
            return f"{rest[0]} is empty"
        case "changed":
            return f"{rest[0]} changed"
        case "becomes":
            return f'{rest[0]} changed to "{rest[1]}"'
        case "reopened":
            return "ticket.reopened"
        case "quiet":
            return f"ticket.quiet >= {rest[0]} minutes"
    return f'ticket has tag "{rest[0]}"'


def some_rules(dice: random.Random) -> list[Rule]:
    """In the order in which they run."""
    files = dice.randint(1, 3)
    found = []
    for number in range(dice.randint(1, 30)):
        actions = []
        for _ in range(dice.randint(1, 3)):
            field = dice.choice(list(CHOICES))
            tag = (dice.choice(["add", "remove"]), dice.choice(TAGS), "")
            actions.append(("set", field, dice.choice(CHOICES[field])) if dice.random() < 0.7 else tag)
        actions += [("stop", "", "")] * (dice.random() < 0.15)
        after, event = dice.choice([10, 60, 90]) if dice.random() < 0.2 else 0, dice.choice(EVENTS)
        condition = a_condition(dice)
        # The message is long gone when a rule has waited; and what is new has changed in nothing.
        while (after and "subject" in words(condition)) or (
            (after or event == "ticket created") and ("changed" in words(condition) or "reopened" in words(condition))
        ):
            condition = a_condition(dice)
        place, priority = (dice.randrange(files), number), dice.choice([None, None, 1, 5, 10])
        rule = Rule(f"rule {number}", event, after, priority, condition, actions, place)
        found.append(rule if dice.random() < 0.9 else replace(rule, condition=None))
    return sorted(found, key=lambda one: (one.priority is None, one.priority, one.place))


def text(rule: Rule) -> str:
    lines = [f'rule "{rule.name}"', f"  after {rule.after} minutes from {rule.event}" if rule.after else f"  on {rule.event}"]
    if rule.priority is not None:
        lines.insert(1, f"  priority {rule.priority}")
    lines += [f"  when {words(rule.condition)}"] if rule.condition else []
    lines.append("  then")
    for what, name, value in rule.actions:
        lines.append({"set": f'    set {name} to "{value}"', "stop": "    stop"}.get(what, f'    {what} tag "{name}"'))
    return "\n".join([*lines, ""])


def write(rules: list[Rule], root: Path) -> None:
    for folder in ("mailboxes", "directory", "workflow"):
        (root / folder).mkdir(parents=True)
    statuses = ", ".join(f"{{name: {name}, complete: {str(name == 'Done').lower()}}}" for name in CHOICES["status"])
    (root / "settings.yaml").write_text("version: 1\nname: D\norganizations: {local: desk, unattributed: desk}\n")
    (root / "picklists.yaml").write_text(
        f"version: 1\nqueues: [{', '.join(CHOICES['queue'])}]\nstatuses: [{statuses}]\npriorities: [{', '.join(CHOICES['priority'])}]\n"
        "sources: [Email]\nissue_types: {A: [], B: []}\nroles: [R]\nwork_types: [W]\nnote_types: [Mail]\napprovals: []\n"
    )
    (root / "mailboxes/help.yaml").write_text(
        "version: 1\nname: Help\naddress: help@desk.example\ncreates: [ticket, ticket_note]\n"
        "defaults: {ticket: {queue: Front, status: New, priority: Normal, source: Email}}\n"
    )
    (root / "tags.yaml").write_text("version: 1\ntags:\n" + "".join(f"  - {{label: {tag}, match: false}}\n" for tag in TAGS))
    (root / "directory/organizations.csv").write_text(
        "id,name,domains,classification,parent,active\ndesk,Desk,desk.example,,,yes\n"
    )
    (root / "directory/contacts.csv").write_text("id,organization,first_name,last_name,email,email2,email3,active\n")
    (root / "directory/resources.csv").write_text("id,name,email,aliases,role,active\n")
    for file in {one.place[0] for one in rules}:
        mine = sorted((one for one in rules if one.place[0] == file), key=lambda one: one.place)
        (root / f"workflow/{file}.rules").write_text("\n".join(map(text, mine)))
