"""A desk that mail is thrown at: in memory, with the shipped configuration where it takes 40 MB, and one ticket; nothing of a throw stays."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from msgspec import structs

from engine.config.load import load_config
from engine.config.model import Config
from engine.decide.decision import Decision
from engine.decide.setup import prepare
from engine.mail.parse import parse_message
from engine.processing import Processor
from engine.store.database import open_database

T = TypeVar("T")
ROOT = Path(__file__).resolve().parent.parent
ROOMY = 40_000_000
NOW = datetime(2026, 11, 25, tzinfo=UTC)
# What a reply, an indicator, a number in a subject can be about.
FIRST = (
    b"From: maya@brightwater.example\r\nTo: help@harbourhill.example\r\nSubject: printer\r\nMessage-ID: <first@hostile>\r\n"
    b"Date: Mon, 2 Nov 2026 10:00:00 +0000\r\n\r\nIt is broken.\r\n"
)


# What parsing says where it met an error of its own: the message goes on, but a part of it is lost.
_MET_AN_ERROR = ("the message cannot be read", "the structure cannot be read", "whether it is automatic cannot be told")


def roomy_config(folder: Path = ROOT / "rules") -> Config:
    """The shipped one refuses what is over 600 KB, for the sample's sake."""
    config = load_config(folder)
    settings = config.settings
    roomy = structs.replace(settings.limits, message=ROOMY, attachment=ROOMY, attachments=ROOMY)
    return structs.replace(config, settings=structs.replace(settings, limits=roomy))


def with_rules(folder: Path, rules: str) -> Path:
    """The shipped configuration in this folder, which is made, with these rules alone."""
    shutil.copytree(ROOT / "rules", folder, ignore=shutil.ignore_patterns("tests", "*.rules"))
    (folder / "workflow/these.rules").write_text(rules)
    return folder


def peak_memory() -> int:
    """Bytes that this process has at most had since it was last asked (Linux)."""
    status = Path("/proc/self/status").read_text()
    Path("/proc/self/clear_refs").write_text("5")
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def measured(action: Callable[..., T], *given: object) -> tuple[T, float, int]:
    """(what it gives, seconds of the processor's time, bytes at the most beyond what this process had before).

    What else runs on this machine does not count.
    """
    peak_memory()
    before = peak_memory()  # the first call says what was before it
    began = time.process_time()
    found = action(*given)
    return found, time.process_time() - began, peak_memory() - before


def surely(seconds: float, memory: float, action: Callable[..., T], *given: object) -> tuple[T, float, int]:
    """As `measured`; once more where it is beyond these, for it may be something else on this machine, or be done once in a process."""
    found, took, room = measured(action, *given)
    if took > seconds or room > memory:
        _, again, other = measured(action, *given)
        took, room = min(took, again), min(room, other)
    return found, took, room


def traced(action: Callable[..., T], *given: object) -> tuple[T, int]:
    """(what it gives, bytes of Python's objects at the most)."""
    tracemalloc.start()
    try:
        found = action(*given)
        return found, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def search(description: str | None, pump: Callable[[float, int], tuple[int, list[str]]], what: str, how: str) -> None:
    """A command that looks for what is wrong, for some seconds, and says what it found of how many; exits with 1 when it found any."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    count, wrong = pump(options.seconds, options.seed)
    print("\n".join([*wrong, f"{count:,} {what}, {len(wrong)} of them {how}"]))
    sys.exit(1 if wrong else 0)


def over_seeds(compare: Callable[[int, Path], list[str]]) -> Callable[[float, int], tuple[int, list[str]]]:
    """For `search`: `compare` made worlds in a folder, one seed after another, until the seconds are over."""

    def run(seconds: float, seed: int) -> tuple[int, list[str]]:
        os.environ["POSTROOM_CACHE"] = "off"
        ends, count, wrong = time.monotonic() + seconds, 0, list[str]()
        with tempfile.TemporaryDirectory() as name:
            while time.monotonic() < ends and len(wrong) < 100:
                wrong += compare(seed * 1_000_000 + count, Path(name) / "world")
                count += 1
        return count, wrong

    return run


class Desk:
    """`ticket` is the number of the one ticket that there is. `folder` has the configuration."""

    def __init__(self, folder: Path = ROOT / "rules") -> None:
        self.processor = Processor(open_database(None), prepare(roomy_config(folder)))
        self.processor.connection.execute("BEGIN")
        opened = self.processor.take(FIRST, "first", "help", NOW)
        self.processor.connection.execute("COMMIT")
        assert opened is not None and opened.number is not None
        self.ticket = opened.number

    def throw(self, raw: bytes, mailbox: str = "help") -> Decision:
        """What becomes of the message; then it is as if it had never come.

        Raises `AssertionError` when processing failed, or when parsing met an error and left something out.
        """
        message = parse_message(raw)
        assert not any(defect.startswith(_MET_AN_ERROR) for defect in message.defects), message.defects
        self.processor.connection.execute("BEGIN")
        try:
            decision = self.processor.take_parsed(message, raw, "thrown", mailbox, NOW)
        finally:
            self.processor.connection.execute("ROLLBACK")
        assert decision is not None
        assert decision.reason != "error", decision.detail
        return decision
