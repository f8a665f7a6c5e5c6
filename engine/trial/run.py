"""Running cases: each on a database of its own in memory, through the very flow that production runs."""

from __future__ import annotations

from msgspec import Struct

from engine.config.references import names_of
from engine.decide.decision import Decision, Envelope
from engine.decide.flow import decide
from engine.decide.setup import Setup
from engine.decide.waiting import Foreseen, foresee
from engine.errors import ConfigError, Known, Problem, unknown
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


class Trials:
    """Cases under one configuration. There may be thousands: what they may name is made once."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._names = names_of(setup.config)
        self._rules = Known(dict.fromkeys(rule.name for rule in setup.config.rules.rules))

    def run(self, case: Case, *, explain: bool = False) -> Result:
        """`explain` asks for every rule that did not run; of a test that fails they are there anyway. Raises `ConfigError` where the
        test itself is wrong.
        """
        self._check_expected(case)
        # Why each of thousands of rules did not run takes most of the time. It is wanted where a test fails, and where it expects such.
        explain = explain or "not_fired" in case.data["expect"]
        result = self._run(case, explain=explain)
        return result if result.passed or explain else self._run(case, explain=True)

    def _run(self, case: Case, *, explain: bool) -> Result:
        setup, config = self._setup, self._setup.config
        now = now_of(case)
        name = case.data.get("mailbox")
        if name is not None and name not in config.mailboxes:
            raise ConfigError(unknown(case.where("mailbox"), "mailbox", name, config.mailboxes))
        first = config.mailboxes[name] if name else next(iter(config.mailboxes.values()))
        message = parse_message(message_of(case, first, now))
        mailbox = name or route(message, config)
        connection = open_database(None)
        try:
            set_up(case, connection, config, self._names, mailbox, now)
            state = SqliteState(connection, config)
            decision = decide(message, Envelope(mailbox, str(case.position), now), setup, state, now, explain=explain)
            ticket = decision.changes.ticket
            foreseen: tuple[Foreseen, ...] = ()
            if ticket:
                foreseen = foresee(meanwhile(case, ticket, config, self._names), decision.changes.waiting, setup, state)
        finally:
            connection.close()
        return Result(case, decision, foreseen, differences(case, decision, foreseen))

    def _check_expected(self, case: Case) -> None:
        """What could not fail is an error: a misspelt rule in `not_fired` would always pass."""
        expected = case.data["expect"]
        if "meanwhile" in case.data and "when_due" not in expected:
            told = "`meanwhile` changes nothing that is expected"
            raise ConfigError(Problem(case.where("meanwhile"), told, "say under `expect` what becomes of it: `when_due`"))
        for path, part in ((("expect",), expected), (("expect", "when_due"), expected.get("when_due", {}))):
            for key in ("fired", "not_fired", "waiting"):
                for index, name in enumerate(part.get(key, ())):
                    if name not in self._rules:
                        raise ConfigError(unknown(case.where(*path, key, index), "rule", name, self._rules))
