"""Business hours: spans, holidays, nights, weekends and clock changes."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config.business import BusinessHours, parse_hours
from engine.config.load import load_config
from engine.decide.setup import prepare
from engine.errors import ConfigError
from engine.trial.case import read_cases
from engine.trial.run import Trials

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
WORK = ((time(8, 30), time(17, 30)),)
OFFICE = BusinessHours(dict.fromkeys(range(5), WORK), frozenset({date(2026, 12, 25)}), AMSTERDAM)


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-11-02 09:00", 2, "2026-11-02 11:00"),  # a Monday
        ("2026-11-02 06:00", 1, "2026-11-02 09:30"),  # before the doors open
        ("2026-11-02 16:30", 2, "2026-11-03 09:30"),  # over a night
        ("2026-11-06 17:00", 1, "2026-11-09 09:00"),  # over a weekend
        ("2026-11-07 12:00", 9, "2026-11-09 17:30"),  # a Saturday; a whole day
        ("2026-12-24 17:30", 1, "2026-12-28 09:30"),  # over Christmas
        ("2026-03-27 17:00", 1, "2026-03-30 09:00"),  # clocks are set forward in between
    ],
)
def test_business_time(start: str, hours: float, end: str) -> None:
    found = OFFICE.add(datetime.fromisoformat(start).replace(tzinfo=AMSTERDAM), timedelta(hours=hours))
    assert f"{found.astimezone(AMSTERDAM):%Y-%m-%d %H:%M}" == end


def test_a_night_shift_ends_at_midnight_and_counts_what_the_clock_ran() -> None:
    night = BusinessHours({6: parse_hours("00:00-24:00")}, frozenset(), AMSTERDAM)
    # On the last Sunday of October the day has 25 hours.
    start = datetime(2026, 10, 25, 0, 0, tzinfo=AMSTERDAM)
    assert night.add(start, timedelta(hours=25)) == datetime(2026, 10, 26, 0, 0, tzinfo=AMSTERDAM)


def test_a_calendar_that_is_always_closed_never_comes() -> None:
    with pytest.raises(OverflowError):
        BusinessHours({}, frozenset(), AMSTERDAM).add(datetime(2026, 1, 1, tzinfo=AMSTERDAM), timedelta(hours=1))


@pytest.mark.parametrize(
    ("moment", "covered"),
    [
        ("2026-11-02 08:29", False),
        ("2026-11-02 08:30", True),
        ("2026-11-02 17:29", True),
        ("2026-11-02 17:30", False),
        ("2026-11-07 12:00", False),
        ("2026-12-25 12:00", False),
        ("2026-12-28 12:00", True),
        ("2026-03-30 08:45", True),  # the first Monday of summer time
    ],
)
def test_whether_it_is_business_time(moment: str, covered: bool) -> None:
    assert OFFICE.covers(datetime.fromisoformat(moment).replace(tzinfo=AMSTERDAM)) is covered


def test_a_rule_asks_for_it(rules: Path) -> None:
    (rules / "workflow" / "90.rules").write_text(
        'rule "x" on ticket created when not message.business hours then set queue to "Projects"\n'
    )
    cases = "".join(
        f"  - {{name: {name}, mailbox: help, given: {{now: '{now}'}}, message: {{from: carmen@olivar.example, subject: x}}, expect: {{ticket: {{queue: {queue}}}}}}}\n"
        for name, now, queue in (
            ("in", "2026-11-02T10:00:00Z", "Front desk"),
            ("early", "2026-11-02T07:29:59Z", "Projects"),
            ("holiday", "2026-12-25T10:00:00Z", "Projects"),
        )
    )
    (rules / "tests/cases.yaml").write_text(f"version: 1\ntests:\n{cases}")
    setup = prepare(load_config(rules))
    assert [Trials(setup).run(case).differences for case in read_cases([rules / "tests/cases.yaml"])] == [[], [], []]


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)), st.integers(1, 3000), st.integers(1, 3000))
def test_adding_twice_is_adding_the_sum(start: datetime, first: int, second: int) -> None:
    moment = start.replace(tzinfo=ZoneInfo("UTC"))
    once = OFFICE.add(moment, timedelta(minutes=first + second))
    assert OFFICE.add(OFFICE.add(moment, timedelta(minutes=first)), timedelta(minutes=second)) == once


@pytest.mark.parametrize(
    ("hours", "says"),
    [
        ("{monday: 17:00-08:00}", "ends before it starts"),
        ("{monday: [08:00-12:00, 11:00-13:00]}", "two spans overlap"),
        ("{monday: 8-17}", "hours such as 08:30-17:30"),
        ("{holidays: [2026-12-25]}", "no weekday has hours"),
        ("{monday: 08:00-12:00, holidays: [2026-02-30]}", "there is no day 2026-02-30"),
        ("{mondai: 08:00-12:00}", "monday"),
    ],
)
def test_wrong_hours_are_said_in_words(rules: Path, hours: str, says: str) -> None:
    path = rules / "settings.yaml"
    path.write_text(f"{path.read_text().partition('business_hours:')[0]}business_hours: {hours}\n")
    with pytest.raises(ConfigError, match=says):
        load_config(rules)


@pytest.mark.parametrize(
    ("change", "rule", "says"),
    [
        (True, "after 2 business hours from ticket created", "settings.yaml has no business_hours"),
        (False, "after 2 business days from ticket created", "business days cannot be counted; write business hours"),
        (
            True,
            "on ticket created when message.business hours",
            "settings.yaml has no business_hours; add them there, or ask for",
        ),
    ],
)
def test_business_time_that_cannot_be_counted_is_found(rules: Path, change: bool, rule: str, says: str) -> None:
    if change:
        path = rules / "settings.yaml"
        path.write_text(path.read_text().partition("business_hours:")[0])
    (rules / "workflow" / "90.rules").write_text(f'rule "x" {rule} then clear queue\n')
    with pytest.raises(ConfigError) as found:
        load_config(rules)
    place = 33 if "when" in rule else 16
    assert f"workflow/90.rules:1:{place}: " in str(found.value) and says in str(found.value)
