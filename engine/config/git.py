"""Asking git. It is looked for only when it is asked: a start without it takes a twentieth less."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from subprocess import CompletedProcess


def run_git(root: Path, *words: str, seconds: float) -> CompletedProcess[bytes] | None:
    """None where git is not there, or does not end in time. It speaks English, whatever the user's language."""
    import subprocess

    line = ["git", "-C", str(root), *words]
    try:
        return subprocess.run(line, capture_output=True, timeout=seconds, check=False, env={**os.environ, "LC_ALL": "C"})
    except (OSError, subprocess.TimeoutExpired):
        return None


def git_says(root: Path, *words: str, seconds: float) -> bytes | None:
    """What it prints; None where it refuses too."""
    done = run_git(root, *words, seconds=seconds)
    return done.stdout if done is not None and done.returncode == 0 else None
