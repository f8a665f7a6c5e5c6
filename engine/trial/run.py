"""Running cases: each on a database of its own in memory, through the very flow that production runs."""

from __future__ import annotations

from msgspec import Struct

from engine.decide.decision import Decision, Envelope
from engine.decide.flow import decide
from engine.decide.setup import Setup
from engine.decide.waiting import Foreseen, foresee
from engine.errors import ConfigError, Problem, did_you_mean
from engine.mail.parse import parse_message
from engine.sources.route import route
from engine.state.sqlite import SqliteState
from engine.store.database import open_database
from engine.trial.case import Case
from engine.trial.compare import Difference, differences
from engine.trial.given import meanwhile, message_of, now_of, set_up


class Result(Struct, frozen=True):
    """`foreseen`: the rules that wait after the message, and what becomes of each."""

    case: Case
    decision: Decision
    foreseen: tuple[Foreseen, ...]
    differences: list[Difference]

    @property
    def passed(self) -> bool:
        return not self.differences


def run_case(case: Case, setup: Setup, *, explain: bool = False) -> Result:
    """`explain` asks for every rule that did not run; of a test that fails they are there anyway. Raises `ConfigError` where the test
    itself is wrong.
    """
    _check_names(case, setup)
    # Why each of thousands of rules did not run takes most of the time. It is wanted where a test fails, and where it expects `not_fired`,
    # which without that fails too.
    result = _run(case, setup, explain=explain)
    return result if result.passed or explain else _run(case, setup, explain=True)


def _run(case: Case, setup: Setup, *, explain: bool) -> Result:
    config = setup.config
    now = now_of(case)
    name = case.data.get("mailbox")
    if name is not None and name not in config.mailboxes:
        raise ConfigError(Problem(case.where("mailbox"), f"unknown mailbox '{name}'", did_you_mean(name, config.mailboxes)))
    first = config.mailboxes[name] if name else next(iter(config.mailboxes.values()))
    message = parse_message(message_of(case, first, now))
    mailbox = name or route(message, config)
    connection = open_database(None)
    try:
        set_up(case, connection, config, mailbox, now)
        state = SqliteState(connection, config)
        decision = decide(message, Envelope(mailbox, str(case.position), now), setup, state, now, explain=explain)
        ticket = decision.changes.ticket
        foreseen = foresee(meanwhile(case, ticket, config), decision.changes.waiting, setup, state) if ticket else ()
    finally:
        connection.close()
    return Result(case, decision, foreseen, differences(case, decision, foreseen))


def _check_names(case: Case, setup: Setup) -> None:
    """What could not fail is an error: a misspelt rule in `not_fired` would always pass."""
    names = [rule.name for rule in setup.config.rules.rules]
    expected = case.data["expect"]
    if "meanwhile" in case.data and "when_due" not in expected:
        told = "`meanwhile` changes nothing that is expected"
        raise ConfigError(Problem(case.where("meanwhile"), told, "say under `expect` what becomes of it: `when_due`"))
    for path, part in ((("expect",), expected), (("expect", "when_due"), expected.get("when_due", {}))):
        for key in ("fired", "not_fired", "waiting"):
            for index, name in enumerate(part.get(key, ())):
                if name not in names:
                    where = case.where(*path, key, index)
                    raise ConfigError(Problem(where, f"unknown rule '{name}'", did_you_mean(name, names)))
