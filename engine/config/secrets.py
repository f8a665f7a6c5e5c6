"""References such as `${env:NAME}`, `${env:NAME:-fallback}` or `${file:/run/secrets/name}` to what they stand for. Secrets themselves never stand in files."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from engine.late import late_pattern

_REFERENCE = late_pattern(r"\$\{(?:env:([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?|file:([^}]+))\}")


class MissingSecret(Exception):
    """An environment variable that a reference names is not set or empty, or a file cannot be read or is empty. Says which."""


def resolve(text: str, environment: Mapping[str, str] | None = None) -> str:
    """Raises `MissingSecret`. As in a shell, the fallback stands for what is empty too: an empty password would open every door."""
    values = os.environ if environment is None else environment

    def value(found: re.Match[str]) -> str:
        name, fallback, file = found[1], found[2], found[3]
        what = f"the file {file}" if file else f"the environment variable {name}"
        # Who puts a secret into Kubernetes by `echo` puts a line end behind it.
        known = _read(file, what) if file else values.get(name, "").rstrip("\r\n") or fallback
        if not known:
            raise MissingSecret(f"{what} is {'not set' if known is None and name not in values else 'empty'}")
        return known

    return _REFERENCE.sub(value, text)


def _read(file: str, what: str) -> str:
    try:
        return Path(file).read_text("utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise MissingSecret(f"{what} cannot be read") from error
