"""What no test reaches: rules, parts of their conditions, and branches of mailboxes, duplicates and tags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct, field

from engine.config.mailbox import Mailbox
from engine.config.model import Config
from engine.decide.decision import Decision
from engine.decide.waiting import Foreseen
from engine.dsl.tree import And, Condition, Rule
from engine.errors import Position
from engine.rules.program import failed_at


class Gap(Struct, frozen=True):
    """One thing that no test reaches."""

    position: Position
    words: str


class Coverage(Struct):
    """Collects what tests reach, Decision by Decision."""

    config: Config
    _rules: Counter[str] = field(default_factory=Counter)
    _failed: set[str] = field(default_factory=set)
    _reached: set[tuple[str, ...]] = field(default_factory=set)

    def add(self, decision: Decision, foreseen: Sequence[Foreseen]) -> None:
        """`foreseen`: what became of the rules that wait after it."""
        self._rules.update(ran.rule for ran in decision.fired)
        self._rules.update(one.waiting.rule for one in foreseen if one.due.status == "ran")
        for one in decision.not_fired:
            self._did_not_run(one.rule, one.because)
        for late in foreseen:
            if late.due.status == "dropped":
                self._did_not_run(late.waiting.rule, late.due.because)
        mailbox = decision.mailbox
        if decision.entity:
            self._reached.add(("entity", mailbox, decision.entity))
        if decision.note is not None and decision.note.author in ("contact", "resource"):
            who = "from_customer" if decision.note.author == "contact" else "from_resource"
            self._reached.add(("author", mailbox, who))
        self._reached.update(("notice", mailbox, one.template) for one in decision.changes.notifications)
        for step in decision.trace:
            if step.step == "duplicate":
                state = "when_complete" if "which is complete: " in step.found else "when_open"
                self._reached.add(("duplicate", step.where, state))
        self._reached.update(("tag", tag) for tag in decision.tags)

    def _did_not_run(self, rule: str, because: str) -> None:
        """Counts where a part of its condition kept it from that."""
        if where := failed_at(because):
            self._failed.add(f"{rule}\0{where}")

    def gaps(self) -> tuple[list[Gap], int]:
        """What is not reached, and how many things there are at all."""
        everything = list(self._branches())
        return [gap for key, gap in everything if not self._is_reached(key)], len(everything)

    def _is_reached(self, key: tuple[str, ...]) -> bool:
        if key[0] == "rule":
            return self._rules[key[1]] > 0
        if key[0] == "part":
            return f"{key[1]}\0{key[2]}" in self._failed
        return key in self._reached

    def _branches(self) -> Iterator[tuple[tuple[str, ...], Gap]]:
        for rule in self.config.rules.rules:
            yield ("rule", rule.name), Gap(rule.position, f"no test runs the rule '{rule.name}'")
            yield from self._parts(rule)
        for mailbox in self.config.mailboxes.values():
            if mailbox.active:
                yield from _mailbox(mailbox)
        for criterion in self.config.duplicates:
            for state in ("when_open", "when_complete"):
                words = f"no test meets the criterion '{criterion.name}' with a ticket that is {state.partition('_')[2]}"
                yield ("duplicate", str(criterion.position), state), Gap(criterion.position, words)
        for tag in self.config.tags.tags:
            if tag.active:
                yield ("tag", tag.label), Gap(tag.position, f"no test has the tag '{tag.label}'")

    def _parts(self, rule: Rule) -> Iterator[tuple[tuple[str, ...], Gap]]:
        """Each part of a conjunction must once be what keeps the rule from running: else no test shows that it is needed."""
        for part in _conjuncts(rule.condition):
            words = f"no test of '{rule.name}' fails for: {part.words}"
            yield ("part", rule.name, str(part.position)), Gap(part.position, words)


def _conjuncts(condition: Condition | None) -> Iterable[Condition]:
    if condition is None:
        return ()
    if isinstance(condition, And):
        return (part for one in condition.parts for part in _conjuncts(one))
    return (condition,)


def _mailbox(mailbox: Mailbox) -> Iterator[tuple[tuple[str, ...], Gap]]:
    for entity in sorted(mailbox.creates):
        yield (
            ("entity", mailbox.id, entity),
            Gap(mailbox.where("creates"), f"no test makes a {entity.replace('_', ' ')} in the mailbox '{mailbox.id}'"),
        )
    if "ticket_note" in mailbox.creates:
        for who in ("from_customer", "from_resource"):
            at = mailbox.where("defaults", "ticket_note", who)
            yield ("author", mailbox.id, who), Gap(at, f"no test has a note {who.replace('_', ' a ')} in '{mailbox.id}'")
    for key in ("created", "noted", "failed"):
        notice = getattr(mailbox, key)
        if notice is not None:
            yield (
                ("notice", mailbox.id, notice.template),
                Gap(notice.position, f"no test sends `{key}` of the mailbox '{mailbox.id}'"),
            )
