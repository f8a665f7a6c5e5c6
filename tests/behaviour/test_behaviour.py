"""Every statement of `behaviour.md` that one message can show, as rule tests on the shipped configuration: one file a section."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.decide.setup import Setup
from engine.trial.case import Case, read_cases
from engine.trial.run import Trials

CASES = read_cases(sorted(Path(__file__).parent.glob("section-*.yaml")))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_behaviour(case: Case, setup: Setup) -> None:
    result = Trials(setup).run(case)
    shown = "\n".join(f"{one.what}: expected {one.expected!r}, found {one.found!r}" for one in result.differences)
    trace = "\n".join(f"{step.step}: {step.found}" for step in result.decision.trace)
    assert result.passed, f"{case.position}\n{shown}\n{trace}"
