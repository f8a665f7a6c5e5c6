"""A configuration folder to its files, sorted by name, with one digest over all of them; and those to texts: UTF-8 only."""

from __future__ import annotations

import hashlib
from pathlib import Path
from stat import S_ISREG

from msgspec import Struct

from engine.errors import ConfigError, Position, Problem

LARGEST_FILE = 64 * 1024 * 1024


class SourceFile(Struct, frozen=True):
    """One file of the configuration: its path relative to the folder, with `/`, and its text."""

    name: str
    text: str


class Contents(Struct, frozen=True):
    """All files that make the configuration, by name, as they are. `problems`: of those that cannot be read."""

    root: Path
    files: dict[str, bytes]
    problems: tuple[Problem, ...]
    digest: str


class Folder(Struct, frozen=True):
    """All files that make the configuration, by name. `problems`: of those that are left out."""

    root: Path
    files: dict[str, SourceFile]
    problems: tuple[Problem, ...]
    digest: str

    def one(self, name: str) -> SourceFile | None:
        return self.files.get(name)

    def under(self, folder: str, ending: str) -> list[SourceFile]:
        """The files of a folder (and of the folders in it) with this ending, by name."""
        return [file for name, file in self.files.items() if name.startswith(f"{folder}/") and name.endswith(ending)]


_CONFLICT = "<<<<<<< "


def conflict_in(name: str, text: str) -> Problem | None:
    """Where git has left both sides of a merge for somebody to choose."""
    if text.startswith(_CONFLICT):
        line = 1
    elif (found := text.find(f"\n{_CONFLICT}")) >= 0:
        line = text.count("\n", 0, found) + 2
    else:
        return None
    fix = "keep what is right of both sides, and take the lines <<<<<<<, ======= and >>>>>>> out"
    return Problem(Position(name, line, 1), "a merge conflict stands here", fix)


PATTERNS = ("*.yaml", "mailboxes/**/*.yaml", "directory/*.csv", "workflow/**/*.rules", "templates/**/*.md")


def read_folder(root: Path) -> Folder:
    """Read what `PATTERNS` names. Raises `ConfigError` when the folder is not there; bad files are problems in it."""
    return as_texts(read_contents(root))


def read_contents(root: Path) -> Contents:
    """The same without a look at what stands in the files."""
    if not root.is_dir():
        raise ConfigError(
            Problem(
                Position(str(root)),
                "there is no such configuration folder",
                "name one with --rules DIR or POSTROOM_RULES",
            )
        )
    files: dict[str, bytes] = {}
    problems: list[Problem] = []
    digest = hashlib.sha256()
    names = {path for pattern in PATTERNS for path in root.glob(pattern) if not path.is_dir() and not is_hidden(path, root)}
    for path in sorted(names):
        name = path.relative_to(root).as_posix()
        try:
            about = path.stat()
            if not S_ISREG(about.st_mode):
                problems.append(
                    Problem(Position(name), "this is no file, nor a link to one", "put one in its place, or take it out")
                )
                continue
            if about.st_size > LARGEST_FILE:
                problems.append(Problem(Position(name), "the file is larger than 64 MB", "split it"))
                continue
            data = path.read_bytes()
        except OSError as error:
            problems.append(
                Problem(Position(name), f"the file cannot be read ({error.strerror})", "mend its rights, or the link")
            )
            continue
        digest.update(f"{name}\0{len(data)}\0".encode())
        digest.update(data)
        files[name] = data
    return Contents(root, files, tuple(problems), digest.hexdigest())


def is_hidden(path: Path, folder: Path) -> bool:
    """Whether it, or a folder on the way to it, has a name that begins with a dot: programs keep their own there (`._help.yaml`)."""
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def as_texts(contents: Contents) -> Folder:
    files: dict[str, SourceFile] = {}
    problems = list(contents.problems)
    for name, data in contents.files.items():
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
            problems.append(Problem(Position(name, line, column), "the file is not UTF-8", "save it with the encoding UTF-8"))
            continue
        if conflict := conflict_in(name, text):
            problems.append(conflict)
            continue
        files[name] = SourceFile(name, text.replace("\r\n", "\n"))
    return Folder(contents.root, files, tuple(problems), contents.digest)
