"""Exchange Online and Proofpoint write warnings on top of mail: they are not the sender's text."""

from __future__ import annotations

import pytest

from engine.mail.message import Message
from engine.mail.parse import parse_message

ADDRESS = "https://aka.ms/LearnAboutSenderIdentification"
TEXTS = [
    f"[You don't often get email from ana@x.example. Learn why this is important at {ADDRESS} ]\n\n",
    "[Some people who received this message don't often get email from\nana@x.example. Learn why this is important at\nhttp://aka.ms/LearnAboutSenderIdentification.]\n\n",
    f"[Sie erhalten nicht häufig E-Mails von ana@x.example. Weitere Informationen, warum dies wichtig ist, finden Sie unter {ADDRESS} ]\n\n",
    f"[Vous ne recevez pas souvent de courriers de ana@x.example. Découvrez pourquoi ceci est important à {ADDRESS} ]\n",
    f"[你通常不会收到来自 ana@x.example 的电子邮件。请访问 {ADDRESS}，以了解这一点为什么很重要]\n\n",
    f"You don't often get email from ana@x.example. Learn why this is important<{ADDRESS}>\n",
    f"\nSome people who received this message don't often get email from ana@x.example.\nLearn why this is important<{ADDRESS}>\n\n",
    "You don't often get email from ana@x.example. Learn why this is important<https://eur03.safelinks.protection.outlook.com/?url=https%3A%2F%2Faka.ms%2FLearnAboutSenderIdentification&data=05>\n",
]
TABLE = (
    '<table align="left" border="0" cellspacing="0" style="width:100%!important"><tr><td bgcolor="#A6A6A6" style="padding:7px 2px"></td>'
    '<td bgcolor="#EAEAEA"><div>{words} <a href="{address}">Learn why this is important</a> </div></td><td bgcolor="#EAEAEA"></td></tr></table>'
)
WORDS = "You don't often get email from ana@x.example."


def read(text: str, kind: str = "plain") -> Message:
    return parse_message(
        f"From: ana@x.example\nSubject: x\nMIME-Version: 1.0\nContent-Type: text/{kind}; charset=utf-8\n\n{text}".encode()
    )


def html(above: str = "", words: str = WORDS, address: str = ADDRESS) -> str:
    table = TABLE.format(words=words, address=address)
    return f"<html><head><style>p {{}}</style></head><body>{above}{table}<div><p>The scanner is down.</p></div></body></html>"


@pytest.mark.parametrize("tip", TEXTS)
def test_it_is_no_part_of_the_text(tip: str) -> None:
    assert read(f"{tip}#T=0.5\nThe scanner is [still] down.\n").text == "#T=0.5\nThe scanner is [still] down.\n"


@pytest.mark.parametrize(
    "page",
    [
        html(),
        html('<div dir="ltr">\n&nbsp;'),
        html(
            address="https://eur03.safelinks.protection.outlook.com/?url=https%3A%2F%2Faka.ms%2FLearnAboutSenderIdentification&amp;data=0"
        ),
    ],
)
def test_nor_of_html(page: str) -> None:
    message = read(page, "html")
    assert message.text.strip() == "The scanner is down." and "often" not in message.html


@pytest.mark.parametrize("tip", TEXTS)
def test_below_a_persons_words_it_stays(tip: str) -> None:
    text = f"Hello,\n\nwhat is this?\n\n{tip}"
    assert read(text).text == text


def test_what_is_hidden_as_one_is_shown() -> None:
    secret = "x" * 700
    assert secret in read(f"[{secret} ana@x.example {ADDRESS} ]\n\nHello").text
    assert secret in read(html(words=f"{WORDS} {secret}"), "html").text
    assert "Learn why" in read(html("<p>Hello</p>"), "html").text
    assert "Learn why" in read(html().replace("ana@x.example", "somebody"), "html").text
    assert read(f"[see {ADDRESS} ]\nHello").text.startswith("[see")


PROOFPOINT = "This Message Is From an External Sender\nThis message came from outside your organization.\n \n"
PROOFPOINT_IN_HTML = (
    "<!-- BaNnErBlUrFlE-BoDy-start --><!-- Preheader Text : BEGIN --><span style='display:none'>The scanner</span><table><tr><td>"
    "This Message Is From an External Sender</td></tr></table><!-- BaNnErBlUrFlE-BoDy-end -->"
)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"ZjQcmQRYFpfptBannerStart\n{PROOFPOINT}ZjQcmQRYFpfptBannerEnd\n#T=0.5\nIt works.\n", "#T=0.5\nIt works.\n"),
        (f"It works.\nZjQcmQRYFpfptBannerStart\n{PROOFPOINT}ZjQcmQRYFpfptBannerEnd\n\nIt works.\n", "It works.\nIt works.\n"),
        ("What is ZjQcmQRYFpfptBannerStart?\n", "What is ZjQcmQRYFpfptBannerStart?\n"),
        (f"ZjQcmQRYFpfptBannerStart\n{'x' * 3_000}\nZjQcmQRYFpfptBannerEnd\n", None),
    ],
)
def test_what_proofpoint_marks_goes(text: str, left: str | None) -> None:
    assert read(text).text == (text if left is None else left)


def test_what_proofpoint_marks_in_html_goes() -> None:
    message = read(f"<html><body>{PROOFPOINT_IN_HTML}<p>It works.</p></body></html>", "html")
    assert message.text.strip() == "It works." and "External" not in message.html
