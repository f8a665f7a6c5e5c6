"""The short form of `python -m tools.outboxes`: whatever happens to a mail server, each notification is sent or given up in time."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.outboxes import live


@pytest.mark.parametrize("first", range(0, 12, 3))
def test_no_notification_is_lost_or_sent_in_vain(first: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_PASSWORD", "secret")
    for seed in range(first, first + 3):
        assert live(seed, tmp_path / "life") == []
