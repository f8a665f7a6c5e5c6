"""A click on a thumb comes as mail: nobody wrote it, and it must not reopen what is done."""

from __future__ import annotations

import pytest

from engine.mail.parse import parse_message

HEAD = (
    "From: Maya <maya@brightwater.example>\nTo: help@x.example\nSubject: Re: [T1] Printer\nMessage-ID: <9@x>\n"
    "In-Reply-To: <postroom.1@x>\nMIME-Version: 1.0\n"
)
PLAIN = f"{HEAD}Content-Type: text/plain; charset=utf-8\n\n"
BELOW = "\n\n________________________________\nFrom: Help <help@x.example>\nSent: Monday, November 2, 2026 10:00 AM\nTo: Maya <maya@brightwater.example>\nSubject: [T1] Printer\n\nIt is solved.\n"
GMAIL = f"""{HEAD}Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain; charset=UTF-8
Content-Transfer-Encoding: 8bit

\U0001f44d

Maya reacted via Gmail
--b
Content-Type: TEXT/vnd.google.email-reaction+json; charset=UTF-8

{{"emoji": "\U0001f44d", "version": 1}}
--b
Content-Type: text/html; charset=UTF-8

<p>Maya reacted</p>
--b--
"""
OUTLOOK = (
    f"{HEAD}Content-Type: text/html; charset=utf-8\n\n"
    '<table><tr><td><img alt="0" src=""> </td><td><b>Maya Okafor</b> <span>reacted to your message:</span></td></tr></table><br><hr>'
    "<div><b>From:</b> Help &lt;help@x.example&gt;<br><b>Sent:</b> Monday, November 2, 2026 10:00 AM<br><b>To:</b> Maya &lt;maya@brightwater.example&gt;<br>"
    "<b>Subject:</b> [T1] Printer</div><p>It is solved.</p>"
)
REACTIONS = [
    (GMAIL, "a part text/vnd.google.email-reaction+json"),
    (
        f'{HEAD}Content-Type: text/vnd.google.email-reaction+json\n\n{{"version": 1}}\n',
        "a part text/vnd.google.email-reaction+json",
    ),
    (OUTLOOK, "text: Maya Okafor reacted to your message:"),
    (f"{PLAIN}Maya reacted to your message:{BELOW}", "text: Maya reacted to your message:"),
    (f"{PLAIN}Maya reacted to your message:\n", "text: Maya reacted to your message:"),
    *(
        (f"{PLAIN}{line}{BELOW}", f"text: {line}")
        for line in (
            "Maya hat auf Ihre Nachricht reagiert:",
            "Maya a réagi à votre message :",
            "Maya reaccionó a tu mensaje:",
            "Maya ha reagito al tuo messaggio:",
            "Maya reagiu à sua mensagem:",
            "Maya heeft op uw bericht gereageerd:",
        )
    ),
]


@pytest.mark.parametrize(("mail", "evidence"), REACTIONS)
def test_it_is_an_automatic_answer(mail: str, evidence: str) -> None:
    message = parse_message(mail.encode())
    assert message.automatic is not None and (message.automatic.kind, message.automatic.evidence) == ("auto_reply", evidence)
    assert not message.attachments


@pytest.mark.parametrize(
    "mail",
    [
        f"{PLAIN}My boss reacted to your message:\n\nHe says no.\n",
        f"{PLAIN}My boss reacted to your message: he says no.{BELOW}",
        f"{PLAIN}Hello,\nMaya reacted to your message:{BELOW}",
        f"{PLAIN}Maya reacted to your message:{BELOW}".replace("In-Reply-To: <postroom.1@x>\n", ""),
        f"{PLAIN}reacted to your message:{BELOW}",
    ],
)
def test_a_persons_words_are_none(mail: str) -> None:
    assert parse_message(mail.encode()).automatic is None
