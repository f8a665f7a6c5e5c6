"""The short form of `python -m tools.waits`: what waited, and what it changed, is found again as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.waits import compare


@pytest.mark.parametrize("first", range(0, 60, 15))
def test_what_waited_is_found_as_it_was(first: int, tmp_path: Path) -> None:
    for seed in range(first, first + 15):
        assert compare(seed, tmp_path / "w") == []
