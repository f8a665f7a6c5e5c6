"""Quotations in HTML bodies become lines with `>`, so that answers between and below them are kept."""

from __future__ import annotations

import pytest

from engine.mail.html import html_to_text
from engine.mail.parse import parse_message
from engine.mail.quotes import strip_reply

CITE = '<blockquote type="cite" cite="mid:1@x.example">'
WROTE = '<div class="moz-cite-prefix">On 25/11/2026 09:12, Lotte Smit wrote:<br></div>'


def test_answers_between_quotations_stay_with_what_they_answer() -> None:
    html = f"""<p>Hi Lotte,</p>{WROTE}{CITE}<p>Which printer?</p><p>Since when?</p></blockquote>
<p>The one in the hall.</p>{CITE}<p>Has it paper?</p></blockquote><p>Yes.<br>Maya</p>"""
    text = html_to_text(html)
    assert text == (
        "Hi Lotte,\n\nOn 25/11/2026 09:12, Lotte Smit wrote:\n> Which printer?\n>\n> Since when?\n\nThe one in the hall.\n\n"
        "> Has it paper?\n\nYes.\nMaya"
    )
    assert strip_reply(text).text == text


def test_an_answer_below_a_quotation_is_the_reply() -> None:
    reply = strip_reply(html_to_text(f"{WROTE}{CITE}<p>Which printer?</p></blockquote><p>The one in the hall.</p>"))
    assert reply.text.strip() == "The one in the hall." and "> Which printer?" in reply.removed


@pytest.mark.parametrize(
    "html",
    [
        f"<p>Thanks.</p>{WROTE}{CITE}<p>Done.</p></blockquote>",
        # Apple Mail has its line within the quotation.
        f'<div>Thanks.</div><div><br>{CITE}<div>On 25 Nov 2026, at 09:12, Lotte &lt;l@x.example&gt; wrote:</div><br class="Apple-'
        'interchange-newline"><div>Done.</div></blockquote></div>',
        '<div dir="ltr">Thanks.</div><br><div class="gmail_quote"><div class="gmail_attr">On Wed, 25 Nov 2026 at 09:12, Lotte &lt;'
        '<a href="mailto:l@x.example">l@x.example</a>&gt; wrote:<br></div><blockquote class="gmail_quote"><div>Done.</div></blockquote></div>',
        f"<p>Thanks.</p>{CITE}<p>Done.</p>{CITE}<p>Please do.</p></blockquote></blockquote>",
        f"<p>Thanks.</p>{CITE}<p>Done, and it never ends",
        "<p>Thanks.</p><BLOCKQUOTE style='quotes: none' TYPE = cite><p>Done.</p></BLOCKQUOTE>",
        "<p>Thanks.</p><blockquote cite='mid:1@x.example'><p>Done.</p></blockquote>",
    ],
)
def test_a_quotation_below_the_reply_is_taken_out(html: str) -> None:
    reply = strip_reply(html_to_text(html))
    assert reply.text == "Thanks." and "> Done" in reply.removed


def test_quotations_in_quotations() -> None:
    html = f"{CITE}one{CITE}two</blockquote>three<blockquote style='margin: 0 0 0 40px'>indented</blockquote></blockquote>four"
    assert html_to_text(html).replace("\n\n", "\n").split("\n") == ["> one", ">> two", "> three", "> indented", "four"]


@pytest.mark.parametrize(
    "html",
    [
        '<blockquote style="margin: 0 0 0 40px; border: none; quotes: none">Indented</blockquote>',
        "<blockquote>Indented</blockquote>",
        '<blockquote cite="https://example.com/policy">Indented</blockquote>',
        "</blockquote>Indented</blockquote>",
    ],
)
def test_an_indented_paragraph_is_no_quotation(html: str) -> None:
    assert html_to_text(f"<p>Hello</p>{html}").split() == ["Hello", "Indented"]


def test_what_apple_mail_forwards_is_no_quotation() -> None:
    html = f"""<div>Please look.</div><div><br>{CITE}<div>Begin forwarded message:</div><br><div><b>From: </b>Anke &lt;anke@x.example&gt;
</div><div><b>Subject: </b><b>Printer</b></div><div><b>Date: </b>25 November 2026 at 09:12</div><div><b>To: </b>wim@y.example</div>
<div>It burns.</div>{CITE}<p>Does it?</p></blockquote></blockquote></div>"""
    text = html_to_text(html)
    assert "\nBegin forwarded message:\n" in text and "\nIt burns.\n" in text and "> Does it?" in text
    assert strip_reply(text).text == text
    message = parse_message(f"From: a@b.example\r\nSubject: Fwd: Printer\r\nContent-Type: text/html\r\n\r\n{html}".encode())
    assert message.forwarded is not None and message.forwarded.sender.address == "anke@x.example"


@pytest.mark.parametrize(
    "html",
    [
        CITE * 5_000 + "x" + "</blockquote>" * 5_000,
        "</blockquote>" * 20_000 + "x",
        f"{CITE}x</blockquote>" * 5_000,
        f"{CITE}&#xE000;x&#xE001;&#xE001;&#xE001;</blockquote>",
        "\ue000x\ue001",
        "<blockquote " + "type=cite " * 50_000 + ">x",
    ],
    ids=["deep", "closed again and again", "many", "marks as references", "marks", "a tag without end"],
)
def test_marks_and_numbers_of_a_stranger_do_no_harm(html: str) -> None:
    text = html_to_text(f"<p>above</p>{html}<p>below</p>")
    assert text.startswith("above") and text.rstrip().endswith("below") and len(text) < 10 * len(html) + 100
