"""The tickets that a new one is compared with: whatever indexes there are, the newest of the time that is asked for."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from engine.decide.decision import iso
from engine.state.candidates import columns_of, index_of, newest
from engine.store.database import open_database

NOW = datetime(2026, 11, 2, 1, tzinfo=UTC)
MOST = 200


def add(connection: sqlite3.Connection, number: str, created_at: datetime, title: str = "t", message: int | None = None) -> None:
    connection.execute(
        "INSERT INTO tickets (number, sender, title, organization, mailbox, status, occurrences, description, html, created_at, updated_at,"
        " title_key, description_key, message) VALUES (?, '', ?, 'olivar', 'help', 'New', 1, '', '', ?, '', ?, '', ?)",
        (number, title, iso(created_at), title, message),
    )


@pytest.mark.parametrize("indexed", [False, True])
@pytest.mark.parametrize("within", ["20 minutes", "3 hours", "70 hours", "8 days", None])
@pytest.mark.parametrize("same", [{}, {"title_key": "a"}])
def test_the_newest_of_the_time_that_is_asked_for(same: dict[str, str], within: str | None, indexed: bool) -> None:
    """`indexed`: as the configuration in use asks for; else as `plan` finds the database, where the new configuration asks for more."""
    number, _, unit = (within or "").partition(" ")
    time = timedelta(**{unit: int(number)}) if within else None
    dice = random.Random(str((same, within)))
    with closing(open_database(None)) as connection:
        there = [(f"T{n:04}", NOW - timedelta(minutes=dice.randint(0, 9 * 24 * 60)), dice.choice("ab")) for n in range(2_000)]
        there += [("on the edge", NOW - time, "a"), ("too old", NOW - time - timedelta(seconds=1), "a")] if time else []
        there += [("later", NOW + timedelta(seconds=1), "a"), ("now", NOW, "a")]
        for ticket in there:
            add(connection, *ticket)
        for name in ("", "_sender", "_title_key"):
            connection.execute(f"DROP INDEX tickets_same_day{name}")
        if indexed:
            connection.execute(index_of(columns_of(same), long=time is None or time > timedelta(days=3))[1])
        since = NOW - time if time else None
        found = newest(connection, "olivar", since, NOW, same, ("", ()), described=False)
    wanted = [
        (created_at, number, title)
        for number, created_at, title in there
        if created_at <= NOW and (since is None or created_at >= since) and title in same.get("title_key", "ab")
    ]
    assert found == [(number, title, "") for _, number, title in sorted(wanted, reverse=True)[:MOST]]
    assert len(found) == MOST or within in ("20 minutes", "3 hours")


def test_where_there_are_none_of_a_day_those_before_it_are_found() -> None:
    with closing(open_database(None)) as connection:
        assert newest(connection, "olivar", None, NOW, {}, ("", ()), described=False) == []
        add(connection, "T1", NOW - timedelta(days=9))
        add(connection, "T2", NOW - timedelta(days=10), message=None)
        for since in (NOW - timedelta(days=12), None):
            found = newest(connection, "olivar", since, NOW, {}, ("", ()), described=True)
            assert found == [("T1", "t", ""), ("T2", "t", "")]
