"""The short form of `python -m tools.odd_values`: an odd value is told, or works."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tools.odd_values import Bench


@pytest.mark.parametrize("seed", range(3))
def test_an_odd_value_is_told_or_works(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALERTS_TOKEN", "sample-only")
    dice = random.Random(seed)
    bench = Bench(tmp_path)
    wrong = [bench.configuration(dice) for _ in range(60)] + [bench.rule_test(dice) for _ in range(120)]
    assert not any(wrong), [one for one in wrong if one]
    assert bench.loaded > 3
