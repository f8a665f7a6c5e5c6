"""Running the rules that waited and are due, each in a transaction of its own. `run-waiting` and `poll` use it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

from engine.decide.setup import Setup
from engine.decide.waiting import Due, decide_due
from engine.interrupts import IN_HAND
from engine.state.sqlite import SqliteState
from engine.store.database import database_path, transaction
from engine.store.failures import explain_error, is_of_database, our_fault
from engine.store.waiting import WaitingRow, due_rules, finish, still_waiting


def run_due(connection: sqlite3.Connection, setup: Setup, now: datetime) -> Iterator[tuple[WaitingRow, Due]]:
    """Each rule with what became of it, once that is stored. One that fails is dropped, and keeps no other waiting. Raises `StoreError`."""
    state = SqliteState(connection, setup.config)
    try:
        for row in due_rules(connection, now):
            try:
                due = _finished(connection, row, setup, now, partial(decide_due, row.rule, row.ticket, setup, state, now))
            except Exception as error:
                if is_of_database(error):
                    raise
                due = _finished(connection, row, setup, now, partial(Due, "dropped", our_fault(error)))
            if due is not None:
                yield row, due
    except (sqlite3.Error, OSError) as error:
        raise explain_error(error, database_path(connection)) from error


def _finished(
    connection: sqlite3.Connection, row: WaitingRow, setup: Setup, now: datetime, decided: Callable[[], Due]
) -> Due | None:
    """None where another process has run it since it was listed."""
    with IN_HAND, transaction(connection):
        if not still_waiting(connection, row):
            return None
        due = decided()
        finish(connection, row, due, setup.config, now)
    return due
