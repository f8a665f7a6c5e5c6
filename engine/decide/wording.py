"""A notification's words: its template filled in with what the event has. Pure, and it never fails the message."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from engine.config.model import Config, Jinja
from engine.decide.decision import Wording
from engine.decide.values import Values
from engine.late import late_pattern
from engine.rules.facts import Facts
from engine.text import cut

if TYPE_CHECKING:
    from engine.decide.by_jinja import Renderer

MOST_SUBJECT = 250
MOST_BODY = 20_000
# Private-use characters that Jinja2 puts around each value, so that we know afterwards what was a value. They are taken out of the values
# themselves first.
_OPEN, _CLOSE = "\ue000", "\ue001"
_MARKS = late_pattern(f"[{_OPEN}{_CLOSE}]")
_MARKED = late_pattern(f"{_OPEN}([^{_CLOSE}]*){_CLOSE}")
# A piece of what is written, and whether it is a value.
_Piece = tuple[str, bool]


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
        line = " ".join("".join(piece for piece, _ in subject).split())
        return Wording(cut(line, MOST_SUBJECT), *_joined(body), language=language)

    def _fill(self, text: Jinja, values: Values) -> list[_Piece]:
        if text.parts is None:
            # What stands between two values comes at even places.
            pieces = _MARKED.split(self._by_jinja.render(text.source, values))
            return [(piece, place % 2 == 1) for place, piece in enumerate(pieces)]
        return [(part, False) if isinstance(part, str) else (_unmarked(str(values.first(part))), True) for part in text.parts]

    @cached_property
    def _by_jinja(self) -> Renderer:
        from engine.decide.by_jinja import Renderer

        return Renderer(_mark)


def _mark(value: object) -> str:
    return f"{_OPEN}{_unmarked(str(value))}{_CLOSE}"


def _unmarked(text: str) -> str:
    return text if text.isascii() else _MARKS.sub("", text)


def _joined(pieces: list[_Piece]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The text without white space around it, and where the values stand in it."""
    parts: list[str] = []
    values: list[tuple[int, int]] = []
    length = 0
    for piece, is_value in _stripped(pieces):
        part = piece[: MOST_BODY - length]
        if is_value and part:
            values.append((length, length + len(part)))
        parts.append(part)
        length += len(part)
    return "".join(parts), tuple(values)


def _stripped(pieces: list[_Piece]) -> list[_Piece]:
    """A value keeps its own white space."""
    found = [(piece, is_value) for piece, is_value in pieces if piece or is_value]
    if found and not found[0][1]:
        found[0] = found[0][0].lstrip(), False
    if found and not found[-1][1]:
        found[-1] = found[-1][0].rstrip(), False
    return found
