"""The short form of `python -m tools.worlds`: random desks and mail, against `behaviour.md` said a second time."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.worlds import compare


@pytest.mark.parametrize("first", range(0, 120, 20))
def test_postroom_does_what_the_plain_model_says(first: int, tmp_path: Path) -> None:
    for seed in range(first, first + 20):
        assert compare(seed, tmp_path / "w") == []
