"""What a run did, counted as its messages are stored."""

from __future__ import annotations

from collections import Counter

from msgspec import Struct, field

from engine.decide.decision import Decision

_MOST_SHOWN = 20


class Summary(Struct):
    """What a run did. `held`: how many went to quarantine, and `shown` the first of them. `unread`: items that could not even be read,
    with why.
    """

    messages: int = 0
    known: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    held: int = 0
    shown: list[Decision] = field(default_factory=list)
    unread: list[tuple[str, str]] = field(default_factory=list)
    interrupted: bool = False

    @property
    def findings(self) -> bool:
        """Something that a person should look at."""
        return bool(self.held or self.unread)

    def count(self, decision: Decision) -> None:
        what = decision.entity if decision.outcome in ("created", "appended") else decision.reason
        self.outcomes[f"{decision.outcome}: {(what or '').replace('_', ' ')}"] += 1
        self.rules.update(ran.rule for ran in decision.fired)
        if decision.outcome == "quarantined":
            self.held += 1
            if self.held <= _MOST_SHOWN:
                self.shown.append(decision)
