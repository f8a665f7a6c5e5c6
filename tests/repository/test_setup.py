"""The Python that `make setup` takes: one that fits, or words that say what to do."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def find(*words: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    env = os.environ | ({"PATH": f"{path}:{os.environ['PATH']}"} if path else {})
    return subprocess.run([ROOT / "tools/find-python", *words], capture_output=True, text=True, timeout=60, env=env)


def test_one_is_found_that_fits() -> None:
    done = find()
    assert done.returncode == 0
    version = subprocess.run(
        [done.stdout.strip(), "-c", "import sys, venv; print(sys.version_info[:2] in ((3, 11), (3, 12)))"], capture_output=True
    )
    assert version.stdout == b"True\n"


def test_the_one_that_is_named_is_taken_and_no_other() -> None:
    assert find(sys.executable).stdout == f"{sys.executable}\n"


@pytest.mark.parametrize("says", ["exit 1", "echo 'SyntaxError' >&2; exit 1"])
def test_one_that_does_not_fit_is_told_so(says: str, tmp_path: Path) -> None:
    newer = tmp_path / "python9"
    newer.write_text(f"#!/bin/sh\n{says}\n")
    newer.chmod(0o755)
    for named in ("python9", str(newer), "no-such-python"):
        done = find(named, path=tmp_path)
        assert (done.returncode, done.stdout) == (1, "")
        assert f"needs Python 3.11 or 3.12 with its venv module and headers, which {named} is not" in done.stderr
        assert "SyntaxError" not in done.stderr and "make PYTHON=" in done.stderr


def locked(path: Path) -> dict[str, tuple[str, frozenset[str]]]:
    """Package to its version and hashes."""
    blocks = re.split(r"(?m)^(?=[a-z0-9])", path.read_text("utf-8"))
    found = (re.match(r"([^=\s]+)==(\S+)", block) for block in blocks)
    return {one[1]: (one[2], frozenset(re.findall(r"sha256:\w+", one.string))) for one in found if one}


def test_what_is_deployed_is_what_was_tested_and_nothing_for_developing() -> None:
    tested, deployed = locked(ROOT / "requirements.lock"), locked(ROOT / "deploy/requirements.lock")
    assert deployed.items() <= tested.items()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

    def names(lines: list[str]) -> set[str]:
        return {re.split(r"[\[<>=]", line)[0].lower().replace(".", "-") for line in lines}

    assert names(project["dependencies"]) <= deployed.keys()
    assert not names(project["optional-dependencies"]["dev"]) & deployed.keys()
