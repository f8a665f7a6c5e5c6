"""The source lines of problems. A folder's files are split into lines once: there may be a problem in each of ten thousand rules."""

from __future__ import annotations

from msgspec.structs import replace

from engine.config.files import Folder
from engine.errors import Problem, excerpt


class Excerpts:
    """Of one folder."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._lines: dict[str, list[str]] = {}

    def shown(self, problem: Problem) -> Problem:
        """The problem with its line, where the file is at hand and the problem brings none."""
        at = problem.position
        source = self._folder.one(at.file)
        if source is None or not at.line or problem.excerpt:
            return problem
        lines = self._lines.get(at.file)
        if lines is None:
            lines = self._lines[at.file] = source.text.split("\n")
        return replace(problem, excerpt=excerpt(lines, at.line, at.column or 1))
