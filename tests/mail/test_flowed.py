"""Paragraphs that `format=flowed` broke into lines (RFC 3676)."""

from __future__ import annotations

import pytest

from engine.mail.flowed import unflowed
from engine.mail.parse import parse_message
from engine.mail.quotes import strip_reply


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("A long \nparagraph \ngoes on.\n\nNext\n", "A long paragraph goes on.\n\nNext\n"),
        (
            ">> deep \n>> more\n> less \n> on \nmine\n",
            ">> deep more\n> less on \nmine\n",
        ),  # no paragraph goes on at another depth
        ("Regards \n-- \nAna \nContoso\n", "Regards \n-- \nAna Contoso\n"),  # nor over a signature's line
        (" From here\n >no quotation\n", "From here\n >no quotation\n"),  # spaces that its program put there
        ("end \n", "end \n"),
        (" \n \n", "\n\n"),
        ("", ""),
    ],
)
def test_a_paragraph_is_one_line(text: str, whole: str) -> None:
    assert unflowed(text, deletes_space=False) == whole


def test_it_is_asked_for_by_the_part() -> None:
    head = "From: ana@contoso.example\nSubject: x\nContent-Type: text/plain; charset=utf-8"
    for parameters, text in (
        ("; format=flowed", "https://contoso.example/a b\n"),
        ("; format=Flowed; DelSp=Yes", "https://contoso.example/ab\n"),
        ("; format=fixed", "https://contoso.example/a \nb\n"),
        ("", "https://contoso.example/a \nb\n"),
    ):
        assert parse_message(f"{head}{parameters}\n\nhttps://contoso.example/a \nb\n".encode()).text == text


def test_a_reply_loses_its_quotation_as_before() -> None:
    text = "It works \nnow.\n\nOn 26/11/2026 10:00, Help wrote:\n> Does it \n> work?\n\n-- \nAna\n"
    assert strip_reply(unflowed(text, deletes_space=False)).text == "It works now."
