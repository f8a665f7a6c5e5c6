"""Tickets that a new one may be about, and the indexes that find them (`store/indexes.py` makes them)."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from engine.decide.decision import iso
from engine.state.days import day_of, days_between, is_long
from engine.state.view import COMPARED, Candidate

_MOST = 200  # that are compared, the newest
_COLUMNS = frozenset(COMPARED.values())


def by_field(names: Collection[str]) -> str | None:
    """The extracted field by which they are found: of one value there may be few, where there are thousands of tickets, as of alerts."""
    return None if "title_key" in names else next((name for name in names if name not in _COLUMNS), None)


def columns_of(same: Collection[str]) -> tuple[str, ...]:
    """Those that are looked for in an index where these are compared. A title is rare enough: beside it, only the sender is."""
    rare = ("title_key", "sender") if "title_key" in same else _COLUMNS
    return tuple(column for column in COMPARED.values() if column in same and column in rare)


def index_of(columns: tuple[str, ...], *, long: bool) -> tuple[str, str]:
    """The name of the index by which tickets with the same in these columns are found, and its SQL as SQLite keeps it."""
    parts = (columns or ("organization",)) if long else ("day", *columns)
    held = (*(() if long else (day_of("created_at"),)), "organization", *columns, "created_at", "number", "title")
    name = "_".join(("tickets_same", *parts))
    return name, f"CREATE INDEX {name} ON tickets ({', '.join(held)})"


def newest(
    connection: sqlite3.Connection,
    organization: str,
    since: datetime | None,
    until: datetime,
    same: Mapping[str, str],
    but: tuple[str, tuple[Any, ...]],
    *,
    described: bool,
    without: Sequence[int] = (),
) -> list[Candidate]:
    """Tickets of an organization, of [since, until], whose columns and extracted fields are `same`.

    `but`: what else must hold of them, with its values. `without`: those that these messages opened.
    """
    names, bounds = tuple(same), [iso(until), *([iso(since)] if since else ())]
    values: list[Any] = [organization, *but[1]]
    for name, value in same.items():
        values += (value,) if name in _COLUMNS else (name, value)

    def ask(*day: str) -> list[Candidate]:
        question = _question(names, but[0], described, len(bounds), len(day), len(without))
        return connection.execute(question, (*values, *bounds, *day, *without)).fetchall()

    if by_field(names) or (is_long(until - since if since else None) and _has_index(connection, names)):
        return ask()
    found: list[Candidate] = []
    for day in days_between(bounds[-1] if since else _oldest(connection), bounds[0]):
        found += ask(day)
        if len(found) >= _MOST:
            break
    return found[:_MOST]


@lru_cache(maxsize=256)
def _question(names: tuple[str, ...], but: str, described: bool, bounds: int, days: int, without: int) -> str:
    tables, number, created_at = "tickets t", "t.number", "t.created_at"
    field = by_field(names)
    if field is not None:
        tables, number, created_at = f"ticket_fields f CROSS JOIN {tables} ON t.number = f.ticket", "f.ticket", "f.created_at"
    conditions = [f"t.organization = ?{but}"]
    for name in names:
        of_field = "f.name = ? AND f.value_key = ?"
        other = f"EXISTS (SELECT 1 FROM ticket_fields f WHERE f.ticket = t.number AND {of_field})"
        conditions.append(f"t.{name} = ?" if name in _COLUMNS else of_field if name == field else other)
    conditions += [f"{created_at} <= ?", f"{created_at} >= ?"][:bounds]
    conditions += [f"{day_of(created_at)} = ?"] * days
    if without:
        conditions.append(f"(t.message IS NULL OR t.message NOT IN ({', '.join('?' * without)}))")
    description = "t.description" if described else "''"
    # As the index has them, which holds all that is asked for where neither fields nor descriptions are.
    order = f"ORDER BY {created_at} DESC, {number} DESC LIMIT {_MOST}"
    return f"SELECT t.number, t.title, {description} FROM {tables} WHERE {' AND '.join(conditions)} {order}"


def _has_index(connection: sqlite3.Connection, names: Collection[str]) -> bool:
    """`plan` may ask what the configuration in use does not."""
    name, _ = index_of(columns_of(names), long=True)
    return connection.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (name,)).fetchone() is not None


def _oldest(connection: sqlite3.Connection) -> str:
    """The day of the first ticket, empty where there is none."""
    return str(connection.execute(f"SELECT COALESCE(MIN({day_of('created_at')}), '') FROM tickets").fetchone()[0])
