"""A picture that was pasted into the page on which somebody wrote his mail stands in the HTML itself; it is a file as others are."""

from __future__ import annotations

import base64
import random

import pytest

from engine.mail.message import Message
from engine.mail.parse import parse_message
from engine.mail.safe_html import sanitise

PICTURE = random.Random(5).randbytes(9_000)
LOGO = PICTURE[:8_000]


def address(picture: bytes, kind: str = "image/png", parameters: str = "") -> str:
    return f"data:{kind}{parameters};base64,{base64.b64encode(picture).decode()}"


def read(html: str) -> Message:
    return parse_message(f"From: a@b.example\nSubject: x\nMIME-Version: 1.0\nContent-Type: text/html\n\n{html}".encode())


@pytest.mark.parametrize(
    ("source", "kind", "name"),
    [
        (address(PICTURE), "image/png", "attachment-1.png"),
        (address(PICTURE, "image/JPEG"), "image/jpeg", "attachment-1.jpg"),
        (address(PICTURE, "image/svg+xml", ";charset=utf-8"), "image/svg+xml", "attachment-1.bin"),
        (address(PICTURE).rstrip("="), "image/png", "attachment-1.png"),
        (address(PICTURE).replace(",", ", ", 1), "image/png", "attachment-1.png"),
        ("\n".join(address(PICTURE)[n : n + 70] for n in range(0, 13_000, 70)), "image/png", "attachment-1.png"),
    ],
)
def test_it_is_an_attachment(source: str, kind: str, name: str) -> None:
    message = read(f'<p>Look: <img alt="screen" src="{source}">, it is red.</p>')
    (found,) = message.attachments
    assert (found.name, found.content_type, found.data, found.inline) == (name, kind, PICTURE, True)
    assert message.text.split() == ["Look:", ",", "it", "is", "red."] and len(message.html) < 100
    assert "src" not in sanitise(message.html)


def test_logos_and_what_is_no_picture_are_none() -> None:
    message = read(
        f'<img src="{address(LOGO)}"><img src="{address(PICTURE, "application/pdf")}"><img src="data:image/png,x">Hello'
    )
    assert not message.attachments and message.text.strip() == "Hello"


def test_one_that_is_cut_off_is_read_as_far_as_it_goes() -> None:
    (found,) = read(f'<img src="{address(PICTURE)[:-3]}').attachments
    assert found.data == PICTURE[: len(found.data)] and len(found.data) > 8_990


def test_what_stands_behind_a_large_one_is_read() -> None:
    """Only 5 MB of a text are read: pictures are no part of it."""
    large = PICTURE * 700
    message = read(f'<p>Before</p><img src="{address(large)}"><p>Behind</p><img src="{address(PICTURE)}">')
    assert [one.data for one in message.attachments] == [large, PICTURE]
    assert message.text.split() == ["Before", "Behind"] and not message.defects


def test_beside_a_plain_text_and_quoted_printable() -> None:
    html = f'<p>x</p><img src="{address(PICTURE)}">'.replace("=", "=3D")
    lines = "=\n".join(html[n : n + 60] for n in range(0, len(html), 60))
    message = parse_message(
        "From: a@b.example\nMIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\nx\n--b\nContent-Type: text/html\n"
        f"Content-Transfer-Encoding: quoted-printable\n\n{lines}\n--b--\n".encode()
    )
    assert [one.data for one in message.attachments] == [PICTURE] and message.text.strip() == "x"


def test_there_is_an_end_to_them() -> None:
    message = read(f'<img src="{address(PICTURE)}">' * 600)
    assert len(message.attachments) == 500 and "more than 500 files" in message.defects[0]
    assert not read('<img src="data:image/a;base64,">' * 50_000).attachments
