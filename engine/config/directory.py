"""The CSV files of `directory/` to organizations, contacts, resources, projects and tasks."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Iterator
from typing import TypeVar

from msgspec.structs import replace

from engine.addresses import comparable
from engine.config.files import Folder, SourceFile
from engine.config.languages import code_of
from engine.config.people import Addresses, Contact, Directory, Organization, Project, Resource, Task
from engine.errors import Position, Problem, did_you_mean
from engine.phones import Phone, phone_of

Row = dict[str, str]
T = TypeVar("T")
_YES = {"yes": True, "no": False, "true": True, "false": False, "": True}


def read_directory(folder: Folder) -> tuple[Directory, list[Problem]]:
    """Never raises: every wrong row is a problem and is left out."""
    problems: list[Problem] = []
    digest = hashlib.sha256()

    def table(name: str, key: str, columns: list[str], optional: list[str], build: Callable[[Row, Position], T]) -> dict[str, T]:
        source = folder.one(f"directory/{name}.csv")
        if source is None:
            return {}
        digest.update(f"{name}\0{source.text}".encode())
        return _table(source, key, columns, optional, build, problems)

    def active(row: Row, position: Position) -> bool:
        value = row.get("active", "").lower()
        if value not in _YES:
            problems.append(Problem(position, f"'active' cannot be '{value}'", "write yes or no"))
        return _YES.get(value, False)

    def language(row: Row, position: Position) -> str:
        try:
            return code_of(row.get("language", ""))
        except ValueError as error:
            problems.append(Problem(position, str(error), "write a code such as fr or pt-BR"))
            return ""

    def phones(row: Row, position: Position) -> tuple[Phone, ...]:
        found: list[Phone] = []
        for text in _list(row.get("phones", "")):
            try:
                found.append(phone_of(text))
            except ValueError as error:
                problems.append(Problem(position, str(error), "write it with its country's code, such as +41 44 123 45 67"))
        return tuple(found)

    directory = Directory(
        organizations=table(
            "organizations",
            "id",
            ["id", "name"],
            ["domains", "classification", "parent", "resource", "language", "phones", "active"],
            lambda row, at: Organization(
                row["id"],
                row["name"],
                _addresses(row.get("domains", "")),
                row.get("classification", ""),
                row.get("parent") or None,
                row.get("resource") or None,
                active(row, at),
                at,
                language(row, at),
                phones(row, at),
            ),
        ),
        contacts=table(
            "contacts",
            "id",
            ["id", "organization", "email"],
            ["first_name", "last_name", "email2", "email3", "language", "phones", "active"],
            lambda row, at: Contact(
                row["id"],
                row["organization"],
                row.get("first_name", ""),
                row.get("last_name", ""),
                tuple(comparable(row.get(column, "")) for column in ("email", "email2", "email3")),
                active(row, at),
                at.line,
                language=language(row, at),
                phones=phones(row, at),
            ),
        ),
        resources=table(
            "resources",
            "id",
            ["id", "name", "email"],
            ["aliases", "role", "language", "active"],
            lambda row, at: Resource(
                row["id"],
                row["name"],
                comparable(row["email"]),
                _addresses(row.get("aliases", "")),
                row.get("role", ""),
                active(row, at),
                at,
                language(row, at),
            ),
        ),
        projects=table(
            "projects",
            "number",
            ["number", "name", "organization"],
            ["active"],
            lambda row, at: Project(row["number"], row["name"], row["organization"], active(row, at), at),
        ),
        tasks=table(
            "tasks",
            "number",
            ["number", "project", "title", "organization", "status"],
            [],
            lambda row, at: Task(row["number"], row["project"], row["title"], row["organization"], row["status"], at),
        ),
    )
    addresses = Addresses.among(directory.contacts, directory.organizations)
    return replace(directory, addresses=addresses, digest=digest.hexdigest()), problems


def _addresses(text: str) -> tuple[str, ...]:
    return tuple(map(comparable, _list(text)))


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";") if part.strip())


# What spreadsheets in many countries part columns by.
_OTHER_SIGNS = {";": "semicolons", "\t": "tabs", "|": "bars"}


def _table(
    source: SourceFile,
    key: str,
    required: list[str],
    optional: list[str],
    build: Callable[[Row, Position], T],
    problems: list[Problem],
) -> dict[str, T]:
    reader = csv.reader(io.StringIO(source.text, newline=""), strict=True)
    result: dict[str, T] = {}
    lines: dict[str, int] = {}
    known = [*required, *optional]
    end = 0  # the line in which the row before this one ends
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        problems += _wrong_columns(header, required, known, Position(source.name, 1))
        if not set(required) <= set(header):
            return {}
        end = reader.line_num
        for cells in reader:
            position, end = Position(source.name, end + 1), reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                message = f"the line has {len(cells)} values, the first line {len(header)} columns"
                problems.append(Problem(position, message, "add or remove commas; put a value with a comma in quotes"))
                continue
            row = dict(zip(header, (cell.strip() for cell in cells), strict=True))
            empty = [name for name in required if not row[name]]
            if empty:
                problems.append(Problem(position, f"'{empty[0]}' is empty", "fill it in"))
                continue
            identity = row[key]
            if identity in result:
                problems.append(Problem(position, f"the {key} '{identity}' stands twice", f"first in line {lines[identity]}"))
                continue
            result[identity], lines[identity] = build(row, position), position.line
    except csv.Error as error:
        line = end + 1 if "end of data" in str(error) else reader.line_num
        problems.append(
            Problem(Position(source.name, line), f"this is not CSV: {error}", "close the quotation marks that stand open")
        )
    return result


def _wrong_columns(header: list[str], required: list[str], known: list[str], first_line: Position) -> Iterator[Problem]:
    if len(header) < 2:
        parted = next((words for sign, words in _OTHER_SIGNS.items() if header and sign in header[0]), None)
        message = f"the columns are parted by {parted}" if parted else "the first line does not name the columns"
        yield Problem(first_line, message, f"part them by commas: {','.join(known)}")
        return
    for number, name in enumerate(header, 1):
        if not name:
            yield Problem(first_line, f"column {number} has no name", "give it one, or delete the column in all lines")
        elif name not in known:
            yield Problem(first_line, f"unknown column '{name}'", did_you_mean(name, known))
        elif name in header[: number - 1]:
            yield Problem(first_line, f"the column '{name}' stands twice", "delete one of them in all lines")
    missing = [name for name in required if name not in header]
    if missing:
        yield Problem(first_line, f"the column '{missing[0]}' is missing", "add it to the first line")
