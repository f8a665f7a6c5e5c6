"""The command line as a person calls it: in a process of its own, wherever it is called."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}


def postroom(*words: str | Path, cwd: Path, stdin: bytes = b"", **more: str) -> subprocess.CompletedProcess[str]:
    """`more`: variables of the environment. What it prints is as it stands there, ends of lines too."""
    called = environment(POSTROOM_CACHE=_cache().name, **more)
    with tempfile.TemporaryDirectory() as folder:
        streams = [Path(folder, name) for name in ("in", "out", "errors")]
        for path, data in zip(streams, (stdin, b"", b""), strict=True):
            path.write_bytes(data)
        call = {"words": [*map(str, words)], "cwd": str(cwd), "environment": called, "streams": [*map(str, streams)]}
        ready = _ready()
        assert ready.stdin is not None and ready.stdout is not None
        print(json.dumps(call), file=ready.stdin, flush=True)
        status = int(ready.stdout.readline())
        _, out, errors = (path.read_bytes().decode() for path in streams)
    return subprocess.CompletedProcess(call["words"], status, out, errors)


@cache
def _ready() -> subprocess.Popen[str]:
    """It ends with us, for then its standard input does."""
    line = [sys.executable, "-m", "tests.ready"]
    return subprocess.Popen(line, cwd=ROOT, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@cache
def _cache() -> tempfile.TemporaryDirectory[str]:
    """Checked configurations are kept from one command to the next, as they are for who calls them."""
    return tempfile.TemporaryDirectory(prefix="postroom-tests-")
