"""Asking git. It is looked for only when it is asked: a start without it takes a twentieth less."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from subprocess import CompletedProcess


# Those by which git tells a hook which repository it works for. In a hook of a linked worktree they would make our folder that
# repository's root, and a relative one is no path from within the folder. (`git rev-parse --local-env-vars` lists them.)
_OF_A_HOOK = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY")


def is_below_git(root: Path) -> bool:
    """Whether the folder lies in a repository's working tree, told without git."""
    folder = root.resolve()
    return any((one / ".git").exists() for one in (folder, *folder.parents))


def _environment(root: Path) -> dict[str, str]:
    """git speaks English, whatever the user's language, and of the repository that the folder lies in, whoever calls us."""
    ours = is_below_git(root)
    return {name: value for name, value in os.environ.items() if not (ours and name in _OF_A_HOOK)} | {"LC_ALL": "C"}


def run_git(root: Path, *words: str, seconds: float) -> CompletedProcess[bytes] | None:
    """None where git is not there, or does not end in time. It never locks the index: somebody may be committing."""
    import subprocess

    line = ["git", "--no-optional-locks", "-C", str(root), *words]
    try:
        return subprocess.run(line, capture_output=True, timeout=seconds, check=False, env=_environment(root))
    except (OSError, subprocess.TimeoutExpired):
        return None


def git_says(root: Path, *words: str, seconds: float) -> bytes | None:
    """What it prints; None where it refuses too."""
    done = run_git(root, *words, seconds=seconds)
    return done.stdout if done is not None and done.returncode == 0 else None
