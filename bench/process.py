"""One command as a whole process on one core: seconds, and memory at the most."""

from __future__ import annotations

import compileall
import os
import sys
import time
from collections.abc import Container
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bench.generate import ROOT


@dataclass(frozen=True)
class Run:
    """`seconds` of wall clock from start to exit; `megabytes` of memory at the most."""

    seconds: float
    megabytes: float


@cache
def _compile() -> None:
    """As an installation has it: Python's own form of each file is there, whatever PYTHONDONTWRITEBYTECODE says here."""
    compileall.compile_dir(ROOT / "engine", quiet=1)


def run(source: Path, rules: Path, db: Path) -> Run:
    """`postroom run`. Raises `SystemExit` when it fails."""
    return measured(["run", "--source", str(source), "--mailbox", "help", "--rules", str(rules), "--db", str(db)])


def measured(words: list[str], *, ends_with: Container[int] = (0,)) -> Run:
    """Any command of postroom. Raises `SystemExit` when it ends with another status."""
    _compile()
    command = [sys.executable, "-m", "engine", *words]
    os.sync()  # what was written just before is no part of what is measured
    began = time.perf_counter()
    pid = os.fork()
    if pid == 0:
        os.chdir(ROOT)
        os.sched_setaffinity(0, {0})
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.execv(sys.executable, command)
    _, status, usage = os.wait4(pid, 0)
    took = time.perf_counter() - began
    if os.waitstatus_to_exitcode(status) not in ends_with:
        raise SystemExit(f"`{' '.join(command)}` ended with {os.waitstatus_to_exitcode(status)}")
    return Run(took, usage.ru_maxrss / 1024)
