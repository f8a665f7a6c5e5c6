"""What mail programs write as HTML alone when they answer: their writer's words stay, what they quote goes (`behaviour.md` 4.2).

One file in `clients/` for each program, in the form in which it writes; all say the same.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.mail.parse import parse_message
from engine.mail.quotes import strip_reply

CLIENTS = sorted((Path(__file__).parent / "clients").glob("*.html"))


@pytest.mark.parametrize("path", CLIENTS, ids=lambda path: path.stem)
def test_an_answer_in_html_alone(path: Path) -> None:
    head = b"From: Ana <ana@x.example>\nSubject: Re: Scanner\nMIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n"
    text = parse_message(head + path.read_bytes()).text
    assert "Is it plugged in?" in text
    assert strip_reply(text).text == "It works now, thanks."
