"""Floods: mail of one kind by the thousand, all within minutes. What is asked of each message may not grow with what the flood brought before.

`python -m bench.floods`, or `make bench`: milliseconds a message for the first thousand and for those of six thousand more, each flood on the shipped
configuration, and some on one that asks by other keys. Ends with 1 where a flood slows down by more than half.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Container
from pathlib import Path

from bench.generate import ROOT
from bench.mail import maildir_of
from bench.process import measured
from tests.edit import edit

FIRST, MORE = 1_000, 6_000
MOST = 1.5  # times as long
_HELD = (0, 1)  # how `run` ends: mail in quarantine is 1
_TOKEN = '<Autotask><ID name="harbourhill"/><PW name="sample-only"/><Customer name="Kessler Maschinenbau GmbH"/></Autotask>'
_MAYA = "maya@brightwater.example"
_OTHER_KEYS = """version: 1
duplicates:
  - {name: a, same: [title], within: 7 days, when_open: {do: append_note}, when_complete: {do: create}}
  - {name: b, same: [contact], similar: {title: 0.9}, within: 7 days, when_open: {do: append_note}, when_complete: {do: create}}
  - {name: c, same: [description], within: 7 days, when_open: {do: append_note}, when_complete: {do: create}}
  - {name: d, same: [sender, description], within: 7 days, when_open: {do: append_note}, when_complete: {do: create}}
"""


def _mail(number: int, sender: str, subject: str = "", body: str = "", more: str = "", to: str = "help") -> bytes:
    words = subject or f"{number * 7919 % 100_003} of {number}"
    return (
        f"From: {sender}\r\nTo: {to}@harbourhill.example\r\nSubject: {words}\r\nMessage-ID: <{number}@floods.example>\r\n"
        f"Date: Mon, 2 Nov 2026 10:{number % 10:02}:00 +0000\r\n{more}\r\n{body or f'text {number}'}\r\n"
    ).encode()


def _stranger(number: int) -> str:
    return f"p{number}@n{number % 999}.example"


def _answer(number: int, sender: str, more: str = "") -> bytes:
    """To the first of them, which a customer wrote."""
    return _mail(number, sender, more=f"{more}In-Reply-To: <0@floods.example>\r\n") if number else _mail(0, _MAYA)


FLOODS: dict[str, Callable[[int], bytes]] = {
    "strangers": lambda n: _mail(n, _stranger(n)),
    "strangers, one subject": lambda n: _mail(n, _stranger(n), "buy this"),
    "one stranger": lambda n: _mail(n, "x@nowhere.example"),
    "one contact": lambda n: _mail(n, _MAYA),
    "all people of a customer": lambda n: _mail(n, f"p{n}@brightwater.example"),
    "answers to one ticket": lambda n: _answer(n, _MAYA),
    "answers of strangers to one ticket": lambda n: _answer(n, _stranger(n)),
    "answers with people in copy": lambda n: _answer(n, _MAYA, f"Cc: p{n}@brightwater.example\r\n"),
    "a loop": lambda n: _mail(n, _MAYA, "the same"),
    "bounces": lambda n: _mail(
        n, f"MAILER-DAEMON@n{n % 999}.example", more="Return-Path: <>\r\nAuto-Submitted: auto-replied\r\n"
    ),
    "one Message-ID": lambda n: _mail(n, _MAYA).replace(f"<{n}@".encode(), b"<0@"),
    "alerts, each another": lambda n: _mail(
        n, "monitor@harbourhill.example", body=f"Alert: A-{n}\r\nHost: srv\r\n\r\n{_TOKEN}", to="alerts"
    ),
    "alerts about one thing": lambda n: _mail(
        n, "monitor@harbourhill.example", body=f"Alert: A-1\r\nHost: srv\r\n\r\n{_TOKEN}", to="alerts"
    ),
    "held back": lambda n: _mail(n, _MAYA, more="Content-Disposition: attachment; filename=v.exe\r\n"),
}
BY_OTHER_KEYS = ("strangers", "strangers, one subject", "one stranger", "one contact", "all people of a customer")


def _other_keys(folder: Path) -> Path:
    """A configuration that counts as a loop what has one body, whoever writes, and finds duplicates by all that can be asked."""
    rules = Path(shutil.copytree(ROOT / "rules", folder / "rules"))
    (rules / "duplicates.yaml").write_text(_OTHER_KEYS)
    edit(rules / "settings.yaml", "alike: [sender, subject]", "alike: [body]")
    return rules


def _milliseconds(flood: Callable[[int], bytes], rules: Path) -> tuple[float, float]:
    """A message: of the first, and of those that come then."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parts = (range(0), range(FIRST), range(FIRST, FIRST + MORE), range(0))
        sources = [maildir_of(folder / f"mail{place}", map(flood, numbers)) for place, numbers in enumerate(parts)]
        took = [_run(source, rules, folder / "p.db") for source in sources]  # each on the database of the one before
    # The first start may have checked the configuration; the last did as little as those between.
    return (took[1] - took[3]) / FIRST * 1_000, (took[2] - took[3]) / MORE * 1_000


def _run(source: Path, rules: Path, db: Path) -> float:
    """Seconds. Mail finds its mailbox by its recipient."""
    return measured(["run", "--source", str(source), "--rules", str(rules), "--db", str(db)], ends_with=_HELD).seconds


def main(only: Container[str] = FLOODS) -> None:
    slower = False
    print(f"| flood | ms a message, first {FIRST:,} | next {MORE:,} | |\n|---|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as name:
        asked = [(flood, ROOT / "rules", "") for flood in FLOODS]
        other = _other_keys(Path(name))
        asked += [(flood, other, ", by other keys") for flood in BY_OTHER_KEYS]
        for flood, rules, how in asked:
            if flood in only:
                first, then = _milliseconds(FLOODS[flood], rules)
                slower |= then > MOST * first
                print(f"| {flood}{how} | {first:.2f} | {then:.2f} | x{then / first:.2f} |", flush=True)
    sys.exit(1 if slower else 0)


if __name__ == "__main__":
    main(sys.argv[1:] or FLOODS)
