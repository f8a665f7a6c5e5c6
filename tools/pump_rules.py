"""Desks with thousands of rules of every kind, and messages made of the words that these ask for: where deciding takes time for each
rule that another rule touched, or for each place of a word, this finds it. Part of `make fuzz`; `python -m tools.pump_rules --seconds 600 --seed 7`.

Says what took over two seconds, or more than ten times its size in memory, or ended in quarantine with an error, and exits with 1 then.
"""

from __future__ import annotations

import random
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from tools.hostile import Desk, search, surely, with_rules

SLOW_SECONDS = 2.0
MOST_MEMORY = 50_000_000
RULES = [300, 1_000, 3_000]
MESSAGES = 40  # a desk
WORDS = [f"word{n}" for n in range(1_000)]
COMMON = ["down", "vpn", "a", "e-mail", "x" * 40]
TEXTS = [
    "subject", "body", "sender.name", "sender.address", 'header "Received"', 'header "X-Foo"', "any attachment.name", "any attachment.type", "any link.address", "any link.domain",
    "any recipient.address", "any recipient.domain",
]  # fmt: skip
TICKETS = ["title", "description"]
STATES = {
    "priority": ["Low", "Normal", "High", "Urgent"],
    "queue": ["Front desk", "Second line", "Projects"],
    "status": ["New", "In progress", "Waiting for customer"],
    "issue type": ["Accounts", "Connectivity", "Devices"],
}
TAGS = ["Alert", "VPN", "Printer", "Password", "Outage"]
NUMBERS = ["T20261102.{:04}", "T20261125.{:04}"]
TESTS = [
    'contains "{a}"', 'contains "{a}"', 'contains "{a}"', 'contains any of ("{a}", "{b}", "{c}")', 'contains all of ("{a}", "{b}")',
    'starts with "{a}"', 'ends with "{a}"', 'in ("{a}", "{b}", "{c}")', 'does not contain "{a}"', r"matches /{a}\s+\w+ ({b}|{c})/i",
    "matches /^{a}.*{b}$/m",
]  # fmt: skip
ABOUT_STATES = ['{field} is "{state}"', '{field} is not "{state}"', 'ticket has tag "{tag}"', 'ticket does not have tag "{tag}"']
ACTIONS = [
    'set {field} to "{state}"', 'set {field} to "{state}"', 'add tag "{tag}"', 'remove tag "{tag}"', "assign to joost", "clear assigned",
    'add note "{a}" as internal', "notify contact using urgent",
]  # fmt: skip
OF_MESSAGES = [
    "attribute to organization brightwater",
    "attribute to forwarded sender",
    'attribute to sender in header "Reply-To"',
    "attribute to organization in body",
    "notify sender using not-taken",
]


@dataclass(frozen=True)
class Taste:
    """The rules of one desk resemble each other: what they look at, how, and what they do."""

    event: str
    fields: list[str]
    tests: list[str]
    states: list[str]
    actions: list[str]
    depth: int


def taste(dice: random.Random) -> Taste:
    event = dice.choice(["ticket created"] * 4 + ["ticket updated", "message"])
    some = partial(dice.choices, k=dice.randint(1, 3))
    fields = [*TEXTS, *(TICKETS * 4 if event != "message" else [])]
    states = list(STATES) if event != "message" and dice.random() < 0.7 else []
    return Taste(
        event, some(fields), some(TESTS), states, some(OF_MESSAGES if event == "message" else ACTIONS), dice.randint(0, 2)
    )


def rules(dice: random.Random, count: int) -> str:
    one = taste(dice)
    return "".join(
        f'rule "R{n}" on {one.event} when {condition(dice, one, one.depth)} then {filled(dice, dice.choice(one.actions))}\n'
        for n in range(count)
    )


def condition(dice: random.Random, one: Taste, depth: int) -> str:
    if depth == 0 or dice.random() < 0.3:
        if one.states and dice.random() < 0.4:
            return filled(dice, dice.choice(ABOUT_STATES))
        return f"{dice.choice(one.fields)} {filled(dice, dice.choice(one.tests))}"
    parts = [condition(dice, one, depth - 1) for _ in range(dice.randint(1, 3))]
    return f"{dice.choice(['', '', '', '', 'not '])}({dice.choice([' and ', ' or ']).join(parts)})"


