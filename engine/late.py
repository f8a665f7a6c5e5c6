"""Patterns that are compiled when something is first sought with them: of those that tell odd mail from plain mail, most starts need none."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, cast


class _Late:
    """Stands for a pattern. Each method is looked up once, and is the pattern's own from then on."""

    def __init__(self, compiled: Callable[[], Any]) -> None:
        self._compile = compiled
        self._pattern: Any = None

    def __getattr__(self, name: str) -> Any:
        if self._pattern is None:
            self._pattern = self._compile()
        found = getattr(self._pattern, name)
        setattr(self, name, found)
        return found


def late(compiled: Callable[[], Any]) -> Any:
    """What `compiled` gives, made when it is first used."""
    return _Late(compiled)


def late_pattern(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """As `re.compile`. A mistake in the pattern is told when it is first used."""
    return cast("re.Pattern[str]", late(lambda: re.compile(pattern, flags)))
