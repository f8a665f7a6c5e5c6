"""Patterns of RE2: linear time whatever the text is."""

from __future__ import annotations

from typing import Any

import re2

from engine.late import late


def linear(pattern: str) -> Any:
    """For long lists of alternatives: RE2 takes a tenth of `re`'s time for them, in linear time; letters in either case."""
    return late(lambda: re2.compile(f"(?i){pattern}"))