def filled(dice: random.Random, form: str) -> str:
    """With words, a state and a tag in it."""
    a, b, c = dice.choices([*WORDS, *COMMON * 20], k=3)
    field = dice.choice(list(STATES))
    return form.format(a=a, b=b, c=c, field=field, state=dice.choice(STATES[field]), tag=dice.choice(TAGS))


def message(dice: random.Random, number: int, ticket: str) -> bytes:
    """All the words, one of them again and again, or some of each, wherever rules look."""

    def text(size: int) -> str:
        return dice.choice([
            lambda: " ".join(WORDS) + " " + " ".join(COMMON),
            lambda: (dice.choice([*WORDS, *COMMON]) + dice.choice(["", " ", "\r\n "])) * (size // 10),
            lambda: " ".join(dice.choices([*WORDS, *COMMON], k=size // 8)),
            lambda: " ".join(dice.choice(NUMBERS).format(n) for n in range(min(size // 15, 5_000))),
        ])()[:size]  # fmt: skip

    fields = [
        f"From: {dice.choice(['Maya', text(150).replace(',', '')])} <{dice.choice(['maya@brightwater.example', 'x@nowhere.example'])}>",
        f"To: help@harbourhill.example, {', '.join(f'{one}@brightwater.example' for one in dice.choices(WORDS, k=dice.choice([0, 0, 1000])))}",
        f"Subject: {dice.choice(['', f'Re: {ticket} '])}{text(dice.choice([50, 3_000, 60_000]))}",
        f"Message-ID: <{number}@rules>",
        f"References: {' '.join(f'<{n}@r>' for n in range(dice.choice([0, 3_000])))}",
        *(f"{name}: {text(dice.choice([50, 1_000]))}" for name in ("Received", "X-Foo") for _ in range(dice.choice([0, 1, 900]))),
    ]
    body = text(dice.choice([100, 10_000, 300_000]))
    if dice.random() < 0.3:
        body = f"-----Original Message-----\r\nFrom: lotte@harbourhill.example\r\nTo: x@y.example\r\nSubject: {text(100)}\r\n\r\n{body}"
    if dice.random() < 0.3:
        words = iter(text(100_000).split())
        body += "".join(f"\r\nhttps://{word}.example/{word}" for word in islice(words, dice.choice([10, 5_000])))
    if dice.random() < 0.5:
        files = "".join(f'--b\r\nContent-Type: a/b; name="{text(150)}"\r\n\r\n{n}\r\n' for n in range(dice.choice([1, 480])))
        fields.append("Content-Type: multipart/mixed; boundary=b")
        body = f"--b\r\n\r\n{body}\r\n{files}--b--"
    return ("\r\n".join(fields) + f"\r\n\r\n{body}\r\n").encode()


def desk(dice: random.Random, folder: Path, count: int) -> Desk:
    """The shipped configuration with such rules instead of its own."""
    return Desk(with_rules(folder, rules(dice, count)))


def pump(seconds: float, seed: int) -> tuple[int, list[str]]:
    """(how many messages, what is wrong)."""
    dice = random.Random(seed)
    wrong: list[str] = []
    count, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        with tempfile.TemporaryDirectory() as folder:
            many = dice.choice(RULES)
            one = desk(dice, Path(folder) / "rules", many)
            for _ in range(MESSAGES):
                count += 1
                raw = message(dice, count, one.ticket)
                try:
                    _, took, memory = surely(SLOW_SECONDS, MOST_MEMORY, one.throw, raw)
                except AssertionError as failed:
                    wrong.append(f"{failed}: message {count} of seed {seed}, {many} rules"[:600])
                    continue
                if took > SLOW_SECONDS or memory > max(MOST_MEMORY, 10 * len(raw)):
                    wrong.append(f"{took:.1f} s, {memory:,} bytes for {len(raw):,}: message {count} of seed {seed}, {many} rules")
    return count, wrong


if __name__ == "__main__":
    search(__doc__, pump, "messages to rules by the thousand", "slow, too large or failed")
