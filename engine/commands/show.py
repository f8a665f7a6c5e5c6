"""`postroom show`: one ticket, task or project with everything on it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import click

from engine.commands.options import common
from engine.errors import PostroomError
from engine.printable import one_line, printable
from engine.state.whole import Attached, Told, Whole, whole_entity
from engine.store.database import open_for_reading

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
        whole = whole_entity(connection, number)
    if whole is None:
        raise PostroomError.of(f"there is no {number} in {db}", "see `postroom status`")
    click.echo("\n".join(_lines(whole)))


def _lines(whole: Whole) -> Iterator[str]:
    row = whole.row
    number = row["number"]
    title = one_line(row.get("title") or row.get("name") or "")
    yield f"{number}  {title}"
    yield "=" * min(len(number) + 2 + len(title), 100)
    for name, value in row.items():
        if name not in _LEFT_OUT and value not in (None, ""):
            yield f"{name.replace('_', ' '):<16} {one_line(str(value))}"
    for name, values in whole.lists.items():
        if values:
            yield f"{name:<16} {', '.join(map(one_line, values))}"
    if whole.configuration:
        yield f"{'configuration':<16} {whole.configuration}"
    if "description" in row:
        yield ""
        yield from _text(row["description"])
    for entry in _entries(whole):
        yield ""
        yield entry["head"]
        yield from _text(entry["text"])
    yield from _part("Attachments", map(_attached, whole.attachments))
    yield from _part(
        "Messages; `postroom explain --message NUMBER` says why",
        (f"{one.message:>6}  {one.received_at}  {one.outcome:<9}  {one.sender}" for one in whole.messages),
    )
    yield from _part("Notifications", map(_told, whole.told))
    yield from _part(
        "Rules with a delay", (f"{one.due_at}  {one.rule}: {_why(one.status, one.because)}" for one in whole.waiting)
    )


def _attached(one: Attached) -> str:
    gone = f"; let go on {one.let_go_at[:10]}" if one.let_go_at else ""
    return f"{one.name}  {one.content_type}  {one.size} bytes{gone}"


def _told(one: Told) -> str:
    returned = f"; message {one.came_back} returned it" if one.came_back else ""
    return f"{one.at}  {one.template} to {one.recipient}: {_why(one.status, one.error)}{returned}"


def _why(status: str, because: str) -> str:
    return f"{status}, {because}" if because else status


def _part(title: str, lines: Iterable[str]) -> Iterator[str]:
    found = [f"  {one_line(line)}".rstrip() for line in lines]
    yield from ("", title, *found) if found else ()


def _entries(whole: Whole) -> list[dict[str, str]]:
    found = []
    for row in whole.notes:
        who = row["author_id"] or row["author_address"] or row["author"]
        head = f"--- {row['created_at']}  {row['type'] or 'note'} of {one_line(who)} ({row['author']}), {row['publish']}"
        found.append({"at": row["created_at"], "head": head, "text": row["description"]})
    for row in whole.times:
        head = f"--- {row['created_at']}  {row['hours']:g} hours by {row['resource']}, {row['role']}, {row['work_type']}"
        found.append({"at": row["created_at"], "head": head, "text": row["summary"]})
    return sorted(found, key=lambda entry: entry["at"])


def _text(text: str) -> Iterator[str]:
    for line in printable(text).split("\n"):
        yield from textwrap.wrap(line, 100, replace_whitespace=False, break_long_words=False) or [""]
