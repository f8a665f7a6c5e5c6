"""What a change removes although something still uses it: other files, or rows of the database."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from msgspec.structs import replace

from engine.config.model import Config
from engine.config.people import CONTACTS
from engine.errors import Position, Problem

CODE = "PR120"
_ACTIVE = "active resource"  # one that is there, and was active before
_UNKNOWN = re.compile(r"unknown (mailbox|queue|status|tag|organization|resource|contact) '(.*)'$")
# Where each kind stands, and how it is kept without being used for anything new.
_KEEP = {
    "mailbox": "put its file back, with active: false",
    "queue": "put it back as {name: ..., active: false}",
    "status": "put it back as {name: ..., active: false}",
    "tag": "put it back, with active: false",
    "organization": "put its line back, with no in the column active",
    "resource": "put its line back, with no in the column active",
    "contact": "put its line back, with no in the column active",
    "rule": "give it its old name back, or let them be dropped",
    _ACTIVE: "give them to somebody by a rule (`when ticket.assigned is ...`): nobody is told of what customers write there",
    "form of ticket numbers": "keep it under `former`, for mail that names one only in its subject would open a new ticket",
}
_WARNINGS = ("rule", "form of ticket numbers", _ACTIVE)
Names = dict[str, dict[str, Position]]
Used = Mapping[str, list[tuple[str, int]]]  # (what, how many), by the name


def names_in(config: Config) -> Names:
    """Everything that can be removed, by kind and name, with where it stands."""
    picklists, directory = Position("picklists.yaml"), config.directory
    return {
        "mailbox": {name: Position(one.where().file) for name, one in config.mailboxes.items()},
        "queue": dict.fromkeys(config.picklists.queues, picklists),
        "status": dict.fromkeys(config.picklists.statuses, picklists),
        "tag": {tag.label: Position("tags.yaml") for tag in config.tags.tags},
        "organization": dict.fromkeys(directory.organizations, Position("directory/organizations.csv")),
        "resource": dict.fromkeys(directory.resources, Position("directory/resources.csv")),
        _ACTIVE: {name: one.position for name, one in directory.resources.items() if one.active},
        "contact": dict.fromkeys(directory.contacts, Position(CONTACTS)),
        "form of ticket numbers": {one.form: config.settings.where("numbers") for one in config.settings.forms_of("ticket")},
        "rule": {rule.name: Position(rule.position.file) for rule in config.rules.rules if rule.event.after},
    }


def removed_but_used(before: Names, now: Names, rows: Callable[[str, list[str]], Used]) -> list[Problem]:
    """What `before` had and `now` has not, although rows of the database use it. `rows`: what uses which names of a kind."""
    problems = []
    for kind, names in before.items():
        removed = [name for name in names if name not in now[kind]]
        if kind == _ACTIVE:
            removed = [name for name in removed if name in now["resource"]]  # the others are told as removed
        for name, used in (rows(kind, removed) if removed else {}).items():
            gone = f"the resource '{name}' is no longer active" if kind == _ACTIVE else f"the {kind} '{name}' was removed"
            how = ", ".join(f"{what} {count:,}" for what, count in used)
            message = f"{gone}, but the database still uses it: {how}"
            problems.append(Problem(names[name], message, _KEEP[kind], code=CODE, warning=kind in _WARNINGS))
    return problems


def explain_removed(problems: tuple[Problem, ...], before: Names) -> list[Problem]:
    """Problems about unknown names, where the name was there before: it was removed, and the file still uses it."""
    found = []
    for problem in problems:
        match = _UNKNOWN.match(problem.message)
        if match and match[2] in before[match[1]]:
            message = f"the {match[1]} '{match[2]}' was removed, but is used here"
            problem = replace(problem, message=message, fix=f"{_KEEP[match[1]]}, or use another here", code=CODE)
        found.append(problem)
    return found
