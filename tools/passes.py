"""Random workflow rules: postroom must run those, in that order, that `behaviour.md` 7 says, and no warning may be a false one.

`python -m tools.passes --seconds 600 --seed 7`. Conditions are evaluated and passes are run here as plainly as can be, without atoms,
automata or durable-rules; nothing of `engine/` is used for it.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from engine.analysis.report import analyse
from engine.config.load import load_config
from engine.config.model import Config
from engine.decide.setup import prepare
from engine.processing import Processor
from engine.store.database import open_database
from engine.waiting import run_due
from tools.hostile import over_seeds, search
from tools.random_rules import CHOICES, EVENTS, TAGS, WORDS, Condition, Rule, some_rules, text, write

OPENED = {"queue": "Front", "status": "New", "priority": "Normal", "issue type": None, "completed": None}
MOST_UPDATES = 5
Ticket = dict[str, Any]


def holds(condition: Condition | None, ticket: Ticket) -> bool:
    if condition is None:
        return True
    what, *rest = condition
    match what:
        case "not":
            return not holds(rest[0], ticket)
        case "and":
            return all(holds(one, ticket) for one in rest)
        case "or":
            return any(holds(one, ticket) for one in rest)
        case "contains":
            return rest[0] in ticket["subject"]
        case "is" | "in":
            return ticket[rest[0]] in rest[1:]
        case "empty":
            return ticket[rest[0]] is None
        case "changed":
            return bool(ticket[rest[0]] != ticket["was"][rest[0]])
        case "becomes":
            return rest[1] == ticket[rest[0]] != ticket["was"][rest[0]]
        case "reopened":
            return ticket["was"]["status"] == "Done" != ticket["status"]
        case "quiet":
            return bool(ticket["quiet"] >= timedelta(minutes=rest[0]))
    return rest[0] in ticket["tags"]


def run_pass(rules: list[Rule], event: str, ticket: Ticket, ran: list[str], now: datetime) -> bool:
    """Whether it changed the ticket. Every rule runs once at most for a message."""
    before = {**ticket, "tags": list(ticket["tags"])}
    for rule in rules:
        if rule.event != event or rule.after or rule.name in ran or not holds(rule.condition, ticket):
            continue
        ran.append(rule.name)
        act(rule, ticket, now)
        if ("stop", "", "") in rule.actions:
            break
    return before != ticket


def act(rule: Rule, ticket: Ticket, now: datetime) -> None:
    for what, name, value in rule.actions:
        if what == "set":
            ticket[name] = value
            if name == "status":
                ticket["completed"] = (ticket["completed"] or now) if value == "Done" else None
        elif what == "add" and name not in ticket["tags"]:
            ticket["tags"].append(name)
        elif what == "remove" and name in ticket["tags"]:
            ticket["tags"].remove(name)


def run_rules(rules: list[Rule], event: str, ticket: Ticket, now: datetime) -> tuple[list[str], list[Rule]]:
    """The names of those that run, and those that wait from now on."""
    ran: list[str] = []
    ticket["quiet"], ticket["updated"] = now - ticket["updated"], now
    ticket["was"] = {field: ticket[field] for field in CHOICES}
    updated = changed = run_pass(rules, event, ticket, ran, now)
    passes = 0
    while changed and passes < MOST_UPDATES:
        changed = run_pass(rules, "ticket updated", ticket, ran, now)
        passes += 1
    events = [event, "ticket updated"] if updated else [event]
    return ran, [rule for one in events for rule in rules if rule.after and rule.event == one]


@dataclass
class Desk:
    """The tickets that there are by now, and the rules that wait for them: (when, rule, ticket)."""

    rules: list[Rule]
    tickets: dict[str, Ticket]
    waiting: list[tuple[datetime, Rule, str]]

    def take(self, number: str, subject: str, event: str, now: datetime) -> list[str]:
        ticket = self.tickets.setdefault(number, {**OPENED, "tags": [], "updated": now})
        ticket["subject"] = subject
        ran, waiting = run_rules(self.rules, event, ticket, now)
        # From an update it waits anew.
        again = [rule.name for rule in waiting if rule.event == "ticket updated"]
        self.waiting = [one for one in self.waiting if one[2] != number or one[1].name not in again]
        self.waiting += [(now + timedelta(minutes=rule.after), rule, number) for rule in waiting]
        return ran

    def wait(self, now: datetime) -> list[tuple[str, str, str]]:
        """What becomes of the rules that are due: (rule, ticket, `ran` or `dropped`). None of them makes another run."""
        due = sorted((one for one in self.waiting if one[0] <= now), key=lambda one: one[0])
        self.waiting = [one for one in self.waiting if one[0] > now]
        became = []
        for _, rule, number in due:
            ticket = self.tickets[number]
            ticket["quiet"] = now - ticket["updated"]
            there = holds(rule.condition, ticket)
            if there:
                before = {**ticket, "tags": list(ticket["tags"])}
                act(rule, ticket, now)
                if ticket != before:
                    ticket["updated"] = now
            became.append((rule.name, number, "ran" if there else "dropped"))
        return became


def compare(seed: int, folder: Path) -> list[str]:
    """What differs first, over a few mails that open tickets and answer them; and warnings that are not true."""
    dice = random.Random(seed)
    shutil.rmtree(folder, ignore_errors=True)
    rules = some_rules(dice)
    write(rules, folder / "rules")
    config = load_config(folder / "rules")
    setup, desk = prepare(config), Desk(rules, {}, [])
    with closing(open_database(folder / "p.db")) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        processor = Processor(connection, setup)
        for number in range(5):
            now = datetime(2026, 11, 2, 8, tzinfo=UTC) + timedelta(hours=number)
            finished, due = [(row.rule, row.ticket, one.status) for row, one in run_due(connection, setup, now)], desk.wait(now)
            answers = dice.choice(list(desk.tickets)) if desk.tickets and dice.random() < 0.5 else ""
            subject = f"{answers} {' '.join(dice.sample(WORDS, dice.randint(0, 3)))}".strip() or "x"
            raw = f"From: a@b.example\r\nTo: help@desk.example\r\nSubject: {subject}\r\nMessage-ID: <{number}@x>\r\n\r\nhi\r\n"
            connection.execute("BEGIN")
            decision = processor.take(raw.encode(), f"{number}", "help", now)
            connection.execute("COMMIT")
            assert decision is not None and decision.number is not None
            finished += [(one.rule, decision.number, "") for one in decision.fired]
            event = "ticket note created" if answers else "ticket created"
            due += [(name, decision.number, "") for name in desk.take(decision.number, subject, event, now)]
            stored, ticket = _stored(connection, decision.number), _plain(desk.tickets[decision.number])
            if finished != due or stored != ticket:
                found = f"{finished}, not {due}; {stored}, not {ticket}"
                return [f"seed {seed}, mail {number}, {subject!r}: {found}", *map(text, rules)]
    return [f"seed {seed}, {one}" for one in _false_warnings(dice, rules, config)]


def _plain(ticket: Ticket) -> dict[str, Any]:
    return {name: ticket[name] for name in CHOICES} | {"tags": sorted(ticket["tags"])}


def _stored(connection: sqlite3.Connection, number: str) -> dict[str, Any]:
    row = connection.execute("SELECT queue, status, priority, issue_type FROM tickets WHERE number = ?", (number,)).fetchone()
    tags = connection.execute("SELECT tag FROM ticket_tags WHERE ticket = ? ORDER BY tag", (number,)).fetchall()
    return dict(zip(CHOICES, row, strict=True)) | {"tags": [tag for (tag,) in tags]}


def _false_warnings(dice: random.Random, rules: list[Rule], config: Config) -> Iterator[str]:
    """Rules that a warning says can never run, and that do; conditions that it calls always true, and are not."""
    by_place = {f"workflow/{one.position.file.rpartition('/')[2]}:{one.position.line}": one.name for one in config.rules.rules}
    never, when_new = {}, {}
    for problem in analyse(config):
        name = by_place.get(f"{problem.position.file}:{problem.position.line}", "")
        if "can never run" in problem.message and name:
            never[name] = problem.message
        if problem.code == "PR125":
            file, line = problem.position.file, problem.position.line
            when_new[next(by_place[f"{file}:{at}"] for at in range(line, 0, -1) if f"{file}:{at}" in by_place)] = problem.message
    now = datetime(2026, 11, 2, tzinfo=UTC)
    for _ in range(100 if never or when_new else 0):
        ticket: Ticket = {field: dice.choice([*values, None]) for field, values in CHOICES.items()}
        ticket |= {"subject": " ".join(dice.sample(WORDS, dice.randint(0, 5))), "completed": None}
        ticket["updated"] = now - timedelta(minutes=dice.choice([0, 45, 200]))
        for event in EVENTS:
            start = {**ticket, "tags": dice.sample(TAGS, dice.randint(0, 3))}
            for name in run_rules(rules, event, start, now)[0]:
                if name in never:
                    yield f"{name} runs on {start}: {never[name]}"
                    return
        start = {**OPENED, "subject": ticket["subject"], "tags": [], "updated": now}
        for name in run_rules(rules, "ticket created", start, now)[0]:
            if name in when_new:
                yield f"{name} runs on a new ticket, {start}: {when_new[name]}"
                return


if __name__ == "__main__":
    search(__doc__, over_seeds(compare), "sets of rules", "run otherwise than they should, or told wrongly")
