"""The configurations in `examples/` are right, and their own tests pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config.load import load_config
from engine.decide.setup import prepare
from engine.trial import case as trial
from engine.trial.run import Trials

EXAMPLES = sorted(path.parent for path in (Path(__file__).parents[1] / "examples").glob("*/settings.yaml"))


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: folder.name)
def test_an_example_does_what_its_tests_say(folder: Path) -> None:
    setup = prepare(load_config(folder))
    cases = trial.read_cases(trial.test_files([folder / "tests"]))
    assert cases
    failed = [(case.name, result.differences) for case in cases if not (result := Trials(setup).run(case)).passed]
    assert failed == []
