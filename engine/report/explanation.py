"""A Decision as the answer to `why did this mail become that?`: the steps, what each found, and the rules."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from engine.printable import one_line, printable
from engine.quantity import counted

_WIDTH = 100


def explanation(decision: dict[str, Any]) -> str:
    """From a Decision as `--json` prints it, so that a stored one reads the same."""
    return "\n".join(_lines(decision)) + "\n"


def _lines(decision: dict[str, Any]) -> Iterator[str]:
    yield one_line(_headline(decision))
    yield ""
    number = 0
    for step in decision["trace"]:
        if step["step"] == "rule":
            continue
        number += 1
        yield from _entry(f"{number:2}. {step['step']:<14} ", step["found"], step["where"])
    yield ""
    yield "Rules that ran" + ("" if decision["fired"] else ": none")
    for ran in decision["fired"]:
        yield from _entry(f"  + on {ran['event']}: ", f"{ran['rule']}", ran["where"])
        for did in ran["did"]:
            yield from _entry("      ", did, "")
    not_fired = decision["not_fired"]
    if not_fired:
        yield ""
        yield "Rules that did not run, and why"
        for rule in not_fired:
            yield from _entry(f"  - on {rule['event']}: ", rule["rule"], rule["where"])
            yield from _entry("      ", rule["because"], "")
    elif decision["not_fired_count"]:
        yield f"{counted(decision['not_fired_count'], 'rule')} did not run; `postroom explain FILE` says why"
    if decision.get("when_due"):
        yield ""
        yield "Rules that wait, and what they do then if nothing else happens to the ticket"
        for one in decision["when_due"]:
            yield from _entry(f"  {'+' if one['status'] == 'ran' else '-'} at {one['due_at']}: ", one["rule"], "")
            yield from _entry("      ", one["because"] or "nothing", "")
    for one in decision.get("notifications", ()):
        yield ""
        yield one_line(f"To {one['recipient']}, by the template '{one['template']}'")
        yield one_line(f"  Subject: {one['subject']}")
        yield ""
        yield from (printable(f"  {line}".rstrip()) for line in one["body"].splitlines())


def _headline(decision: dict[str, Any]) -> str:
    entity = (decision["entity"] or "").replace("_", " ")
    why = decision["detail"] or (decision["reason"] or "").replace("_", " ")
    match decision["outcome"]:
        case "created":
            return f"It becomes the {entity} {decision['number']}, through the mailbox {decision['mailbox']}."
        case "appended":
            return f"It becomes a {entity} on {decision['target']}, through the mailbox {decision['mailbox']}."
        case "duplicate":
            return f"It becomes nothing: a duplicate ({why})."
        case "quarantined":
            return f"It is held in quarantine: {why}."
        case outcome:
            return f"It becomes nothing: {outcome} ({(decision['reason'] or '').replace('_', ' ')}: {why})."


def _entry(lead: str, text: str, where: str) -> Iterator[str]:
    place = f"  [{where}]" if where else ""
    body = printable(text) + place
    yield from textwrap.wrap(
        body,
        width=_WIDTH,
        initial_indent=lead,
        subsequent_indent=" " * len(lead),
        break_long_words=False,
        break_on_hyphens=False,
    ) or [lead.rstrip()]
