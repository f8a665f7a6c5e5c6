"""What `check` found, in the forms that people, programs, GitHub and code scanning read."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from engine import __version__
from engine.analysis.catalog import CODES
from engine.errors import Problem
from engine.quantity import counted

PAGE = "https://github.com/postroom/postroom/blob/main/docs/checks.md"


def as_text(problems: Sequence[Problem], rules: Path) -> str:
    """A line each with the source line and a caret, then how many."""
    errors = sum(not problem.warning for problem in problems)
    warnings = len(problems) - errors
    counts = [counted(count, word) for count, word in ((errors, "problem"), (warnings, "warning")) if count]
    return "\n".join([*map(str, problems), " and ".join(counts) + " (docs/checks.md explains the codes)"])


def as_json(problems: Sequence[Problem], rules: Path) -> str:
    return json.dumps([_plain(problem) for problem in problems], ensure_ascii=False, indent=2)


def _plain(problem: Problem) -> dict[str, Any]:
    return {
        "file": problem.position.file,
        "line": problem.position.line,
        "column": problem.position.column,
        "severity": "warning" if problem.warning else "error",
        "code": problem.code,
        "message": problem.message,
        "fix": problem.fix,
    }


def as_github(problems: Sequence[Problem], rules: Path) -> str:
    return "\n".join(_annotation(problem, rules) for problem in problems)


def _annotation(problem: Problem, rules: Path) -> str:
    """GitHub's workflow command; `%`, line breaks, `:` and `,` are escaped as it asks."""

    def escaped(text: str) -> str:
        return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")

    def value(text: str) -> str:
        return escaped(text).replace(":", "%3A").replace(",", "%2C")

    at = problem.position
    place = f"file={value((rules / at.file).as_posix())},line={at.line or 1}" + (f",col={at.column}" if at.column else "")
    title = value(f"{problem.code} {CODES[problem.code]}")
    word = "warning" if problem.warning else "error"
    return f"::{word} {place},title={title}::{escaped(f'{problem.message}; {problem.fix}')}"


def as_sarif(problems: Sequence[Problem], rules: Path) -> str:
    """SARIF 2.1.0, one run; paths are relative to where the command was started."""
    codes = sorted({problem.code for problem in problems})
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "postroom",
                        "version": __version__,
                        "informationUri": PAGE,
                        "rules": [
                            {"id": code, "shortDescription": {"text": CODES[code]}, "helpUri": f"{PAGE}#{code.lower()}"}
                            for code in codes
                        ],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(problem, codes, rules) for problem in problems],
            }
        ],
    }
    return json.dumps(log, ensure_ascii=False, indent=2)


def _result(problem: Problem, codes: list[str], rules: Path) -> dict[str, Any]:
    at = problem.position
    region: dict[str, int] = {"startLine": at.line or 1}
    if at.column:
        region["startColumn"] = at.column
    return {
        "ruleId": problem.code,
        "ruleIndex": codes.index(problem.code),
        "level": "warning" if problem.warning else "error",
        "message": {"text": f"{problem.message}; {problem.fix}" if problem.fix else problem.message},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": _uri(rules / at.file)}, "region": region}}],
    }


def _uri(path: Path) -> str:
    return quote(path.as_posix())


FORMS: dict[str, Callable[[Sequence[Problem], Path], str]] = {
    "text": as_text,
    "json": as_json,
    "github": as_github,
    "sarif": as_sarif,
}
