"""Test files to cases, each with the position of what it says. A wrong file is an error, never a pass."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec import Struct

from engine.config.document import Document, read_document
from engine.config.files import SourceFile, conflict_in, is_hidden
from engine.config.schema import validate
from engine.errors import ConfigError, Position, Problem


class Case(Struct, frozen=True):
    """One test: `data` has passed the schema; `folder` is where paths in it start."""

    name: str
    data: dict[str, Any]
    position: Position
    document: Document
    index: int
    folder: Path

    def where(self, *path: str | int) -> Position:
        return self.document.where("tests", self.index, *path)


def read_cases(paths: list[Path]) -> list[Case]:
    """Raises `ConfigError` with every problem of every file."""
    cases: list[Case] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            text = path.read_bytes().decode("utf-8-sig")
        except OSError as error:
            problems.append(Problem(Position(str(path)), f"the file cannot be read: {error.strerror}", "check the path"))
            continue
        except UnicodeDecodeError:
            problems.append(Problem(Position(str(path)), "the file is not UTF-8", "save it with the encoding UTF-8"))
            continue
        if conflict := conflict_in(str(path), text):
            problems.append(conflict)
            continue
        document = read_document(SourceFile(str(path), text))
        wrong = document.problems or validate(document, "tests")
        problems += wrong
        if wrong:
            continue
        first: dict[str, Position] = {}
        for index, data in enumerate(document.data["tests"]):
            where = document.where("tests", index, "name")
            if data["name"] in first:
                again = f"first in line {first[data['name']].line}; rename one"
                problems.append(Problem(where, f"the test '{data['name']}' stands twice", again))
            first.setdefault(data["name"], where)
            cases.append(Case(data["name"], data, document.where("tests", index), document, index, path.parent))
    if problems:
        raise ConfigError(*sorted(problems))
    return cases


def test_files(places: list[Path]) -> list[Path]:
    """YAML files of the named files and folders, by name. A link that leads nowhere is one of them, and is told when it is read."""
    found: list[Path] = []
    for place in places:
        inside = (path for path in place.rglob("*.yaml") if (path.is_file() or path.is_symlink()) and not is_hidden(path, place))
        found += sorted(inside) if place.is_dir() else [place]
    return found
