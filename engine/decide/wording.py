"""A notification's words: its template filled in with what the event has. Pure, and it never fails the message."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from engine.config.model import Config, Jinja
from engine.decide.decision import Wording
from engine.decide.values import Values
from engine.rules.facts import Facts
from engine.text import cut

if TYPE_CHECKING:
    from engine.decide.by_jinja import Renderer

MOST_SUBJECT = 250
MOST_BODY = 20_000
# Private-use characters around each value that is put in, so that we know afterwards what was a value. They are taken
# out of the values themselves first.
_OPEN, _CLOSE = "\ue000", "\ue001"
_MARKS = re.compile(f"[{_OPEN}{_CLOSE}]")


class Templates:
    """The configuration's templates."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def word(self, name: str, facts: Facts, reason: str = "", wanted: Callable[[], str] = str) -> Wording:
        """Subject and body, or why there are none: a template can still fail on values that nobody foresaw.

        `wanted` gives the language of who gets it, and is asked where the template is there in several.
        """
        template = self._config.templates.get(name)
        if template is None:
            return Wording(error=f"there is no template '{name}' any more")
        language = template.language_for(wanted()) if template.languages else ""
        template = template.languages.get(language, template)
        values = Values(facts, reason)
        try:
            subject, body = self._fill(template.subject, values), self._fill(template.body, values)
        except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
            return Wording(error=f"the template '{template.name}' failed: {error}"[:500])
        return Wording(cut(" ".join(_unmarked(subject).split()), MOST_SUBJECT), *_marked(body), language=language)

    def _fill(self, text: Jinja, values: Values) -> str:
        if text.parts is None:
            return self._by_jinja.render(text.source, values)
        return "".join(part if isinstance(part, str) else _mark(values.first(part)) for part in text.parts)

    @cached_property
    def _by_jinja(self) -> Renderer:
        from engine.decide.by_jinja import Renderer

        return Renderer(_mark)


def _mark(value: object) -> str:
    return f"{_OPEN}{_unmarked(str(value))}{_CLOSE}"


def _unmarked(text: str) -> str:
    return text if text.isascii() else _MARKS.sub("", text)


def _marked(text: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Text without the marks, and where the values stand in it."""
    parts: list[str] = []
    values: list[tuple[int, int]] = []
    length = 0
    start: int | None = None
    for part in re.split(f"([{_OPEN}{_CLOSE}])", text.strip()):
        if part == _OPEN:
            start = length
        elif part == _CLOSE:
            if start is not None and length > start:
                values.append((start, length))
            start = None
        else:
            part = part[: MOST_BODY - length]
            parts.append(part)
            length += len(part)
    return "".join(parts), tuple(values)
