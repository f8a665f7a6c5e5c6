"""Telephone numbers as people, exchanges and directories write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.phones import Phone, phone_of, phones_in

ZURICH = Phone("41441234567", True)


@pytest.mark.parametrize(
    "written",
    [
        "+41 44 123 45 67",
        "+41441234567",
        "0041 44 123 45 67",
        "+41 (0)44 123 45 67",
        "+41 ( 0 ) 44-123-45-67",
        "+41.44.123.45.67",
        "+41/44/1234567",
    ],
)
def test_one_number_in_many_forms(written: str) -> None:
    assert phone_of(written) == ZURICH
    assert next(phones_in(f"Voicemail from {written}: 30 seconds")) == ZURICH


@pytest.mark.parametrize(
    "written",
    [
        "",
        "none",
        "123",
        "44 123 45",
        "+1234567",
        "044 123 45 67 ext. 5",
        "1" * 16,
        "+41 44 123 45 67; +41",
        "４１４４１２３４５６７",
    ],
)
def test_what_is_no_number(written: str) -> None:
    with pytest.raises(ValueError, match="is no telephone number"):
        phone_of(written)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("+41 44 123 45 67", "044 123 45 67", True),
        ("+41 44 123 45 67", "44 123 45 67", True),
        ("+45 12 34 56 78", "12345678", True),
        ("+1 555 123 4567", "(555) 123-4567", True),
        ("044 123 45 67", "0441234567", True),
        ("+41 44 123 45 67", "+49 44 123 45 67", False),
        ("+49 30 44 123 45 67", "+41 44 123 45 67", False),
        ("+41 44 123 45 67", "+44 123 45 67", False),
        ("044 123 45 67", "055 123 45 67", False),
        ("+41 44 123 45 67", "055 123 45 67", False),
        ("30 44 123 45 67", "044 123 45 67", False),
    ],
)
def test_when_two_are_one(one: str, other: str, same: bool) -> None:
    first, second = phone_of(one), phone_of(other)
    assert first.is_that(second) is second.is_that(first) is same
    assert first.key == second.key or not same


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Missed call from 044 123 45 67", "044 123 45 67"),
        ("Voice mail (30 seconds) 0441234567", "044 123 45 67"),
        ("Voice mail 30 044 123 45 67", "044 123 45 67"),
        ("2026-11-02 10:15 044 123 45 67 called", "044 123 45 67"),
        ("call from +41 44 123 45 67 to +41 44 999 99 99", "+41 44 123 45 67"),
        ("to +41 44 999 99 99, from +41 44 123 45 67", "+41 44 123 45 67"),
        ("sip:+41441234567@pbx.example", "+41 44 123 45 67"),
        ('"Maya" <tel:+41-44-123-45-67>', "+41 44 123 45 67"),
        ("[0441234567]", "044 123 45 67"),
        ("Anruf von +41\u00a044\u00a0123\u00a045\u00a067", "+41 44 123 45 67"),
    ],
)
def test_it_is_found_where_it_stands(text: str, number: str) -> None:
    assert phone_of(number) in list(phones_in(text))


@pytest.mark.parametrize(
    "text", ["order A0441234567", "x_0441234567", "10:44:12", "044 12", "1.2.3.4", "1234 +5678", "٠٤٤١٢٣٤٥٦٧", ""]
)
def test_what_is_none_is_not_found(text: str) -> None:
    assert list(phones_in(text)) == []


def test_the_end_of_a_foreign_number_is_no_number_of_ours() -> None:
    assert not any(ZURICH.is_that(one) for one in phones_in("+49 30 44 123 45 67"))
    assert not any(ZURICH.is_that(one) for one in phones_in("0049 30 44 123 45 67"))


def test_many_digits_take_no_time() -> None:
    assert len(list(phones_in("1 " * 100_000))) < 10_000


@given(st.text("+0123456789 ()./-x\n٣"))
def test_whatever_stands_there_is_read(text: str) -> None:
    for one in phones_in(text):
        assert 8 <= len(one.digits) <= 15 and one.digits.isascii() and not one.digits.startswith("0")
        assert phone_of(str(one)) == one
