"""The short form of `python -m tools.worlds` and `tools.notices`: random desks and mail, against `behaviour.md` said a second time."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import notices, worlds


@pytest.mark.parametrize("first", range(0, 120, 20))
def test_postroom_does_what_the_plain_model_says(first: int, tmp_path: Path) -> None:
    for seed in range(first, first + 20):
        assert worlds.compare(seed, tmp_path / "w") == []


@pytest.mark.parametrize("first", range(0, 60, 20))
def test_postroom_tells_whom_the_plain_model_says(first: int, tmp_path: Path) -> None:
    for seed in range(first, first + 20):
        assert notices.compare(seed, tmp_path / "w") == []
