"""What `status` says, and what of it wants a person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from engine.report.mailboxes import MailboxState
from engine.report.overview import as_text, wants_a_person
from engine.state.overview import Dead, Held, Late, Overdue, Overview

NOW = datetime(2026, 11, 2, 10, tzinfo=UTC)
WELL = Overview(
    outcomes=(("created", "", 3),),
    last_processed_at="2026-11-02T09:59:00Z",
    outbox={"queued": 1, "sent": 2},
    waiting_rules=1,
    quarantine=0,
    held=(),
    failed=(),
    late=(Late("421 come again", 1, NOW + timedelta(minutes=1)),),
    overdue_rules=None,
    unsent=None,
    dead=(),
)


@pytest.mark.parametrize(
    ("changed", "wants"),
    [
        ({}, False),
        ({"dead": (Dead("ana@x.example", 1, 7),)}, False),
        ({"quarantine": 1}, True),
        ({"outbox": {"failed": 1}}, True),
        ({"unsent": Overdue(1, "2026-11-02T09:00:00Z")}, True),
        ({"overdue_rules": Overdue(1, "2026-11-02T09:00:00Z")}, True),
        ({"late": (Late("421 come again", 1, NOW - timedelta(minutes=1)),)}, True),
        ({"late": (Late("it cannot be worded", 1, None),)}, False),
    ],
)
def test_what_is_held_lost_or_late_wants_a_person(changed: dict[str, Any], wants: bool) -> None:
    assert wants_a_person(replace(WELL, **changed), [MailboxState("help", "well", False)], NOW) is wants


def test_so_does_a_mailbox_that_is_late() -> None:
    assert wants_a_person(WELL, [MailboxState("help", "late", True)], NOW)


def test_long_lists_are_cut_and_say_how_much_is_left_out() -> None:
    dead = tuple(Dead(f"a{number}@x.example", 1, number) for number in range(23))
    held = (Held(1, "help", "a.eml", "unreadable", "no header", "2026-11-02T09:00:00Z"),)
    text = as_text(replace(WELL, dead=dead, held=held, quarantine=3), [], sends=True)
    assert "23 addresses from which what was sent last came back\n" in text
    assert "  a19@x.example: 1 came back, the last by message 19\n  and 3 more\n" in text and "a20@" not in text
    assert "  message 1 to help, 2026-11-02T09:00:00Z: unreadable: no header (a.eml)\n  and 2 more\n" in text
    assert "more" not in as_text(replace(WELL, dead=dead[:20], held=held, quarantine=1), [], sends=True)


def test_what_stays_because_nothing_says_how_it_leaves_is_told() -> None:
    stays = "1 notification to send; they stay, for settings.yaml does not say how they leave (`sending`)\n"
    assert stays in as_text(WELL, [], sends=False)
    assert "1 notification to send\n" in as_text(WELL, [], sends=True)
