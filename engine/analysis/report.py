"""All warnings of a valid configuration, in order, without those that are silenced on their line with a reason."""

from __future__ import annotations

import re

from engine.analysis.believing import check_believing
from engine.analysis.ending import check_ending
from engine.analysis.idle import check_idle
from engine.analysis.literal import check_literal
from engine.analysis.losing import check_losing
from engine.analysis.nobody import check_nobody
from engine.analysis.not_yet import check_not_yet
from engine.analysis.rules import check_rules
from engine.analysis.sign_in import check_sign_in
from engine.analysis.transport import check_transport
from engine.analysis.unreached import check_unreached
from engine.analysis.unseen import check_unseen
from engine.analysis.untold import check_untold
from engine.analysis.unused import check_unused
from engine.config.excerpts import Excerpts
from engine.config.files import Folder, read_folder
from engine.config.model import Config
from engine.errors import Position, Problem, warn

# `# allow PR106: kept for the summer`, at the end of the line or alone on the line before.
_ALLOW = re.compile(r"(?:#|\{#|<!--)\s*allow\s+(PR\d{3}(?:\s*,\s*PR\d{3})*)\b:?[ \t]*(.*?)\s*(?:#\}|-->)?\s*$")

_CHECKS = (
    check_rules,
    check_unused,
    check_nobody,
    check_idle,
    check_unreached,
    check_not_yet,
    check_losing,
    check_believing,
    check_untold,
    check_sign_in,
    check_transport,
    check_ending,
    check_literal,
)


def analyse(config: Config, more: tuple[Problem, ...] = ()) -> list[Problem]:
    """Warnings about a configuration that `load_config` accepts; `more` are those of other analyses, to be silenced alike."""
    folder = read_folder(config.root)
    found = sorted({*more, *check_unseen(folder), *(problem for check in _CHECKS for problem in check(config))})
    allowed, problems = _allowances(folder)
    used: set[tuple[str, int, str]] = set()
    for problem in found:
        at = problem.position
        keys = [(at.file, line, problem.code) for line in (at.line, at.line - 1) if (at.file, line, problem.code) in allowed]
        key = next((key for key in keys if key[1] == at.line or allowed[key]), None)
        if key is None:
            problems.append(problem)
        else:
            used.add(key)
    for file, line, code in allowed:
        if (file, line, code) not in used:
            where = Position(file, line)
            problems.append(_stale(where, f"there is no {code} here to allow", "remove the comment"))
    excerpts = Excerpts(folder)
    return sorted(map(excerpts.shown, problems))


def _allowances(folder: Folder) -> tuple[dict[tuple[str, int, str], bool], list[Problem]]:
    """(file, line, code) of each comment that allows something, and whether it stands alone on its line."""
    allowed: dict[tuple[str, int, str], bool] = {}
    problems: list[Problem] = []
    for name, source in folder.files.items():
        if " allow PR" not in source.text:
            continue
        for number, line in enumerate(source.text.split("\n"), 1):
            found = _ALLOW.search(line)
            if not found:
                continue
            if not found[2]:
                problems.append(_stale(Position(name, number), f"{found[1]} is allowed without a reason", "say why"))
                continue
            for code in re.findall(r"PR\d{3}", found[1]):
                allowed[name, number, code] = not line[: found.start()].strip()
    return allowed, problems


def _stale(where: Position, message: str, fix: str) -> Problem:
    return warn("PR100", where, message, fix)
