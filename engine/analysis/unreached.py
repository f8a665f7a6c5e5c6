"""Rules that no mail reaches: of a kind that is ignored before them, or about what no mailbox makes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from engine.config.model import AutomaticPolicy, Config
from engine.dsl.tree import Condition, Not, Rule, Test
from engine.dsl.values import Text
from engine.dsl.vocabulary import EVENTS, resolve
from engine.errors import Problem, warn

CODE = "PR117"
# Mail of a kind with one of these ends before any rule is asked (`behaviour.md` 1.4).
_ENDING = ("ignore", "quarantine")


def check_unreached(config: Config) -> Iterator[Problem]:
    settings = config.settings
    made = {entity for one in config.mailboxes.values() if one.active for entity in config.makes(one)}
    for rule in config.rules.rules:
        entity = rule.event.name.removesuffix(" created").replace(" ", "_")
        if rule.event.name.endswith(" created") and entity not in made:
            what = entity.replace("_", " ")
            fix = f"let a mailbox make one: `creates: [..., {entity}]`, or take the rule out"
            yield warn(CODE, rule.event.position, f"no mailbox makes a {what}, so '{rule.name}' never runs", fix)
        for test in _asked(rule.condition, True):
            if rule.event.name == "ticket created" and rule.event.after is None:
                yield from _too_early(test)
            if test.operand.name == "message.automatic" and test.operator in ("is", "in"):
                yield from _automatic(rule, config.rules.texts_of(test.value), settings.automatic_mail)


def _automatic(rule: Rule, kinds: Iterable[Text], policies: Mapping[str, AutomaticPolicy]) -> Iterator[Problem]:
    opens = rule.event.name == "ticket created"
    for kind in kinds:
        policy = policies.get(kind.text.lower())
        if policy in _ENDING or (opens and policy == "note_or_ignore"):
            what = "opens no ticket" if policy == "note_or_ignore" else "comes to no rule"
            message = f"mail that is a '{kind.text}' {what}: `automatic_mail` says {policy}"
            yield warn(CODE, kind.position, message, f"write `{kind.text.lower()}: process` there, or leave it out here")


def _too_early(test: Test) -> Iterator[Problem]:
    """A ticket has no age when it is opened, and opens with no reply to one that exists."""
    name = resolve(test.operand.name, EVENTS["ticket created"].groups) if test.operand.kind == "field" else None
    if name is not None and name.name in ("ticket.age", "ticket.quiet") and test.operator in (">", ">="):
        message = f"'{test.words}' never holds on 'ticket created': the ticket is opened just then"
        yield warn(CODE, test.position, message, "write: after 2 hours from ticket created")
    elif name is not None and name.name == "message.reply" and test.operator in ("holds", "is"):
        message = f"'{test.words}' never holds on 'ticket created': a reply becomes a note"
        yield warn(CODE, test.position, message, "write: on ticket note created")


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
