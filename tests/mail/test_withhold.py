"""The password of an alerts token is taken out of a message's bytes before they are stored, and put back when they are read."""

from __future__ import annotations

import base64
import quopri
import random
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.mail.parse import parse_message
from engine.mail.withhold import Passwords
from tests import cms

PASSWORD = "s3cret&<word>"
TOKEN = f'Disk full\n<Autotask><ID name="desk"/><PW name="{escape(PASSWORD)}"/><Customer name="Olivar"/></Autotask>\n'
HTML = f"<p>Disk full</p><p>{escape(TOKEN)}</p>\n"
KNOWN = Passwords({"alerts": PASSWORD, "other": "another one"})


def mail(kind: str, body: bytes, encoding: str = "8bit", end: str = "\r\n") -> bytes:
    lines = ["From: m@x.example", "Subject: disk", f"Content-Type: {kind}", f"Content-Transfer-Encoding: {encoding}", "", ""]
    return end.join(lines).encode() + body


def in_base64(text: str, end: bytes = b"\r\n", charset: str = "utf-8") -> bytes:
    return base64.encodebytes(text.encode(charset)).replace(b"\n", end)


def broken(text: str) -> bytes:
    """Quoted-printable with a soft line break in the password, and a letter of it as its code."""
    return quopri.encodestring(text.encode()).replace(b"s3cret", b"s3=\r\n=63ret")


ALTERNATIVE = (
    b"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    + in_base64(TOKEN)
    + b"\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    + quopri.encodestring(HTML.encode())
    + b"\r\n--b--\r\n"
)
SIGNED = cms.signed(cms.element(0x04, b"Content-Type: text/plain\r\n\r\n" + TOKEN.encode()))
AS_IT_CAME = {
    "as text": mail("text/plain", TOKEN.encode()),
    "in the subject, unescaped": mail("text/plain", b"x").replace(b"Subject: disk", f"Subject: {PASSWORD}".encode()),
    "base64": mail("text/plain; charset=utf-8", in_base64(TOKEN), "base64"),
    "base64 of latin-1, lines of Unix": mail(
        "text/plain; charset=latin-1", in_base64("é" + TOKEN, b"\n", "latin-1"), "BASE64", "\n"
    ),
    "quoted-printable": mail("text/plain; charset=utf-8", quopri.encodestring(TOKEN.encode()), "quoted-printable"),
    "in 8 bits, of Latin-1": mail("text/plain; charset=latin-1", b"\xe9 " + TOKEN.encode()),
    "in 8 bits, of a charset that there is not": mail('text/plain; charset="u\0tf"', b"\xe9 " + TOKEN.encode()),
    "HTML alone": mail("text/html; charset=utf-8", in_base64(HTML), "base64"),
    "text and HTML": mail("multipart/alternative; boundary=b", ALTERNATIVE, "7bit"),
    "signed, in 8 bits": mail("application/pkcs7-mime", SIGNED, "binary"),
}
MEANS_THE_SAME = {
    "quoted-printable, broken within it": mail("text/plain; charset=utf-8", broken(TOKEN), "quoted-printable"),
    "base64 in long lines": mail("text/plain", base64.b64encode(TOKEN.encode() * 3), "base64"),
}


def says(raw: bytes) -> str:
    """All that can be read in it."""
    message = parse_message(raw)
    return f"{raw!r}\n{message.subject}\n{message.text}\n{message.html}"


@pytest.mark.parametrize("name", [*AS_IT_CAME, *MEANS_THE_SAME])
def test_nothing_that_is_stored_says_it_and_what_is_read_back_does(name: str) -> None:
    raw = (AS_IT_CAME | MEANS_THE_SAME)[name]
    message = parse_message(raw)
    without = KNOWN.withhold(raw, message)
    assert without is not None and without != raw
    assert "s3cret" in says(raw) and "s3cret" not in says(without) and "withheld-" in says(without)
    again = KNOWN.restore(without, message.sha256)
    assert again == raw if name in AS_IT_CAME else (parse_message(again).text == message.text)


def test_mail_without_it_is_stored_as_it_came() -> None:
    raw = mail("text/plain", b"s3cret alone is not the password\n")
    assert KNOWN.withhold(raw, parse_message(raw)) is raw and Passwords({}).withhold(raw, parse_message(raw)) is raw


