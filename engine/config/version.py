"""Which configuration a Decision was made under: git commit, whether files differ from it, and a digest of the files."""

from __future__ import annotations

import os
from pathlib import Path

from engine.config.git import git_says, is_below_git


def describe_version(root: Path, digest: str) -> str:
    """`1f3a9c2 digest 0a1b2c3d4e5f`, `1f3a9c2+changed digest ...`, or the digest alone outside git."""
    short = f"digest {digest[:12]}"
    asked = is_below_git(root) or "GIT_DIR" in os.environ  # git itself takes a twentieth of a short run's start
    commit = _git(root, "rev-parse", "--short=12", "HEAD") if asked else ""
    if not commit:
        return short
    changed = _git(root, "status", "--porcelain", "--", ".")
    return f"{commit}{'+changed' if changed else ''} {short}"


def _git(root: Path, *words: str) -> str:
    return (git_says(root, *words, seconds=10) or b"").decode(errors="replace").strip()
