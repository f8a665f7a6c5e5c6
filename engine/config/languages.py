"""Codes of languages (BCP 47), as the directory and names of templates have them: `fr`, `pt-BR`."""

from __future__ import annotations

import re

from engine.late import late_pattern

_CODE = late_pattern(r"[a-z]{2,3}(?:-[a-z0-9]{2,8})*", re.IGNORECASE | re.ASCII)


def is_language(text: str) -> bool:
    return bool(_CODE.fullmatch(text))


def code_of(text: str) -> str:
    """A code in lower case, also one that is written as programs do (`pt_BR`). Raises `ValueError`."""
    code = text.replace("_", "-")
    if code and not is_language(code):
        raise ValueError(f"'{text}' is no language")
    return code.lower()


def wider(code: str) -> tuple[str, ...]:
    """It, and the languages that it is one of: `pt-br` is `pt` too."""
    parts = code.split("-") if code else []
    return tuple("-".join(parts[:length]) for length in range(len(parts), 0, -1))
