"""Transfer encodings as broken programs write them: a text is never lost behind one, nor shown as its letters."""

from __future__ import annotations

import base64
from email import message_from_bytes
from random import Random

import pytest

from engine.mail.transfer import decoded_from

FIRST, THEN = base64.b64encode(b"Good morning, all."), base64.b64encode(b" The printer is on fire.")


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        pytest.param(FIRST + b"\r\n" + THEN + b"\r\n", b"Good morning, all. The printer is on fire.", id="piece by piece"),
        pytest.param(FIRST + b"\n" + THEN.rstrip(b"="), b"Good morning, all. The printer is on fire.", id="the last without padding"),
        pytest.param(FIRST + b"====\n", b"Good morning, all.", id="too much padding"),
        pytest.param(FIRST + b"\r\n_______\r\nlist mailing list\r\n", b"Good morning, all.", id="with what a list wrote below"),
        pytest.param(FIRST + b"\r\nUnsubscribe here please\r\n", b"Good morning, all.", id="with words alone below"),
        pytest.param(FIRST[:22], b"Good morning, all"[:16], id="cut off within four letters"),
        pytest.param(FIRST[:21], b"Good morning, a", id="cut off where one letter is left"),
        pytest.param(b" R29v\r\n\tZCBt\r\n b3Ju\r\n", b"Good morn", id="indented"),
        pytest.param(b"Out of paper!\r\n", b"Out of paper!\r\n", id="a text that nobody encoded"),
        pytest.param("Kein Papier, bitte prüfen.\n".encode(), "Kein Papier, bitte prüfen.\n".encode(), id="nor this one"),
        pytest.param(b"Documentationfolders Reservationsystem\n", b"Documentationfolders Reservationsystem\n", id="nor long words"),
        pytest.param(FIRST[:16] + b" " + FIRST[16:] + b"\n", b"Good morning, all.", id="with spaces for the ends of lines"),
        pytest.param(b"", b"", id="nothing"),
        pytest.param(b"=", b"", id="padding alone"),
    ],
)  # fmt: skip
def test_base64(lines: bytes, text: bytes) -> None:
    assert decoded_from("base64", lines) == text


def test_base64_that_is_in_order_is_read_as_python_reads_it() -> None:
    random = Random(7)
    for length in range(200):
        coded = base64.encodebytes(random.randbytes(length)).replace(b"\n", random.choice([b"\n", b"\r\n"]))
        part = message_from_bytes(b"Content-Transfer-Encoding: base64\n\n" + coded)
        assert decoded_from("base64", coded) == part.get_payload(decode=True)
