"""Random rules that wait, run as they are due between random mail: `plan`, going through it once more, finds each mail and each rule as it was.

`python -m tools.waits --seconds 600 --seed 7`. Says the first difference.
"""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from engine.config.load import load_config
from engine.decide.setup import Setup, prepare
from engine.mail.parse import parse_message
from engine.plan.replay import decide_again, replay_recorded
from engine.plan.waiting import Side
from engine.processing import Processor
from engine.state.past import PastState, read_recorded, recorded
from engine.state.sqlite import SqliteState
from engine.state.stored import read_kept
from engine.store.database import open_database
from engine.waiting import run_due
from tools.hostile import over_seeds, search, with_rules

STATUSES = ["New", "In progress", "Done", "Customer answered"]
PRIORITIES = ["Low", "Normal", "High", "Urgent"]
CONDITIONS = [
    *(f'status {verb} "{one}"' for one in STATUSES for verb in ("is", "is not")),
    *(f'priority {verb} "{one}"' for one in PRIORITIES for verb in ("is", "is not")),
    "ticket.assigned is empty",
    'ticket has tag "VPN"',
]
ACTIONS = [
    *(f'set status to "{one}"' for one in STATUSES),
    *(f'set priority to "{one}"' for one in PRIORITIES),
    'add tag "VPN"',
    'remove tag "VPN"',
    "assign to joost",
    "notify resource lotte using urgent",
    'add note "x" as internal',
    'create ticket "more"',
]
START = datetime(2026, 11, 2, 8, tzinfo=UTC)


def compare(seed: int, folder: Path) -> list[str]:
    """What is found otherwise, with the rules."""
    dice = random.Random(seed)
    rules = "\n".join(_rule(dice, number) for number in range(dice.randint(2, 7)))
    try:
        setup = prepare(load_config(with_rules(folder, rules)))
    finally:
        shutil.rmtree(folder)
    connection = open_database(None)
    end = _live(dice, connection, setup) + timedelta(days=1)
    _run(connection, setup, end)
    return [f"seed {seed}, {one}\n{rules}" for one in _again(connection, setup, end)][:1]


def _rule(dice: random.Random, number: int) -> str:
    event = dice.choice(["ticket created", "ticket updated", "ticket note created"])
    when = f"after {dice.choice([5, 10, 30, 60, 90])} minutes from {event}" if dice.random() < 0.7 else f"on {event}"
    condition = f" {dice.choice(['and', 'or'])} ".join(dice.sample(CONDITIONS, dice.randint(1, 2)))
    asked = f"  when {condition}\n" if dice.random() < 0.7 else ""
    return f'rule "r{number}"\n  {when}\n{asked}  then {" ".join(dice.sample(ACTIONS, dice.randint(1, 3)))}\n'


def _live(dice: random.Random, connection: sqlite3.Connection, setup: Setup) -> datetime:
    """Mail comes, and between it whatever is due is run at its very time. Gives the time of the last."""
    processor, now = Processor(connection, setup), START
    for number in range(dice.randint(3, 14)):
        now += timedelta(minutes=dice.choice([0, 1, 4, 5, 10, 29, 31, 60, 200]), seconds=dice.choice([0, 0, 7]))
        _run(connection, setup, now)
        sender, subject, body = "carmen@olivar.example", f"Thing {number} {chr(97 + number) * 7}", "hello"
        # Also of those that rules made.
        numbers = [one for (one,) in connection.execute("SELECT number FROM tickets ORDER BY number")]
        if numbers and dice.random() < 0.6:
            subject = f"Re: {dice.choice(numbers)} {number}"
            if dice.random() < 0.5:
                sender, body = "lotte@harbourhill.example", f"#T=0.5 #S={dice.choice(STATUSES)}\nok"
        raw = (
            f"From: {sender}\r\nTo: help@harbourhill.example\r\nSubject: {subject}\r\nMessage-ID: <{number}@waits>\r\n"
            f"Authentication-Results: mx.harbourhill.example; dmarc=pass\r\n\r\n{body}\r\n"
        )
        processor.take(raw.encode(), str(number), "help", now)
    return now


def _run(connection: sqlite3.Connection, setup: Setup, until: datetime) -> None:
    while True:
        ((due,),) = connection.execute("SELECT MIN(due_at) FROM waiting_rules WHERE status = 'waiting'").fetchall()
        if due is None or datetime.fromisoformat(due) > until:
            return
        list(run_due(connection, setup, datetime.fromisoformat(due)))


def _again(connection: sqlite3.Connection, setup: Setup, end: datetime) -> Iterator[str]:
    side = Side(setup, SqliteState(connection, setup.config))
    for one in read_recorded(connection, recorded(connection, None, None)[0], setup.passwords):
        side.run(one.received_at)
        again = decide_again(parse_message(one.raw), one, setup, PastState(connection, setup.config, one))
        kept = connection.execute("SELECT decision FROM messages WHERE id = ?", (one.id,)).fetchone()[0]
        then, now = read_kept(kept, one.id), json.loads(again.as_json())
        differ = [key for key in then if then[key] != now[key]]
        if differ:
            yield f"message {one.id}: {', '.join(f'{key} {now[key]}, not {then[key]}' for key in differ)}"
        side.add(one.id, again)
    side.run(end)
    found = Counter((rule, "ran" if effect else "dropped") for (_, rule), effect in side.ran.items())
    rows = connection.execute("SELECT rule, status FROM waiting_rules WHERE because <> 'the ticket was updated again'").fetchall()
    if found != Counter(rows):
        yield f"rules {found - Counter(rows)}, not {Counter(rows) - found}"
    plan = replay_recorded(connection, recorded(connection, None, None)[0], setup, setup, lambda: None)
    hits = Counter(rule for (rule,) in connection.execute("SELECT rule FROM rule_hits"))
    hits.update(rule for rule, status in rows if status == "ran")
    if plan.changed or plan.before != hits or plan.after != hits:
        yield f"plan: {len(plan.changed)} changes; {plan.before - hits}, not {hits - plan.before}"


if __name__ == "__main__":
    search(__doc__, over_seeds(compare), "lives of tickets", "found otherwise")
