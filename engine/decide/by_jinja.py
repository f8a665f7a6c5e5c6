"""Templates that ask more of Jinja2 than text and variables. Apart, because importing Jinja2 takes as long as ten messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jinja2 import Template, TemplateError

from engine.config.sandbox import ENVIRONMENT
from engine.config.variables import PLAIN, VARIABLES
from engine.decide.values import Values


class Renderer:
    """Each text is compiled when it is first needed. `finalize` makes a text of each value that is put in."""

    def __init__(self, finalize: Callable[[object], str]) -> None:
        self._environment = ENVIRONMENT.overlay(finalize=finalize)
        self._compiled: dict[str, Template] = {}

    def render(self, source: str, values: Values) -> str:
        """Raises `ValueError` or another error of Python's: a template can fail on values that nobody foresaw."""
        if source not in self._compiled:
            self._compiled[source] = self._environment.from_string(source)
        groups = {group: _Group(values, group) for group in VARIABLES}
        try:
            return self._compiled[source].render({**groups, **{name: values.get(name, "") for name in PLAIN}})
        except TemplateError as error:
            raise ValueError(str(error)) from error


class _Group:
    """The variables of one group, under the names that templates may use."""

    def __init__(self, values: Values, group: str) -> None:
        self._values = values
        self._group = group

    def __getattr__(self, name: str) -> Any:
        if name not in VARIABLES[self._group]:
            raise AttributeError(name)
        return self._values.get(self._group, name)
