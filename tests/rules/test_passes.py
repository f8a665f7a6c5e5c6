"""The short form of `python -m tools.passes`: random rules run as said plainly, and no warning is a false one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.passes import compare


@pytest.mark.parametrize("first", range(0, 100, 25))
def test_rules_run_as_the_plain_passes_do(first: int, tmp_path: Path) -> None:
    for seed in range(first, first + 25):
        assert compare(seed, tmp_path / "w") == []
