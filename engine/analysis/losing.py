"""Rules and keys that make nothing of mail which was not meant: of all of it, or of another customer's."""

from __future__ import annotations

from collections.abc import Iterator

from engine.config.model import Config, Criterion
from engine.dsl.tree import Discard, Quarantine, Refuse
from engine.errors import Problem, warn

CODE = "PR118"
# Of two mails that have one of these in common, nobody else's is lost where the second becomes nothing.
_TELLING = {"contact", "sender", "description", "ticket_number"}


def check_losing(config: Config) -> Iterator[Problem]:
    for rule in config.rules.rules:
        ends = any(isinstance(action, Discard | Refuse | Quarantine) for action in rule.actions)
        if ends and rule.condition is None:
            yield warn(
                CODE, rule.position, f"'{rule.name}' takes all mail: it has no condition", "say with `when` which is meant"
            )
    loop = config.settings.loop_protection
    if loop is not None and not {"sender", "body"} & set(loop.alike):
        message = f"mail of different senders counts as one loop: `alike: [{', '.join(loop.alike)}]`"
        yield warn(CODE, config.settings.where("loop_protection"), message, "add `sender`, or `body`")
    for criterion in config.duplicates:
        yield from _criterion(criterion, _TELLING | config.extracted_fields)


def _criterion(criterion: Criterion, telling: set[str]) -> Iterator[Problem]:
    discards = "discard" in (criterion.when_open.do, criterion.when_complete.do)
    if discards and not telling & set(criterion.same) and "description" not in criterion.similar:
        message = f"'{criterion.name}' discards a colleague's mail of the same title"
        yield warn(
            CODE, criterion.position, message, "add `contact`, `sender` or `description` to `same`, or write `do: append_note`"
        )
