"""What storing alone takes: the SQL of a run, once more, in a fresh database, with nothing else between.

A run cannot be faster than this and its start together, in whatever language deciding is written.
"""

from __future__ import annotations

import os
import pickle
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from engine.commands.options import load_setup
from engine.processing import Processor
from engine.sources.files import open_source
from engine.store.database import open_database

Call = tuple[str, str, Any]


class _Recorder(sqlite3.Connection):
    """Writes down what it is asked, once `calls` is there."""

    calls: list[Call] | None = None

    def execute(self, sql: str, values: Any = ()) -> sqlite3.Cursor:
        if self.calls is not None:
            self.calls.append(("execute", sql, values))
        return super().execute(sql, values)

    def executemany(self, sql: str, values: Any) -> sqlite3.Cursor:
        if self.calls is not None:
            values = list(values)
            self.calls.append(("executemany", sql, values))
        return super().executemany(sql, values)


def seconds(source: Path, rules: Path, folder: Path) -> float:
    """From opening the database to its closing, in a process of its own on one core."""
    with patch("sqlite3.connect", partial(sqlite3.connect, factory=_Recorder)):
        connection = open_database(folder / "recorded.db")
    with closing(connection):
        assert isinstance(connection, _Recorder)
        processor = Processor(connection, load_setup(rules))
        connection.calls = []
        processor.run(open_source(str(source), 30_000_000), "help")
        calls = connection.calls
        connection.calls = None
    written = folder / "calls.pickle"
    written.write_bytes(pickle.dumps(calls))
    os.sync()
    done = subprocess.run(
        ["taskset", "-c", "0", sys.executable, "-m", "bench.storing", written, rules, folder / "again.db"],
        check=True,
        capture_output=True,
        text=True,
    )
    return float(done.stdout)


def _again(written: str, rules: str, database: str) -> float:
    calls: list[Call] = pickle.loads(Path(written).read_bytes())
    with closing(open_database(Path(database))) as connection:
        Processor(connection, load_setup(Path(rules)))  # people, projects and tasks of the directory, to which rows refer
    began = time.perf_counter()
    with closing(open_database(Path(database))) as connection:
        execute, executemany = connection.execute, connection.executemany
        for how, sql, values in calls:
            if how == "execute":
                execute(sql, values).fetchall()
            else:
                executemany(sql, values)
    return time.perf_counter() - began


if __name__ == "__main__":
    print(_again(*sys.argv[1:]))
