"""One `postroom run` as a whole process on one core: seconds, and memory at the most."""

from __future__ import annotations

import compileall
import os
import sys
import time
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
    """Raises `SystemExit` when the command fails."""
    _compile()
    command = [sys.executable, "-m", "engine", "run", "--source", str(source), "--mailbox", "help"]
    command += ["--rules", str(rules), "--db", str(db)]
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
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"`{' '.join(command)}` ended with {os.waitstatus_to_exitcode(status)}")
    return Run(took, usage.ru_maxrss / 1024)
