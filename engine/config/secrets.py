"""References such as `${env:NAME}` or `${env:NAME:-fallback}` to what they stand for. Secrets themselves never stand in files."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

_REFERENCE = re.compile(r"\$\{env:([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


class MissingSecret(Exception):
    """An environment variable that a reference names is not set."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the environment variable {name} is not set")
        self.name = name


def resolve(text: str, environment: Mapping[str, str] | None = None) -> str:
    """Raises `MissingSecret`."""
    values = os.environ if environment is None else environment

    def value(found: re.Match[str]) -> str:
        name, fallback = found[1], found[2]
        if name in values:
            return values[name]
        if fallback is None:
            raise MissingSecret(name)
        return fallback

    return _REFERENCE.sub(value, text)
