"""Mail that nobody foresaw, through parse, decide and store: the short form of `make fuzz`."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tools import pump_fields, pump_patterns, pump_rules
from tools.hostile import ROOT, Desk

SAMPLE = [path.read_bytes() for path in sorted((ROOT / "sample").rglob("*")) if path.is_file()]
FIELDS = ["From", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Content-Type", "Content-Disposition",
          "Content-Transfer-Encoding", "Auto-Submitted", "Precedence", "Received", "Return-Path", "Sensitivity", "X-Priority",
          "Authentication-Results", "List-Id"]  # fmt: skip
WORDS = [
    "maya@brightwater.example", "lotte@harbourhill.example", "<", ">", '"', ",", ";", ":", "=?utf-8?q?=00=41?=", "=?utf-16?b?/////w==?=",
    "T20261102.0001", "Re:", "Fwd:", "#T=1", "multipart/mixed; boundary=b", "message/rfc822", "text/html; charset=utf-7", "base64",
    "quoted-printable", "attachment; filename*=utf-8''%00%2F..%2Fx", "auto-replied", "pass", "=1+1", "{{ 7 }}", "\r\n ", "\r\n\r\n", "\n",
    "--b", "--b--", "<p>", "<script>", "<!--", "&#0;", "On Monday 1:00, a@b.example wrote:", "> ", "-- ", "From: a@b.example",
    "text/plain; format=flowed; delsp=yes", "multipart/mixed; boundary*1*=", "; name*0*=", "; charset*=", "\0'x'%E2", " \r\n", "<a href=", "https://", "www.a.example", "\\\\[::1", "%zz@", ".safelinks.protection.outlook.com/?url=",
    "-----Original Message-----", "\x00", "\ud800", "\u202e", "é", "a" * 300,
]  # fmt: skip
text = st.lists(st.sampled_from(WORDS) | st.text(max_size=8), max_size=12).map(" ".join)
made = st.builds(
    lambda fields, body: "".join(f"{name}: {value}\r\n" for name, value in fields) + "\r\n" + "\r\n".join(body),
    st.lists(st.tuples(st.sampled_from(FIELDS), text), max_size=12),
    st.lists(text, max_size=12),
).map(lambda whole: whole.encode("utf-8", "surrogatepass"))


@st.composite
def bent(draw: st.DrawFn) -> bytes:
    """Real mail with a few bytes taken out, put in or doubled."""
    raw = bytearray(draw(st.sampled_from(SAMPLE)))
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, max(len(raw) - 1, 0)))
        length = draw(st.integers(0, 60))
        piece = draw(
            st.sampled_from([b"", b"\r\n", b"\n\n", b"\x00", b"\xff", b'"', b"--", b"=", bytes(raw[place : place + length]) * 2])
        )
        raw[place : place + length] = piece
    return bytes(raw)


@pytest.fixture(scope="module")
def desk() -> Desk:
    return Desk()


@settings(
    max_examples=300,
    deadline=2_000,  # a message may take two seconds at the most
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(raw=made | bent())
def test_no_message_makes_processing_fail(raw: bytes, desk: Desk) -> None:
    for mailbox in ("help", "alerts"):
        assert desk.throw(raw, mailbox).reason != "error"


@pytest.mark.parametrize("seed", range(6))
def test_hundreds_of_rules_and_the_words_that_they_ask_for_make_no_message_fail(seed: int, tmp_path: Path) -> None:
    """The short form of `python -m tools.pump_rules`."""
    dice = random.Random(seed)
    one = pump_rules.desk(dice, tmp_path / "rules", 200)
    for number in range(5):
        one.throw(pump_rules.message(dice, number, one.ticket))


def test_no_pattern_takes_more_than_linear_time() -> None:
    """The short form of `python -m tools.pump_patterns`."""
    count, wrong = pump_patterns.pump(seconds=8, seed=1)
    assert count > len(pump_patterns.patterns()) and not wrong


def test_no_field_makes_a_message_slow() -> None:
    """The short form of `python -m tools.pump_fields`."""
    count, wrong = pump_fields.search_fields(8, seed=1)
    assert count > 200 and not wrong
