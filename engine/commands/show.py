"""`postroom show`: one ticket, task or project with everything on it."""

from __future__ import annotations

import sqlite3
import textwrap
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from engine.commands.options import common
from engine.errors import PostroomError
from engine.report.safe import printable
from engine.store.database import open_for_reading

_KINDS = (
    ("ticket", "tickets", "ticket_notes", "ticket_time_entries"),
    ("task", "tasks", "task_notes", "task_time_entries"),
    ("project", "projects", "project_notes", None),
)
_LEFT_OUT = {"number", "title", "name", "description", "html", "title_key", "description_key", "message"}


@click.command()
@click.argument("number")
@common
def show(number: str, rules: Path, db: Path, verbose: bool) -> None:
    """Show one ticket (or task or project) with all its notes, time entries and attachments.

    \b
    Example:
      postroom show T20261102.0001
    """
    with closing(open_for_reading(db)) as connection:
        connection.row_factory = sqlite3.Row
        for kind, table, notes, times in _KINDS:
            row = connection.execute(f"SELECT * FROM {table} WHERE number = ?", (number.upper(),)).fetchone()
            if row is not None:
                click.echo("\n".join(_lines(connection, kind, dict(row), notes, times)))
                return
    raise PostroomError.of(f"there is no {number} in {db}", "see `postroom status`")


def _lines(connection: sqlite3.Connection, kind: str, row: dict[str, Any], notes: str, times: str | None) -> Iterator[str]:
    number = row["number"]
    title = printable(row.get("title") or row.get("name") or "")
    yield f"{number}  {title}"
    yield "=" * min(len(number) + 2 + len(title), 100)
    for name, value in row.items():
        if name not in _LEFT_OUT and value not in (None, ""):
            yield f"{name.replace('_', ' '):<16} {printable(str(value))}"
    if kind == "ticket":
        for name, query in (
            ("tags", "SELECT tag FROM ticket_tags WHERE ticket = ? ORDER BY rowid"),
            ("more contacts", "SELECT contact FROM additional_contacts WHERE ticket = ? ORDER BY rowid"),
            ("related", "SELECT related || ' (' || how || ')' FROM related_tickets WHERE ticket = ?"),
            ("extracted", "SELECT name || '=' || value FROM ticket_fields WHERE ticket = ?"),
        ):
            found = [printable(str(one[0])) for one in connection.execute(query, (number,))]
            if found:
                yield f"{name:<16} {', '.join(found)}"
        for origin in connection.execute("SELECT config_version FROM messages WHERE id = ?", (row["message"],)):
            yield f"{'configuration':<16} {origin[0]}"
        yield ""
        yield from _text(row["description"])
    for entry in _entries(connection, kind, number, notes, times):
        yield ""
        yield entry["head"]
        yield from _text(entry["text"])
    attachments = connection.execute("SELECT name, content_type, size FROM attachments WHERE number = ?", (number,)).fetchall()
    if attachments:
        yield ""
        yield "Attachments"
        for name, content_type, size in attachments:
            yield f"  {printable(name)}  {printable(content_type)}  {size} bytes"


def _entries(connection: sqlite3.Connection, kind: str, number: str, notes: str, times: str | None) -> list[dict[str, str]]:
    found = []
    for row in connection.execute(f"SELECT * FROM {notes} WHERE {kind} = ? ORDER BY id", (number,)):
        who = row["author_id"] or row["author_address"] or row["author"]
        head = f"--- {row['created_at']}  {row['type'] or 'note'} of {printable(who)} ({row['author']}), {row['publish']}"
        found.append({"at": row["created_at"], "head": head, "text": row["description"]})
    if times is not None:
        for row in connection.execute(f"SELECT * FROM {times} WHERE {kind} = ? ORDER BY id", (number,)):
            head = f"--- {row['created_at']}  {row['hours']:g} hours by {row['resource']}, {row['role']}, {row['work_type']}"
            found.append({"at": row["created_at"], "head": head, "text": row["summary"]})
    return sorted(found, key=lambda entry: entry["at"])


def _text(text: str) -> Iterator[str]:
    for line in printable(text).split("\n"):
        yield from textwrap.wrap(line, 100, replace_whitespace=False, break_long_words=False) or [""]
