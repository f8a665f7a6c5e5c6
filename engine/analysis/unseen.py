"""Characters that nobody sees in what is compared or named: a word looks like another and is none, and a line may look other than it is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.config.files import Folder
from engine.errors import Position, Problem, cannot_be_seen, warn
from engine.printable import UNSEEN

CODE = "PR124"
_UNSEEN = re.compile(f"[{UNSEEN}]")


def check_unseen(folder: Folder) -> Iterator[Problem]:
    """The first of each line. Templates are prose: languages that are written from the right need such characters there."""
    for name, source in folder.files.items():
        if name.endswith(".md") or source.text.isascii():
            continue
        for number, line in enumerate(source.text.split("\n"), 1):
            found = _UNSEEN.search(line)
            if found:
                position = Position(name, number, found.start() + 1)
                yield warn(CODE, position, *cannot_be_seen(found[0]))
