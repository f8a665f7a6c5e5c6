"""Names and addresses as people and their programs write them."""

from __future__ import annotations

import pytest

from engine.mail.headers import addresses

ANA = "ana@contoso.example"


@pytest.mark.parametrize(
    ("written", "names"),
    [
        (f"Ana Diaz <{ANA}>", ["Ana Diaz"]),
        (f'"Diaz, Ana" <{ANA}>', ["Diaz, Ana"]),
        (f"{ANA} (Ana Diaz)", ["Ana Diaz"]),
        (f"=?utf-8?q?D=C3=ADaz=2C?= Ana <{ANA}>", ["Díaz, Ana"]),
        (f'"Ana \\"Nick\\" Diaz" <{ANA}>', ['Ana "Nick" Diaz']),
        # Without the quotation marks that RFC 5322 asks for.
        (f"Diaz, Ana <{ANA}>", ["Diaz, Ana"]),
        (f"Diaz, Ana [IT], <{ANA}>", ["Diaz, Ana [IT]"]),
        (f"Ana Diaz (Contoso) <{ANA}>", ["Ana Diaz (Contoso)"]),
        (f"Tom <tom@x.example>, Diaz, Ana <{ANA}>, bob@x.example; Bo, Eva <eva@x.example>", ["Tom", "Diaz, Ana", "", "Bo, Eva"]),
        (f"Friends: Ana <{ANA}>, Diaz, Eva <eva@x.example>;, bob@x.example", ["Ana", "Diaz, Eva", ""]),
        ("undisclosed-recipients:;", []),
        (f", , <{ANA}>", [""]),
    ],
)
def test_names(written: str, names: list[str]) -> None:
    assert [one.name for one in addresses([written])] == names


@pytest.mark.parametrize(
    "written",
    [
        f"tom@x.example <{ANA}>",
        f'"tom@x.example" <{ANA}>',
        f"Ana (tom@x.example) <{ANA}>",
        f"Tom, tom, x.example <{ANA}>",
        f"<{ANA}>",
        f"'{ANA}'",
        f"Ana <{ANA}",
        f"Ana Diaz<  {ANA.upper()} >",
    ],
)
def test_the_address_is_what_stands_in_the_brackets(written: str) -> None:
    assert [one.address for one in addresses([written])] == [ANA]


@pytest.mark.parametrize("before", ["", "a" * 5_000])
@pytest.mark.parametrize(
    "written",
    [
        f'<"{ANA}"@evil.example>',
        f'Ana <"{ANA}"@evil.example>',
        f'"{ANA}"@evil.example',
        f'<"BEFORE {ANA} b"@evil.example>',
        f'<x."{ANA}"@evil.example>',
    ],
)
def test_what_is_quoted_before_the_at_is_no_address(written: str, before: str) -> None:
    """Servers tell whether it comes from evil.example, and it must not be Ana's then; also where Python's parser is not asked."""
    assert addresses([written.replace("BEFORE", before)]) == ()


@pytest.mark.parametrize(
    ("written", "name"),
    [
        (f'"Ana Diaz" {ANA}', "Ana Diaz"),
        (f"Ana Diaz {ANA}", "Ana Diaz"),
        (f"{ANA} Ana", "Ana"),
        (f"=?utf-8?q?Ana_D=C3=ADaz?= {ANA}", "Ana Díaz"),
        (f"  {ANA}  ", ""),
    ],
)
def test_an_address_that_lacks_its_brackets_only(written: str, name: str) -> None:
    assert [(one.name, one.address) for one in addresses([written])] == [(name, ANA)]


@pytest.mark.parametrize("written", [f'Ana "{ANA}"@x', f'Ana "of {ANA} ', f"Ana ({ANA})"])
def test_a_name_never_counts_as_an_address(written: str) -> None:
    assert ANA not in [one.address for one in addresses([written])]


def test_quotation_marks_that_are_not_needed_change_nothing() -> None:
    local, _, domain = ANA.partition("@")
    assert [one.address for one in addresses([f'Ana <"{local}"@{domain}>'])] == [ANA]
