"""The short form of `python -m tools.mailboxes`: whatever happens to a mailbox, no mail of it is lost, twice or left lying."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.mailboxes import live


@pytest.mark.parametrize("first", range(0, 24, 6))
def test_no_mail_is_lost_or_twice_or_left_lying(first: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELP_USER", "help")
    monkeypatch.setenv("HELP_PASSWORD", "secret")
    monkeypatch.setenv("GRAPH_SECRET", "app-secret")
    for seed in range(first, first + 6):
        assert live(seed, tmp_path / "life") == []