@pytest.mark.parametrize(
    "raw",
    [
        mail("text/plain; charset=utf-16", in_base64(TOKEN, charset="utf-16"), "base64"),
        mail("application/pkcs7-mime", base64.encodebytes(SIGNED), "base64"),
    ],
)
def test_where_it_cannot_be_taken_out_nothing_is_given(raw: bytes) -> None:
    assert "s3cret" in parse_message(raw).text and KNOWN.withhold(raw, parse_message(raw)) is None


@pytest.mark.parametrize("password", ["a", "zz"])
def test_a_password_of_a_letter_or_two_makes_no_message_grow(password: str) -> None:
    raw = mail("text/plain", b"a" + b"zz" * 2_000)
    assert Passwords({"alerts": password}).withhold(raw, parse_message(raw)) is None


@pytest.mark.parametrize(
    ("places", "is_kept"),
    [(1_000, True), (1_001, False)],
)
@pytest.mark.parametrize("encoding", ["8bit", "base64"])
def test_so_many_places_that_the_marks_would_make_it_grow(encoding: str, places: int, is_kept: bool) -> None:
    text = "another one\n" * places
    raw = mail("text/plain", in_base64(text) if encoding == "base64" else text.encode(), encoding)
    message = parse_message(raw)
    kept = KNOWN.withhold(raw, message)
    assert (kept is not None) == is_kept
    assert kept is None or KNOWN.restore(kept, message.sha256) == raw


def test_nobody_can_write_the_mark_of_a_password() -> None:
    first = mail("text/plain", TOKEN.encode())
    without = KNOWN.withhold(first, parse_message(first))
    assert without is not None
    stolen = mail("text/plain", without.partition(b"\r\n\r\n")[2])
    message = parse_message(stolen)
    assert KNOWN.withhold(stolen, message) is stolen and KNOWN.restore(stolen, message.sha256) == stolen


def test_a_password_that_was_changed_is_read_back_as_the_new_one() -> None:
    raw = mail("text/plain", TOKEN.encode())
    message = parse_message(raw)
    without = KNOWN.withhold(raw, message)
    assert without is not None
    assert b'<PW name="new one"/>' in Passwords({"alerts": "new one"}).restore(without, message.sha256)
    assert Passwords({}).restore(without, message.sha256) == without


# Letters that no header has, so that it can always be taken out.
_SOME = st.text(st.sampled_from('~^&<"; =\n\u00e9'), max_size=40)
_PASSWORD = st.text(st.sampled_from("~^&<\u00e9"), min_size=1, max_size=4)


@given(_SOME, _PASSWORD, _PASSWORD, st.booleans())
def test_any_password_in_any_text(text: str, password: str, other: str, coded: bool) -> None:
    known = Passwords({"alerts": password, "more": other})
    said = f"{text}{password}{other}{text}"
    raw = mail("text/plain; charset=utf-8", in_base64(said) if coded else said.encode(), "base64" if coded else "8bit")
    message = parse_message(raw)
    without = known.withhold(raw, message)
    assert without is not None and password not in parse_message(without).text and other not in parse_message(without).text
    assert known.restore(without, message.sha256) == raw


def test_any_word_of_real_mail_could_be_the_password(corpus: Path) -> None:
    chosen = random.Random(1)
    taken_out = 0
    for file in sorted(path for path in corpus.rglob("*") if path.is_file() and path.stat().st_size < 200_000):
        raw = file.read_bytes()
        message = parse_message(raw)
        words = sorted({word for word in f"{message.text} {message.html}".split() if 6 <= len(word) <= 30})
        for word in chosen.sample(words, min(2, len(words))):
            known = Passwords({"alerts": word})
            without = known.withhold(raw, message)
            if without is None:
                continue
            taken_out += 1
            shown = parse_message(without)
            assert word not in shown.text and word not in shown.html, (file, word)
            again = parse_message(known.restore(without, message.sha256))
            assert (again.subject, again.text, again.html) == (message.subject, message.text, message.html), (file, word)
            assert [one.sha256 for one in again.attachments] == [one.sha256 for one in message.attachments], (file, word)
    assert taken_out > 500
