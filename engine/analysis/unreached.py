"""Rules that no mail reaches: of a kind that is ignored before them, or about what no mailbox makes."""

from __future__ import annotations

from collections.abc import Iterator

from engine.config.model import Config
from engine.dsl.tree import Condition, Not, Test
from engine.errors import Problem, warn

CODE = "PR117"
# Mail of a kind with one of these ends before any rule is asked (`behaviour.md` 1.4).
_ENDING = ("ignore", "quarantine")


def check_unreached(config: Config) -> Iterator[Problem]:
    settings = config.settings
    made = {entity for one in config.mailboxes.values() if one.active for entity in one.creates}
    if settings.edition == "basic":
        made &= {"ticket"}
    for rule in config.rules.rules:
        entity = rule.event.name.removesuffix(" created").replace(" ", "_")
        if rule.event.name.endswith(" created") and entity not in made:
            what = entity.replace("_", " ")
            fix = f"let a mailbox make one: `creates: [..., {entity}]`, or take the rule out"
            yield warn(CODE, rule.event.position, f"no mailbox makes a {what}, so '{rule.name}' never runs", fix)
        for test in _asked(rule.condition, True):
            for text in config.rules.texts_of(test.value) if test.operand.name == "message.automatic" else ():
                policy = settings.automatic_mail.get(text.text.lower())
                if policy in _ENDING and test.operator in ("is", "in"):
                    message = f"mail that is a '{text.text}' comes to no rule: `automatic_mail` says {policy}"
                    yield warn(CODE, text.position, message, f"write `{text.text.lower()}: process` there, or leave it out here")


def _asked(condition: Condition | None, holds: bool) -> Iterator[Test]:
    """Tests that must hold, of those that must or must not."""
    if isinstance(condition, Test):
        if holds:
            yield condition
    elif isinstance(condition, Not):
        yield from _asked(condition.part, not holds)
    elif condition is not None:
        for part in condition.parts:
            yield from _asked(part, holds)
