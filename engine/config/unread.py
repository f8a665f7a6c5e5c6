"""Files that somebody meant for the configuration and that nothing reads: `help.yml`, `triage.rules.txt`, `contact.csv`.

A mailbox in a file of a wrong name would never be polled, and nobody would be told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from engine.config.files import Contents, Folder
from engine.errors import Position, Problem, did_you_mean

_ENDINGS = {"mailboxes": ".yaml", "directory": ".csv", "workflow": ".rules", "templates": ".md", "tests": ".yaml"}
_AT_THE_TOP = ("settings", "picklists", "duplicates", "tags")  # beside them may lie what other programs read: `mkdocs.yml`
_DIRECTORY = ("organizations.csv", "contacts.csv", "resources.csv", "projects.csv", "tasks.csv")
# What editors and spreadsheets make of the ending of a file that belongs into a folder; others, such as notes, may lie there.
_MEANT = {
    ".yaml": (".yaml", ".yml", ".yaml.txt", ".yml.txt"),
    ".csv": (".csv", ".csv.txt", ".tsv", ".xls", ".xlsx", ".ods"),
    ".rules": (".rules", ".rule", ".rules.txt"),
    ".md": (".md", ".md.txt", ".markdown", ".html", ".htm", ".j2"),
}
# What a file that is read may have been made from.
_MADE_FROM = (".xls", ".xlsx", ".ods", ".tsv", ".html", ".htm")


def unread(folder: Folder | Contents) -> Iterator[Problem]:
    """Hidden files, and folders of other names, are nobody's."""
    root = folder.root
    read = {*folder.files, *(problem.position.file for problem in folder.problems)}
    for path in sorted(root.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir() and path.name in _ENDINGS:
            yield from _in_folder(root, path, _ENDINGS[path.name], read)
        elif not path.is_file():
            continue
        elif _stem(path.name).lower() in _AT_THE_TOP and path.name.lower().endswith(_MEANT[".yaml"][1:]):
            yield _unread(path.name, f"name it {_stem(path.name).lower()}.yaml")
        elif path.name.lower() in _DIRECTORY:
            yield _unread(path.name, "move it into directory/")
        elif path.name.lower().endswith(".rules"):
            yield _unread(path.name, "move it into workflow/")


def _in_folder(root: Path, folder: Path, ending: str, read: Collection[str]) -> Iterator[Problem]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(root).as_posix()
        if not path.is_file() or any(part.startswith((".", "~")) for part in path.relative_to(folder).parts):
            continue
        if name in read:
            if ending == ".csv" and path.name not in _DIRECTORY:
                yield _unread(name, did_you_mean(path.name, _DIRECTORY))
        elif path.name.lower().endswith(_MEANT[ending]) and not (folder.name == "tests" and path.name.endswith(ending)):
            right = f"{_stem(path.name)}{ending}"
            if path.name.lower().endswith(_MADE_FROM) and path.with_name(right).relative_to(root).as_posix() in read:
                continue
            if ending == ".csv" and right not in _DIRECTORY:
                yield _unread(name, did_you_mean(right, _DIRECTORY))
            else:
                yield _unread(name, f"move it to {folder.name}/{right}" if right == path.name else f"name it {right}")


def _unread(name: str, fix: str) -> Problem:
    return Problem(Position(name), "no file of this name is read", fix)


def _stem(name: str) -> str:
    """The name up to its first ending: `triage` of `triage.rules.txt`."""
    return name.partition(".")[0]
