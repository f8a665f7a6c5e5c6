"""Forms of numbers: written, found in a subject in whatever case, taken apart."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine.config.numbers import NumberForm, finder, in_any_case

DAY = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("form", "number", "series"),
    [
        ("T{date:%Y%m%d}.{seq:04d}", "T20261102.0007", "T20261102.{}"),
        ("Case-{seq:06d}", "Case-000007", "Case-{}"),
        ("{date:%y.%j}/{seq}", "26.306/7", "26.306/{}"),
        ("Nr {date:Jahr %Y} {seq:2d}b", "Nr Jahr 2026 07b", "Nr Jahr 2026 {}b"),
        ("(#{seq:03d})", "(#007)", "(#{})"),
    ],
)
def test_a_form_writes_finds_and_takes_apart_its_numbers(form: str, number: str, series: str) -> None:
    parsed = NumberForm.parse(form)
    assert parsed.write(DAY, 7) == number and parsed.series(DAY) == series
    assert parsed.split(number) == (series, 7) and parsed.split(f"{number}x") is None
    for written in (number, number.lower(), number.upper()):
        found = finder([parsed]).search(f"Re: about {written}, please")
        assert found is not None and number in in_any_case(found[0], [parsed])
    assert in_any_case("T-1", [parsed]) == ["T-1"]


def test_a_sign_in_a_date_is_that_sign() -> None:
    form = NumberForm.parse("T{date:%Y.%m}-{seq:04d}")
    assert finder([form]).search("T2026.11-0001") and not finder([form]).search("T2026011-0001")


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ("T{date}{seq}", "the date form '' is not understood"),
        ("T{date:%B}{seq}", "the date form '%B' is not understood"),
        ("T{seq:x}", "the counter's form 'x' is not understood"),
        ("T{seq:013d}", "the counter's form '013d' is not understood; use a form such as 04d, at most 12d"),
        ("T{seq:0d}", "the counter's form '0d' is not understood"),
        ("T{seq}{", "'{' is not understood"),
        ("T{year}{seq}", "'T{year}' is not understood"),
        ("T{date:%Y}", "the form needs {seq} exactly once"),
    ],
)
def test_a_wrong_form_says_what_is_wrong(form: str, says: str) -> None:
    with pytest.raises(ValueError) as error:
        NumberForm.parse(form)
    assert str(error.value).startswith(says)
