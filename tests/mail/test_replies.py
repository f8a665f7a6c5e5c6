"""Replies lose quotation and signature, and nothing that their writer wrote (`behaviour.md` 4.2).

Pairs of files: `replies/NAME.txt` as it came in, `replies/NAME.kept.txt` what stays.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.mail.quotes import strip_reply

PAIRS = sorted(path for path in (Path(__file__).parent / "replies").glob("*.txt") if not path.name.endswith(".kept.txt"))


@pytest.mark.parametrize("path", PAIRS, ids=lambda path: path.stem)
def test_a_reply_keeps_what_its_writer_wrote(path: Path) -> None:
    expected = path.with_name(f"{path.stem}.kept.txt").read_text("utf-8").strip("\n")
    reply = strip_reply(path.read_text("utf-8"))
    assert reply.text == expected


@pytest.mark.parametrize("path", PAIRS, ids=lambda path: path.stem)
def test_what_is_taken_out_is_kept_beside_it(path: Path) -> None:
    text = path.read_text("utf-8")
    reply = strip_reply(text)
    have = sorted(f"{reply.text}\n{reply.removed}".split())
    assert have == sorted(text.split())


@pytest.mark.parametrize(
    ("line", "is_kept"),
    [
        *[("Outlook für Android<https://aka.ms/AAb9ysg> beziehen", False), ("Outlook voor iOS downloaden", False)],
        *[("Obtenir Outlook pour Android", False), ("Ottenere Outlook per iOS", False), ("Sent using Zoho Mail", False)],
        *[("Skickat från min iPhone", False), ("Sendt fra min iPhone", False), ("Hent Outlook til iOS", False)],
        *[
            ("Lähetetty iPhonesta", False),
            ("Wysłane z iPhone'a", False),
            ("Odesláno z iPhonu", False),
            ("Отправлено с iPhone", False),
        ],
        *[
            ("iPhone'umdan gönderildi", False),
            ("iPhoneから送信", False),
            ("发自我的iPhone", False),
            ("나의 iPhone에서 보냄", False),
        ],
        *[("Trimis de pe iPhone-ul meu", False), ("Lähetetty lasku on väärin", True), ("Отправлено вчера в офис", True)],
        *[("Von Samsung-Tablet gesendet", False), ("Von Outlook wurde nichts gesendet", True)],
    ],
)
def test_what_a_program_puts_below_a_reply_goes(line: str, is_kept: bool) -> None:
    assert strip_reply(f"It works now.\n\n{line}\n").text == (f"It works now.\n\n{line}" if is_kept else "It works now.")


def test_real_replies_lose_nothing_above_the_quotation(corpus: Path) -> None:
    """Lines above the first sign of a quotation or signature are all kept."""
    count = 0
    for folder in ("reply-bodies-a", "reply-bodies-b"):
        for path in sorted((corpus / folder).glob("*.txt")):
            text = path.read_text("utf-8", errors="replace")
            reply = strip_reply(text)
            assert reply.text, path
            count += 1
            for line in text.split("\n"):
                stripped = line.strip()
                if stripped.startswith(
                    (">", "--", "__", "On ", "Am ", "Le ", "El ", "Em ", "In ", "Op ", "From", "De", "Von", "Da", "Van", "*From")
                ):
                    break
                if "@" in stripped or stripped.endswith(":"):
                    break
                if len(stripped) > 40 and ":" not in stripped:
                    assert stripped in reply.text, f"{path}: {line}"
    assert count == 137


def test_of_a_very_long_reply_the_quotation_goes_and_nothing_else_is_lost() -> None:
    quotation = "On Mon, 2 Nov 2026 at 10:00, Maya <maya@brightwater.example> wrote:\n" + "> a quoted line\n" * 60_000
    whole = strip_reply(f"My answer.\n\n{quotation}")
    assert whole.text == "My answer." and whole.removed.count("> a quoted line") == 60_000
    below = strip_reply(f"My answer.\n\n{quotation}And one more thing.\n")
    assert below.text.startswith("My answer.") and below.text.endswith("And one more thing.")
    words = "a line of my own\n" * 60_000
    assert strip_reply(words).text.count("a line of my own") == 60_000


_LINES = [
    *[
        "It works now.",
        "> Is it plugged in?",
        "",
        "-- ",
        "—",
        "Ana Vento",
        "Sent from my iPhone",
        "On 3 Nov 2026 10:00, Ana wrote:",
        "Ana wrote:",
    ],
    *[
        "From: Ana <ana@x.example>",
        "Sent: 3 Nov 2026 10:00",
        "To: help",
        "Subject: Scanner",
        "От: Ана <a@x.example>",
        "Тема: x",
        "件名：x",
    ],
    *[
        "-----Original Message-----",
        "---------- Forwarded message ---------",
        ">>> Ana <a@x> 03.11.2026 10:00 >>>",
        "____________",
        "Am 3.11.2026",
    ],
]


@given(st.lists(st.sampled_from(_LINES), max_size=25))
@settings(max_examples=400)
def test_no_word_is_lost_whatever_stands_where(lines: list[str]) -> None:
    text = "\n".join(lines)
    reply = strip_reply(text)
    assert sorted(f"{reply.text}\n{reply.removed}".split()) == sorted(text.split())
    assert bool(reply.text.strip()) == bool(text.strip())


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("It works.\n\nOn 2 Nov 2026, 10:00 +0100, Help <help@x.example>, said:\n\n> old", "It works."),
        ("It works.\n\nOn Monday, November 2, 2026 at 10:00 AM, Help said:\n> old\n", "It works."),
        ("It fails.\n\nOn 3 May 2026 at 10:00 the vendor said:\n\nIt is the driver.", None),
        ("It fails.\n\nOn 3 May 2026 at 10:00 the vendor said it is one of these:\n\n1. the driver", None),
        ("It fails.\n\nOn 3 May 2026 at 10:00 the vendor said it is one of these:\n\n> the driver\n\nWhich?", None),
        ("It works.\n\n> On 2 Nov 2026, at 10:00, Help wrote:\n> see\n<https://x.example/a/b>\n> old\n", "It works."),
        ("It fails, see:\n\n> On 2 Nov 2026, at 10:00, Help wrote:\n> log?\nhttps://x.example/log", None),
    ],
)
def test_what_some_programs_write_above_and_within_a_quotation(text: str, answer: str | None) -> None:
    assert strip_reply(text).text == (text if answer is None else answer)
