"""The short forms of `python -m tools.mailboxes` and of `tools.lines`: whatever happens to a mailbox, or to the connections to it, no mail of it is
lost, twice or left lying."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import needs_faults
from tools.lines import broken
from tools.mailboxes import live


@pytest.mark.parametrize("first", range(0, 24, 6))
def test_no_mail_is_lost_or_twice_or_left_lying(first: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELP_USER", "help")
    monkeypatch.setenv("HELP_PASSWORD", "secret")
    monkeypatch.setenv("GRAPH_SECRET", "app-secret")
    for seed in range(first, first + 6):
        assert live(seed, tmp_path / "life") == []


@needs_faults
def test_connections_that_break_anywhere_lose_nothing() -> None:
    """The short form; `make soak` breaks a hundred."""
    assert broken(count=3, seed=6) == []
