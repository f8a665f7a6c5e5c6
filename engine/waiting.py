"""Running the rules that waited and are due, each in a transaction of its own. `run-waiting` and `poll` use it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime

from engine.decide.setup import Setup
from engine.decide.waiting import Due, decide_due
from engine.state.sqlite import SqliteState
from engine.store.database import database_path, explain_error, transaction
from engine.store.waiting import WaitingRow, due_rules, finish, still_waiting


def run_due(connection: sqlite3.Connection, setup: Setup, now: datetime) -> Iterator[tuple[WaitingRow, Due]]:
    """Each rule with what became of it, once that is stored. One that fails is dropped, and keeps no other waiting. Raises `StoreError`."""
    state = SqliteState(connection, setup.config)
    try:
        for row in due_rules(connection, now):
            try:
                due = _run(connection, row, setup, state, now)
            except (sqlite3.Error, OSError):
                raise
            except Exception as error:
                due = Due("dropped", f"it failed, and that is a fault of postroom's: {type(error).__name__}: {error}"[:500])
                with transaction(connection):
                    finish(connection, row, due, setup.config, now)
            if due is not None:
                yield row, due
    except (sqlite3.Error, OSError) as error:
        raise explain_error(error, database_path(connection)) from error


def _run(connection: sqlite3.Connection, row: WaitingRow, setup: Setup, state: SqliteState, now: datetime) -> Due | None:
    """None where another process has run it since it was listed."""
    with transaction(connection):
        if not still_waiting(connection, row):
            return None
        due = decide_due(row.rule, row.ticket, setup, state, now)
        finish(connection, row, due, setup.config, now)
    return due
