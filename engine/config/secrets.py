"""References such as `${env:NAME}`, `${env:NAME:-fallback}` or `${file:/run/secrets/name}` to what they stand for. Secrets themselves never stand in files."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

_REFERENCE = re.compile(r"\$\{(?:env:([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?|file:([^}]+))\}")


class MissingSecret(Exception):
    """An environment variable that a reference names is not set, or a file cannot be read. Says which."""


def resolve(text: str, environment: Mapping[str, str] | None = None) -> str:
    """Raises `MissingSecret`."""
    values = os.environ if environment is None else environment

    def value(found: re.Match[str]) -> str:
        name, fallback, file = found[1], found[2], found[3]
        if file:
            try:
                return Path(file).read_text("utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise MissingSecret(f"the file {file} cannot be read") from error
        if name in values:
            return values[name]
        if fallback is None:
            raise MissingSecret(f"the environment variable {name} is not set")
        return fallback

    return _REFERENCE.sub(value, text)
