"""Domains with letters beyond ASCII are one domain in both their forms."""

from __future__ import annotations

import pytest

from engine.addresses import comparable, in_letters
from engine.mail.parse import parse_message


@pytest.mark.parametrize(
    ("written", "compared"),
    [
        ("Ana@Contoso.example", "ana@contoso.example"),
        ("info@MÜLLER.example", "info@xn--mller-kva.example"),
        ("info@mu\u0308ller.example", "info@xn--mller-kva.example"),
        ("info@XN--MLLER-KVA.example", "info@xn--mller-kva.example"),
        ("müller.example", "xn--mller-kva.example"),
        ("info@straße.example", "info@xn--strae-oqa.example"),
        ("josé@contoso.example", "josé@contoso.example"),
        # What only looks alike is another domain, or none.
        ("tom@hаrbourhill.example", "tom@xn--hrbourhill-zqi.example"),
        ("tom@ｈarbourhill.example", "tom@ｈarbourhill.example"),
        ("tom@harbourhill。example", "tom@harbourhill。example"),
        ("tom@harbour\u200bhill.example", "tom@harbour\u200bhill.example"),
        ("x@ü..example", "x@ü..example"),
        ("x@" + "ü" * 70 + ".example", "x@" + "ü" * 70 + ".example"),
        ("x@" + "ü" * 100_000, "x@" + "ü" * 100_000),
        ("@", "@"),
        ("", ""),
    ],
)
def test_a_domain_is_compared_as_dns_has_it(written: str, compared: str) -> None:
    assert comparable(written) == compared
    assert comparable(compared) == compared


@pytest.mark.parametrize(
    ("address", "letters"),
    [
        ("info@xn--mller-kva.example", "info@müller.example"),
        ("xn--mller-kva.example", "müller.example"),
        ("ana@contoso.example", "ana@contoso.example"),
        ("a@xn--.example", "a@xn--.example"),
        ("a@xn--a\u0080.example", "a@xn--a\u0080.example"),
        ("xn--x@contoso.example", "xn--x@contoso.example"),
        ("a@" + "xn--mller-kva." * 30 + "example", "a@" + "xn--mller-kva." * 30 + "example"),
    ],
)
def test_rules_see_the_letters_too(address: str, letters: str) -> None:
    assert in_letters(address) == letters


@pytest.mark.parametrize("written", ["info@müller.example", "Info <INFO@Müller.example>", "Müller <info@xn--mller-kva.example>"])
def test_mail_has_one_form(written: str) -> None:
    assert parse_message(f"From: {written}\r\nSubject: x\r\n\r\nx".encode()).sender.address == "info@xn--mller-kva.example"
