"""Passes of workflow rules over the facts (`behaviour.md` 7): in order, each seeing what the earlier ones did.

durable-rules says which rules match; after a rule that changed something it is asked anew for what that may have changed.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field
from msgspec.structs import replace

from engine.decide.actions import Performed, Reattribute, perform
from engine.decide.decision import Ending, Notification, NotRan, Ran
from engine.decide.setup import Setup
from engine.dsl.tree import CreateTicket
from engine.entities import Note
from engine.rules.facts import Facts
from engine.rules.program import Program
from engine.rules.standing import Standing

MOST_UPDATE_PASSES = 5
# Beyond so many rules a Decision keeps how many did not run, and why only where that is asked for (`explain`).
MOST_REASONS_KEPT = 40


class Run(Struct, frozen=True):
    """What the rules of a message did so far. `updated`: the message or a rule changed the ticket."""

    facts: Facts
    ran: tuple[Ran, ...] = ()
    not_ran: tuple[NotRan, ...] = ()
    not_ran_count: int = 0
    notifications: tuple[Notification, ...] = ()
    notes: tuple[Note, ...] = ()
    more_tickets: tuple[CreateTicket, ...] = ()
    ending: Ending | None = None
    refusal: str | None = None
    reported: tuple[str, ...] = ()
    names: frozenset[str] = field(default_factory=frozenset)
    updated: bool = False


def run_event(event: str, run: Run, setup: Setup, *, explain: bool, reattribute: Reattribute | None = None) -> Run:
    """One pass of an event's rules."""
    program = setup.programs.by_event[event]
    if not program.rules:
        return run
    return _Pass(event, program, run, setup, explain, reattribute).result()


def run_updates(run: Run, setup: Setup, *, changed: bool, explain: bool) -> Run:
    """Passes of the `ticket updated` rules, five at most, as long as the last pass changed the ticket."""
    program = setup.programs.by_event["ticket updated"]
    if not program.rules:
        return run
    passes = 0
    while changed:
        if passes == MOST_UPDATE_PASSES:
            return replace(run, reported=(*run.reported, *_would_run(program, run)))
        before = run.facts.ticket
        run = _Pass("ticket updated", program, run, setup, explain and passes == 0, None).result()
        changed = run.facts.ticket != before
        passes += 1
    return run


def _would_run(program: Program, run: Run) -> list[str]:
    """Rules that a sixth pass would run: they go round in circles."""
    return [program.rules[index].rule.name for index in program.begin(run.facts, _had_their_turn(program, run)).all()]


def _had_their_turn(program: Program, run: Run) -> set[int]:
    """Every rule runs once at most for a message."""
    return {index for index, compiled in enumerate(program.rules) if compiled.rule.name in run.names} if run.names else set()


class _Pass:
    """One pass: where it stands, what its rules did, and why each rule that did not run was found wanting at its turn."""

    def __init__(
        self,
        event: str,
        program: Program,
        run: Run,
        setup: Setup,
        explain: bool,
        reattribute: Reattribute | None,
    ) -> None:
        self.event = event
        self.program = program
        self.before = run
        self.facts = run.facts
        self.setup = setup
        self.explain = explain or len(program.rules) <= MOST_REASONS_KEPT
        self.reattribute = reattribute
        self.had_their_turn = _had_their_turn(program, run)
        self.ran: dict[int, Performed] = {}
        self.because: dict[int, str] = {}

    def result(self) -> Run:
        standing = self.program.begin(self.facts, self.had_their_turn)
        position, ended = -1, ""
        while True:
            index = standing.next(position)
            while index is not None and not self._may_run(index):
                index = standing.next(index)
            self._judge(position, len(self.program.rules) if index is None else index, standing)
            if index is None:
                break
            position = index
            rule = self.program.rules[index].rule
            before = self.facts
            done = self.ran[index] = perform(rule, before, self.setup, self.reattribute)
            self.facts = done.facts
            if done.stops or done.ending:
                ended = f"the rule '{rule.name}' ended the pass before it"
                break
            if done.facts != before:
                standing.update(done.facts, position)
        return self._finished(position, ended)

    def _may_run(self, index: int) -> bool:
        if self.facts.reply and self.program.rules[index].rule.spares_replies:
            self.because[index] = "it spares replies, and the message is one; `even replies` would not"
            return False
        return True

    def _judge(self, position: int, until: int, standing: Standing) -> None:
        """Rules between the last that ran and the next were found wanting as things stand."""
        if not self.explain:
            return
        for index in range(position + 1, until):
            if index in self.because:
                continue
            unmet = self.program.unmet(index, standing.true)
            if unmet is not None:
                self.because[index] = unmet.because

    def _finished(self, position: int, ended: str) -> Run:
        before, did = self.before, list(self.ran.values())
        last = did[-1] if did else None
        return Run(
            facts=self.facts,
            ran=(*before.ran, *(self._ran(index, done) for index, done in self.ran.items())),
            not_ran=(*before.not_ran, *(self._not_ran(position, ended) if self.explain else ())),
            not_ran_count=before.not_ran_count + len(self.program.rules) - len(self.ran),
            notifications=(*before.notifications, *(one for done in did for one in done.notifications)),
            notes=(*before.notes, *(one for done in did for one in done.notes)),
            more_tickets=(*before.more_tickets, *(one for done in did for one in done.more_tickets)),
            ending=last.ending if last else before.ending,
            refusal=last.refusal if last else before.refusal,
            reported=before.reported,
            names=before.names.union(self.program.rules[index].rule.name for index in self.ran),
        )

    def _ran(self, index: int, done: Performed) -> Ran:
        compiled = self.program.rules[index]
        return Ran(compiled.rule.name, self.event, compiled.where, done.did)

    def _not_ran(self, position: int, ended: str) -> Iterator[NotRan]:
        for index, compiled in enumerate(self.program.rules):
            if index in self.ran or index in self.had_their_turn:
                continue
            because = self.because.get(index)
            if because is None or (ended and index > position):
                because = ended or "its condition came true only after its turn"
            yield NotRan(compiled.rule.name, self.event, compiled.where, because)
