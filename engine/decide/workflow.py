"""Passes of workflow rules over the facts (`behaviour.md` 7): in order, each seeing what the earlier ones did.

durable-rules says which rules match; after a rule that changed something the facts are asserted anew.
"""

from __future__ import annotations

from msgspec import Struct, field
from msgspec.structs import replace

from engine.decide.actions import Performed, Reattribute, perform
from engine.decide.decision import Ending, Notification, NotRan, Ran
from engine.decide.setup import Setup
from engine.dsl.tree import CreateTicket
from engine.entities import Note
from engine.rules.facts import Facts
from engine.rules.program import Program, Reading

MOST_UPDATE_PASSES = 5
# Beyond so many rules a Decision keeps how many did not run, and why only where that is asked for (`explain`).
MOST_REASONS_KEPT = 40


class Run(Struct, frozen=True):
    """What the rules of a message did so far."""

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
    matching = program.matching(program.read(run.facts))
    names = [program.rules[index].rule.name for index in matching]
    return [name for name in names if name not in run.names]


class _Pass:
    """One pass: where it stands, and under which reading each rule was judged."""

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
        self.run = run
        self.setup = setup
        self.explain = explain or len(program.rules) <= MOST_REASONS_KEPT
        self.reattribute = reattribute
        self.ran_here: set[int] = set()
        self.because: dict[int, str] = {}

    def result(self) -> Run:
        reading = self.program.read(self.run.facts)
        matching = self.program.matching(reading)
        position, ended = -1, ""
        while True:
            index = next((index for index in matching if index > position and self._may_run(index)), None)
            self._judge(position, len(self.program.rules) if index is None else index, reading)
            if index is None:
                break
            position = index
            rule = self.program.rules[index].rule
            before = self.run.facts
            done = perform(rule, before, self.setup, self.reattribute)
            self._keep(index, done)
            if done.stops or done.ending:
                ended = f"the rule '{rule.name}' ended the pass before it"
                break
            if done.facts != before:
                reading = self.program.read(self.run.facts, reading)
                matching = self.program.matching(reading)
        return self._finish(position, ended)

    def _may_run(self, index: int) -> bool:
        rule = self.program.rules[index].rule
        if rule.name in self.run.names:
            return False
        if self.run.facts.reply and rule.spares_replies:
            self.because[index] = "it spares replies, and the message is one; `even replies` would not"
            return False
        return True

    def _judge(self, position: int, until: int, reading: Reading) -> None:
        """Rules between the last that ran and the next were found wanting under this reading."""
        if not self.explain:
            return
        for index in range(position + 1, until):
            if index in self.because or index in self.ran_here:
                continue
            unmet = self.program.unmet(index, reading)
            if unmet is not None:
                self.because[index] = f"{unmet.words} ({unmet.where}) does not hold"

    def _keep(self, index: int, done: Performed) -> None:
        rule = self.program.rules[index].rule
        self.ran_here.add(index)
        run = self.run
        self.run = replace(
            run,
            facts=done.facts,
            ran=(*run.ran, Ran(rule.name, self.event, str(rule.position), done.did)),
            notifications=(*run.notifications, *done.notifications),
            notes=(*run.notes, *done.notes),
            more_tickets=(*run.more_tickets, *done.more_tickets),
            ending=done.ending,
            refusal=done.refusal,
            names=run.names | {rule.name},
        )

    def _finish(self, position: int, ended: str) -> Run:
        count = len(self.program.rules) - len(self.ran_here)
        run = replace(self.run, not_ran_count=self.run.not_ran_count + count)
        if not self.explain:
            return run
        entries = []
        for index, compiled in enumerate(self.program.rules):
            if index in self.ran_here or compiled.rule.name in run.names:
                continue
            because = self.because.get(index)
            if because is None or (ended and index > position):
                because = ended or "its condition came true only after its turn"
            entries.append(NotRan(compiled.rule.name, self.event, str(compiled.rule.position), because))
        return replace(run, not_ran=(*run.not_ran, *entries))
