"""A configuration folder to the `Setup` that messages are decided with."""

from __future__ import annotations

from pathlib import Path

from engine.config.cached import load_cached
from engine.decide.setup import Setup, prepare
from engine.garbage import no_garbage_collection


def load_setup(rules: Path) -> Setup:
    """Raises `ConfigError` with every problem."""
    with no_garbage_collection():
        return prepare(load_cached(rules))
