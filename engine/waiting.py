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
    """Each rule with what became of it, once that is stored. Raises `StoreError`."""
    state = SqliteState(connection, setup.config)
    try:
        for row in due_rules(connection, now):
            due = None
            with transaction(connection):
                # Another process may have run it since it was listed.
                if still_waiting(connection, row):
                    due = decide_due(row.rule, row.ticket, setup, state, now)
                    finish(connection, row, due, setup.config, now)
            if due is not None:
                yield row, due
    except (sqlite3.Error, OSError) as error:
        raise explain_error(error, database_path(connection)) from error
