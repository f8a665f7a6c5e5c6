"""Every pattern of Python's `re` that reads mail, against texts that begin as it asks and then repeat one or two characters: where
it takes more than linear time from one place, this finds it. Part of `make fuzz`; `python -m tools.pump_patterns --seconds 600`.

RE2's patterns are linear by their nature. Says which took longer than half a second for 20,000 characters, and exits with 1 then.
"""

from __future__ import annotations

import importlib
import pkgutil
import random
import re
import signal
import time
from collections.abc import Iterator

import engine.decide
import engine.mail
import engine.text
from tools.hostile import search

SLOW_SECONDS = 0.5
LONG = 20_000
ENDS = ["!", "x:", "\n!"]
CHARACTERS = " \t-_*>.:,;a0@\"'([=/\\&\n<#—\u00a0"


def patterns() -> dict[str, re.Pattern[str]]:
    """Those of the modules, by module and name, each once."""
    names = [
        "engine.text",
        *(
            one.name
            for place in (engine.mail, engine.decide)
            for one in pkgutil.iter_modules(place.__path__, f"{place.__name__}.")
        ),
    ]
    found = {
        value: f"{name}.{called}"
        for name in names
        for called, value in vars(importlib.import_module(name)).items()
        if isinstance(value, re.Pattern) and isinstance(value.pattern, str)
    }
    return {name: value for value, name in found.items()}


def texts(dice: random.Random, pattern: str) -> Iterator[str]:
    """What it asks for first is one of its own words, most often."""
    words = re.findall(r"[^\W\d_]{2,}(?: [^\W\d_]+){0,2}", pattern)
    while True:
        begins = "".join(dice.choices(["", *CHARACTERS, "--", "1:00", *words * 2], k=dice.randint(0, 3)))
        unit = "".join(dice.choices(CHARACTERS, k=dice.randint(1, 2)))
        yield f"{begins}{unit * (LONG // len(unit))}{dice.choice(ENDS)}"


def is_slow(pattern: re.Pattern[str], text: str) -> bool:
    """Whether it takes more than so much of the processor's time. Python's patterns can be interrupted."""

    def interrupt(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGPROF, interrupt)
    signal.setitimer(signal.ITIMER_PROF, SLOW_SECONDS)
    try:
        pattern.match(text)
    except TimeoutError:
        return True
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    return False


def pump(seconds: float, seed: int) -> tuple[int, list[str]]:
    """(how many texts, what is wrong)."""
    dice = random.Random(seed)
    waiting = {name: (one, texts(dice, one.pattern)) for name, one in patterns().items()}
    wrong: list[str] = []
    count, until = 0, time.monotonic() + seconds
    while time.monotonic() < until and waiting:
        for name, (one, more) in list(waiting.items()):
            count += 1
            if is_slow(one, text := next(more)):
                wrong.append(f"{name}: {text[:60]!r}...")
                del waiting[name]
    return count, wrong


if __name__ == "__main__":
    search(__doc__, pump, "texts for patterns", "slow")
