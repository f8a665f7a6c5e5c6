"""Lets a command's calls on its database and its attachments fail, one or many, anywhere, and looks what became of the mail.

`python -m tools.faults --faults 200`: over `run`, `retry`, `prune`, `doctor --fix` and `run-waiting`. Says what is wrong and exits
with 1, or says that all is well. Needs a C compiler and Linux's `LD_PRELOAD`.
"""

from __future__ import annotations

import argparse
import atexit
import errno
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tools.consistent import inconsistent, outcomes
from tools.crash import maildir
from tools.soak import ROOT, roomy_rules

MESSAGES = 60
HOLD = 'rule "Hold all"\n  on message\n  then quarantine "look at it"\n'
COMMANDS = {
    "run": ("run", "--source", "mail", "--mailbox", "help"),
    "retry": ("retry",),
    "prune": ("prune", "--raw", "1d", "--files", "1d", "--traces", "1d"),
    "doctor": ("doctor", "--fix"),
    "run-waiting": ("run-waiting",),
}
ERRORS = (errno.EIO, errno.ENOSPC, errno.EMFILE, errno.EACCES)


@dataclass(frozen=True)
class Fault:
    """Of the calls on some files those from `first` on, `count` of them, fail with `error`; 0: the other side has closed the connection."""

    first: int
    count: int
    error: int

    def __str__(self) -> str:
        return f"{self.count} calls from the {self.first}th with {errno.errorcode.get(self.error, 'an end')}"


def environment(path: Path, fault: Fault | None = None, told: Path | None = None) -> dict[str, str]:
    """What makes a process's calls on the files whose paths begin as `path` fail. `told`: where it writes which there were."""
    found = {"LD_PRELOAD": str(_library()), "FAULT_PATH": str(path)}
    if fault is not None:
        found |= {"FAULT_FIRST": str(fault.first), "FAULT_COUNT": str(fault.count), "FAULT_ERROR": str(fault.error)}
    return found if told is None else found | {"FAULT_TOLD": str(told)}


@cache
def _library() -> Path:
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    words = [os.environ.get("CC", "cc"), "-shared", "-fPIC", "-O1", "-o", folder / "faults.so", ROOT / "tools/faults.c", "-ldl"]
    subprocess.run(words, check=True)
    return folder / "faults.so"


def any_fault(kinds: list[list[int]], chooser: random.Random, errors: tuple[int, ...] = ERRORS) -> Fault:
    """At a call of any kind, however few there are of it. `kinds`: the places of the calls of each."""
    first = chooser.choice(chooser.choice(kinds))
    return Fault(first, chooser.choice((1, 1, 3, 30, 1_000_000)), chooser.choice(errors))


class _Desk:
    """A folder with mail, a configuration and a database on which a command is still to be called. Each fault begins with a copy."""

    def __init__(self, folder: Path, command: str) -> None:
        self._folder, self._command = folder, command
        self.db = folder / "work/p.db"
        self._start = folder / "start"
        self._start.mkdir()
        rules = roomy_rules(folder)
        maildir(folder / "mail", MESSAGES)
        self._begin()
        if command != "run":
            hold = rules / "workflow/05-hold.rules"
            if command == "retry":
                hold.write_text(HOLD)
            self.call("run")
            hold.unlink(missing_ok=True)
        if command == "doctor":
            for path in sorted(self.db.with_name("p.db.files").rglob("*"))[::2]:
                if path.is_file():
                    path.unlink()
        shutil.rmtree(self._start)
        shutil.copytree(self.db.parent, self._start)
        told = folder / "calls"
        self.call(command, **environment(self.db, told=told))
        self.kinds = self._by_kind(told.read_text().splitlines())
        self.expected = self._outcomes()

    def _by_kind(self, calls: list[str]) -> list[list[int]]:
        """The places of the calls of the same function on the same file, where all attachments are one."""
        found: dict[tuple[str, str], list[int]] = {}
        for place, (call, path) in enumerate(line.split(" ", 1) for line in calls):
            file = path.removeprefix(str(self.db)).partition("/")[0]
            found.setdefault((call, file), []).append(place)
        return list(found.values())

    def _begin(self) -> None:
        shutil.rmtree(self.db.parent, ignore_errors=True)
        shutil.copytree(self._start, self.db.parent)

    def call(self, command: str, **more: str) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-m", "engine", *COMMANDS[command], "--rules", "rules", "--db", str(self.db)]
        variables = {**os.environ, "PYTHONPATH": str(ROOT), "POSTROOM_CACHE": str(self._folder / "cache"), **more}
        return subprocess.run(
            words, cwd=self._folder, env=variables, capture_output=True, text=True, errors="replace", check=False, timeout=300
        )

    def wrong(self, fault: Fault) -> Iterator[str]:
        """What is, after the command met the fault, and was called again without."""
        self._begin()
        done = self.call(self._command, **environment(self.db, fault))
        said = done.stdout + done.stderr
        if done.returncode not in (0, 1, 2) or "fault of postroom" in said or (done.returncode == 2 and not done.stderr):
            yield f"it ended with {done.returncode} and said {said[-300:]}"
        again = self.call(self._command)
        if again.returncode not in (0, 1):
            yield f"called again it ended with {again.returncode} and said {again.stderr[-300:]}"
        elif self._command != "prune":  # which lets go of bytes
            yield from inconsistent(self.db, MESSAGES)
        if self._outcomes() != self.expected:
            yield "what became of the mail is not what becomes of it undisturbed"

    def _outcomes(self) -> list[tuple[str, ...]]:
        """In no order: what `retry` holds back again comes last in the next one."""
        return sorted(outcomes(self.db), key=str)


def faults(count: int, seed: int, commands: list[str]) -> list[str]:
    """What is wrong: nothing, one hopes. `count` of them, each command in its turn."""
    chooser = random.Random(seed)
    found = []
    with tempfile.TemporaryDirectory() as name:
        desks = {}
        for command in commands:
            folder = Path(name, command)
            folder.mkdir()
            desks[command] = _Desk(folder, command)
        for number in range(count):
            command = commands[number % len(commands)]
            fault = any_fault(desks[command].kinds, chooser)
            found += [f"{command}, {fault}: {what}" for what in desks[command].wrong(fault)]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=COMMANDS, action="append")
    words = parser.parse_args()
    problems = faults(words.faults, words.seed, words.only or [*COMMANDS])
    print("\n".join(problems) or f"all is well after {words.faults} faults: each message once, and as it would have been without")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
