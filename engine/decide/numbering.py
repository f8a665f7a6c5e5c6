"""Numbers for new tickets, counted on from the last that the state knows."""

from __future__ import annotations

from datetime import datetime

from engine.decide.setup import Setup
from engine.state.view import State


class Numbering:
    """Numbers of one message's tickets: the first continues the series, more of them follow it."""

    def __init__(self, now: datetime, setup: Setup, state: State) -> None:
        self._form = setup.config.settings.numbers["ticket"]
        self._day = now.astimezone(setup.config.settings.timezone)
        self._last = state.last_sequence(self._form.series(self._day))

    def next(self) -> str:
        self._last += 1
        return self._form.write(self._day, self._last)
