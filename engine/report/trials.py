"""Results of rule tests: for a person, and as JUnit XML for CI."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as Xml

from msgspec import Struct

from engine.errors import Position
from engine.printable import printable
from engine.trial.coverage import Coverage
from engine.trial.run import Result

_SIDE = 56


class Tested(Struct, frozen=True):
    """What is kept of a test that was run, and how long it took, in seconds. `wrong`: the first difference; empty: it passed.

    A result is not kept: of ten thousand rules it says why each did not run.
    """

    name: str
    position: Position
    seconds: float
    wrong: str = ""
    failure: str = ""


def tested(result: Result, seconds: float) -> Tested:
    name, position = result.case.name, result.case.position
    if result.passed:
        return Tested(name, position, seconds)
    first = result.differences[0]
    wrong = f"{first.what}: expected {_shown(first.expected)}, found {_shown(first.found)}"
    return Tested(name, position, seconds, wrong, failure(result))


def failure(result: Result) -> str:
    """Expected and found side by side, and the trace that says why."""
    lines = [f"{result.case.position}: FAILED: {result.case.name}"]
    what = max(len(one.what) for one in result.differences)
    expected = max(min(max(len(_shown(one.expected)) for one in result.differences), _SIDE), len("expected"))
    lines.append(f"  {'':<{what}}  {'expected':<{expected}}  found")
    for one in result.differences:
        lines.append(f"  {one.what:<{what}}  {_shown(one.expected):<{expected}}  {_shown(one.found)}")
    lines.append("  because")
    for step in result.decision.trace:
        where = f"  [{step.where}]" if step.where else ""
        lines.append(f"      {step.step}: {step.found}{where}")
    for rule in result.decision.not_fired:
        if any(rule.rule in str(one.expected) for one in result.differences):
            lines.append(f"      '{rule.rule}' did not run: {rule.because}")
    if any(one.what.startswith("when_due") for one in result.differences):
        for foreseen in result.foreseen:
            lines.append(f"      '{foreseen.waiting.rule}' when due: {foreseen.due.status}: {foreseen.due.because}")
    return printable("\n".join([*lines, ""]))


def _shown(value: object) -> str:
    return printable(repr(value) if isinstance(value, str) else str(value))


def junit(tests: Sequence[Tested]) -> bytes:
    """One suite; a failure carries what a person would be shown."""
    failed = sum(bool(one.wrong) for one in tests)
    total = f"{sum(one.seconds for one in tests):.3f}"
    root = Xml.Element("testsuites")
    suite = Xml.SubElement(
        root, "testsuite", name="postroom", tests=str(len(tests)), failures=str(failed), errors="0", time=total
    )
    for one in tests:
        case = Xml.SubElement(
            suite,
            "testcase",
            name=printable(one.name),
            classname=printable(one.position.file),
            file=printable(one.position.file),
            line=str(one.position.line),
            time=f"{one.seconds:.3f}",
        )
        if one.wrong:
            Xml.SubElement(case, "failure", message=one.wrong).text = one.failure
    Xml.indent(root)
    return bytes(Xml.tostring(root, encoding="utf-8", xml_declaration=True))


def coverage(found: Coverage) -> str:
    gaps, everything = found.gaps()
    reached = everything - len(gaps)
    lines = [f"{gap.position}: {gap.words}" for gap in sorted(gaps, key=lambda gap: gap.position)]
    percent = 100 * reached // everything if everything else 100
    return "\n".join([*lines, f"{reached} of {everything} rules, conditions and branches are reached ({percent} %)"])
