"""Ctrl-C waits for the message in hand, and is no fault of anything."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from engine import interrupts
from engine.decide.setup import Setup
from engine.interrupts import IN_HAND
from engine.rules.atoms import Literal
from engine.rules.rulesets import Conjunction, _One
from engine.store.database import open_database
from tests.store.conftest import again, mail, rows, run


@pytest.fixture(autouse=True)
def handler() -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT)
    interrupts.begin()
    yield
    signal.signal(signal.SIGINT, before)


def interrupting(monkeypatch: pytest.MonkeyPatch, subject: str, times: int = 1) -> list[str]:
    """So often there is a Ctrl-C while such a message is stored; what of it was stored all the same."""
    import engine.storing as storing

    apply, stored = storing.apply, []

    def slow(connection, blobs, decision, new, config):  # type: ignore[no-untyped-def]
        if new.message.subject == subject:
            for _ in range(times):
                signal.raise_signal(signal.SIGINT)
        message = apply(connection, blobs, decision, new, config)
        stored.append(new.message.subject)
        return message

    monkeypatch.setattr(storing, "apply", slow)
    return stored


@pytest.mark.parametrize("times", [1, 2])
def test_a_run_ends_after_the_message_in_hand_and_goes_on_later(
    times: int, db: Path, setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    mails = [mail(1), mail(2, "slow"), mail(3)]
    stored = interrupting(monkeypatch, "slow", times)
    summary = run(db, setup, *mails)
    assert summary.interrupted and ("slow" in stored) == (times == 1) and len(stored) == (2 if times == 1 else 1)
    assert sum(summary.outcomes.values()) == rows(db, "SELECT COUNT(*) FROM messages")[0][0]
    monkeypatch.undo()
    run(db, setup, *mails)
    assert rows(db, "SELECT message_id, outcome FROM messages ORDER BY id") == [
        (f"{n}@test.example", "created") for n in (1, 2, 3)
    ]


def test_a_retry_ends_after_the_message_in_hand(db: Path, setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    import engine.processing as processing

    def failing(*_: object, **__: object) -> None:
        raise ValueError("no step expected this")

    with monkeypatch.context() as failed:
        failed.setattr(processing, "decide", failing)
        run(db, setup, mail(1), mail(2, "slow"), mail(3))
    interrupting(monkeypatch, "slow")
    with closing(open_database(db)) as connection:
        assert again(connection, setup).interrupted
    assert {outcome for (outcome,) in rows(db, "SELECT outcome FROM messages")} == {"quarantined"}  # none was lost


@pytest.mark.parametrize("times", [1, 2])
def test_within_a_rule_it_is_not_lost(times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """durable-rules swallows whatever is raised in an action, and goes on as if that rule had not matched."""

    def interrupted(self: _One, index: int) -> Callable[[object], None]:
        return lambda _: [signal.raise_signal(signal.SIGINT) for _ in range(times)] and None

    with monkeypatch.context() as patched:
        patched.setattr(_One, "_recorder", interrupted)
        one = _One([Conjunction(0, (Literal(1, True),))])
    with pytest.raises(KeyboardInterrupt):
        one.matching([1])


def test_without_anything_in_hand_it_is_raised_at_once() -> None:
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), IN_HAND:
        signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), IN_HAND:  # of two the outer one counts
        with IN_HAND:
            signal.raise_signal(signal.SIGINT)
        reached = True
    assert reached
    with IN_HAND:
        pass  # those before are forgotten


@pytest.mark.parametrize("made", [lambda error: RuntimeError("Error calling __set_name__"), lambda error: error])
def test_what_became_of_one_is_known_as_one(made: Callable[[BaseException], BaseException]) -> None:
    try:
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as error:
            raise made(error) from error
    except BaseException as error:
        assert interrupts.was_one(error)
    assert not interrupts.was_one(ValueError("no"))
