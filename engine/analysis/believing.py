"""Rules that take from a message whose it is, and do not ask who sent it: anybody could write as any customer."""

from __future__ import annotations

from collections.abc import Iterator

from engine.config.model import Config
from engine.dsl.tree import And, Attribute, Condition, Or, Test
from engine.dsl.vocabulary import EVENTS, resolve
from engine.errors import Problem, warn

CODE = "PR126"
_WHO = {"sender.address", "sender.domain", "sender.id"}


def check_believing(config: Config) -> Iterator[Problem]:
    for rule in config.rules.rules:
        for action in rule.actions:
            if isinstance(action, Attribute) and action.place is not None and not _asks_who(rule.condition, config):
                yield warn(
                    CODE,
                    action.position,
                    f"'{rule.name}' believes what anybody writes: its mail would belong to whom it names",
                    'ask who sent it too: `when sender.address is "..." and sender.authenticated`',
                )


def _asks_who(condition: Condition | None, config: Config) -> bool:
    """Whether only mail of certain senders, or of our own people, meets it. A customer is as good as anybody: he could name another."""
    if isinstance(condition, And):
        return any(_asks_who(part, config) for part in condition.parts)
    if isinstance(condition, Or):
        return all(_asks_who(part, config) for part in condition.parts)
    if not isinstance(condition, Test) or condition.operand.kind != "field":
        return False
    field = resolve(condition.operand.name, EVENTS["message"].groups)
    if field is not None and field.name == "sender.kind":
        return {text.text.casefold() for text in config.rules.texts_of(condition.value)} == {"resource"}
    return field is not None and field.name in _WHO and condition.value is not None
