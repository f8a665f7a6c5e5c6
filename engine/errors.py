"""Problems that a person can act on: where, what is wrong, and how to mend it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple, Self

from msgspec import Struct
from msgspec.structs import replace

from engine.printable import UNSEEN, one_line, printable

_MOST_LISTED = 8
_MOST_SOUGHT = 100


class Position(NamedTuple):
    """A place in a configuration file: path relative to the configuration, line and column from 1 (0: none).

    A tuple, for each value, rule and contact of a configuration has one.
    """

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}:{self.column}" if self.column else f"{self.file}:{self.line}"


class Problem(Struct, frozen=True, order=True):
    """One thing that is wrong: `file:line:column: message; fix [code]`, and optionally the source line with a caret.

    A warning does not keep the configuration from being used. `code` names a page of docs/checks.md. `lacks`: the kind of thing
    (mailbox, tag ...) that is missing, where this is all that is wrong.
    """

    position: Position
    message: str
    fix: str = ""
    excerpt: str = ""
    code: str = ""
    warning: bool = False
    lacks: str = ""

    def __str__(self) -> str:
        line = f"{self.position}: {'warning: ' if self.warning else ''}{self.message}"
        if self.fix:
            line += f"; {self.fix}"
        if self.code:
            line += f" [{self.code}]"
        line = one_line(line)
        return f"{line}\n{printable(self.excerpt)}" if self.excerpt else line


def unknown(position: Position, kind: str, name: str, known: Iterable[str]) -> Problem:
    return Problem(position, f"unknown {kind} '{name}'", did_you_mean(name, known), lacks=kind)


def warn(code: str, position: Position, message: str, fix: str) -> Problem:
    """A problem that does not keep the configuration from being used."""
    return Problem(position, message, fix, code=code, warning=True)


def coded(code: str, problems: Iterable[Problem]) -> list[Problem]:
    """The same problems under a code, where they have none yet."""
    return [problem if problem.code else replace(problem, code=code) for problem in problems]


class PostroomError(Exception):
    """The family of all errors that are shown to a person as they are. Carries at least one problem."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems

    @classmethod
    def of(cls, message: str, fix: str = "", position: Position | None = None) -> Self:
        return cls(Problem(position or Position("postroom"), message, fix))


class ConfigError(PostroomError):
    """The configuration is wrong. Carries every problem found, in the order of the files."""


class SourceError(PostroomError):
    """Mail cannot be read from where it was said to be."""


class StoreError(PostroomError):
    """The database cannot be opened, read or written. The message in hand is not lost: nothing of it was stored."""


class Damaged(StoreError):
    """One value is not as it was written, for a disk failed or somebody changed it by hand. What has nothing to do with it can go on."""


FROM_A_BACKUP = "restore it from a backup; `postroom doctor` shows what is damaged"


def line_and_column(text: str, place: int) -> tuple[int, int]:
    """From 1, of the letter at `place`."""
    return text.count("\n", 0, place) + 1, place - text.rfind("\n", 0, place)


def excerpt(lines: Sequence[str], line: int, column: int) -> str:
    """The source line with a caret under the column."""
    shown = lines[line - 1] if 0 < line <= len(lines) else ""
    lead = "".join("\t" if letter == "\t" else " " for letter in shown[: max(column - 1, 0)])
    return f"    {shown}\n    {lead}^"


def cannot_be_seen(letter: str) -> tuple[str, str]:
    """(what is wrong, how to mend it)"""
    return f"a character that cannot be seen stands here ({_code(letter)})", "take it out"


def _code(letter: str) -> str:
    return f"U+{ord(letter):04X}"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is written most like this one, or the only one that begins with it, if there is one."""
    return _nearest(word, _folded(known))


def _folded(names: Iterable[str]) -> dict[str, str]:
    return {name.casefold(): name for name in names}


def _nearest(word: str, folded: dict[str, str]) -> str | None:
    from rapidfuzz import process  # seldom needed
    from rapidfuzz.distance import Indel

    begin = [name for name in folded if len(word) > 2 and name.startswith(word.casefold())]
    if len(begin) == 1:
        return folded[begin[0]]
    near = process.extractOne(word.casefold(), folded.keys(), scorer=Indel.normalized_similarity, score_cutoff=0.6)
    return folded[near[0]] if near else None


class Known(Collection[str]):
    """Names of which there may be thousands, as there may be of wrong ones: what is meant is sought once for each of the first hundred."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = names
        self._folded: dict[str, str] | None = None
        self._fixes: dict[str, str] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def meant(self, word: str) -> str:
        """As `did_you_mean`."""
        found = self._fixes.get(word)
        if found is None and len(self._fixes) < _MOST_SOUGHT:
            if self._folded is None:
                self._folded = _folded(self._names)
            found = self._fixes[word] = _fix(word, _nearest(word, self._folded), self._names)
        return found or _known_are(self._names)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A fix for an unknown word: the nearest known one, or the list of what is known when nothing is near."""
    if isinstance(known, Known):
        return known.meant(word)
    names = list(dict.fromkeys(known))
    return _fix(word, nearest(word, names), names)


def _fix(word: str, near: str | None, names: Iterable[str]) -> str:
    if near is None:
        return _known_are(names)
    unseen = next((letter for letter in word if letter in UNSEEN), None)
    return f"did you mean '{near}'?" + (f" what stands here has {_code(unseen)} in it, which cannot be seen" if unseen else "")


def _known_are(known: Iterable[str]) -> str:
    """The first of them, where nobody can tell which is meant."""
    names = list(islice(known, _MOST_LISTED + 1))
    if not names:
        return "none is defined yet"
    return f"known are: {', '.join(names[:_MOST_LISTED])}" + (", ..." if names[_MOST_LISTED:] else "")
