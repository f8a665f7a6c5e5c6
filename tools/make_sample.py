"""Writes the sample Maildir, `sample/`: mail of our own invention, the same bytes every time.

Run it after a change: `python tools/make_sample.py`. `docs/configuration.md` explains the rules that it meets.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

from engine.mail.parse import parse_message
from engine.sources.route import received_at
from engine.store.apply import notification_id

SAMPLE = Path(__file__).resolve().parent.parent / "sample"
ANSWERED = 4  # the message whose receipt bounces and is answered
START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
HELP, PRIORITY, ALERTS = "help@harbourhill.example", "priority@harbourhill.example", "alerts@harbourhill.example"
VERIFIED = {"Authentication-Results": "mx.harbourhill.example; dmarc=pass header.from=harbourhill.example"}
MAYA, PETER = "Maya Okafor <maya@brightwater.example>", "Peter Lund <peter@brightwater.example>"
ANKE, TIMO = "Anke Vogt <anke.vogt@kessler.example>", "Timo Brandt <timo@nord.kessler.example>"
CARMEN, JULIEN = "Carmen Ruiz <carmen@olivar.example>", "Julien Moreau <julien@lumiere.example>"
SANNE, LOTTE = "Sanne de Wit <sanne@vandijk.example>", "Lotte Smit <lotte@harbourhill.example>"
JOOST = "Joost Meijer <joost@harbourhill.example>"
MONITOR = "Monitoring <monitor@harbourhill.example>"


@dataclass
class Box:
    """Messages in the order of their receipt."""

    messages: list[bytes] = field(default_factory=list)
    clock: datetime = START

    def add(
        self,
        sender: str,
        subject: str,
        body: str = "",
        *,
        to: str = HELP,
        minutes: float = 7,
        headers: dict[str, str] | None = None,
        html: str = "",
        files: tuple[tuple[str, str, bytes], ...] = (),
        name: str = "",
        charset: str = "utf-8",
        raw: bytes | None = None,
    ) -> str:
        """The Message-ID of the message that was added."""
        self.clock += timedelta(minutes=minutes)
        number = len(self.messages) + 1
        message_id = f"<{name or f'sample-{number:03}'}@{sender.rpartition('@')[2].strip('>') or 'nowhere.example'}>"
        if raw is not None:
            self.messages.append(raw)
            return message_id
        message = EmailMessage()
        for key, value in {
            "Received": f"from mx.example by mx.harbourhill.example; {format_datetime(self.clock)}",
            "From": sender,
            "To": to,
            "Subject": subject,
            "Date": format_datetime(self.clock - timedelta(seconds=20)),
            "Message-ID": message_id,
            **(headers or {}),
        }.items():
            message[key] = value
        if body or not html:
            message.set_content(body, charset=charset)
        if html and body:
            message.add_alternative(html, subtype="html")
        elif html:
            message.set_content(html, subtype="html")
        for index, (file, kind, data) in enumerate(files):
            main, _, sub = kind.partition("/")
            message.add_attachment(data, maintype=main, subtype=sub, filename=file)
            if message.is_multipart() and message.get_boundary() is None:
                message.set_boundary(f"part-{number}-{index}")
        _fix_boundaries(message, number)
        self.messages.append(message.as_bytes())
        return message_id


def _fix_boundaries(message: EmailMessage, number: int) -> None:
    for index, part in enumerate(message.walk()):
        if part.is_multipart() and part.get_content_maintype() == "multipart":
            part.set_boundary(f"=_sample_{number}_{index}")


def reply(message_id: str) -> dict[str, str]:
    return {"In-Reply-To": message_id, "References": message_id}


def token(customer: str, password: str = "sample-only", more: str = "") -> str:
    return f'<Autotask><ID name="harbourhill"/><PW name="{password}"/><Customer name="{customer}"/>{more}</Autotask>\n'


def customers(box: Box) -> None:
    """Ordinary mail, in several languages and charsets."""
    down = box.add(MAYA, "Reception is down", "Good morning,\n\nno computer at the reception starts since eight.\n\nMaya\n")
    box.add(
        PETER,
        "Re: Reception is down",
        "The second floor has it too.\n\nOn Mon, 2 Nov 2026 at 08:07, Maya Okafor <maya@brightwater.example> wrote:\n\n"
        "> Good morning,\n>\n> no computer at the reception starts since eight.\n",
        headers={**reply(down), "Cc": "maya@brightwater.example"},
    )
    box.add(JOOST, "Re: [T20261102.0001] Reception is down", "The switch has no power. I go there now.\n", headers=VERIFIED)
    box.add(
        ANKE,
        "VPN geht nicht",
        "Guten Tag,\n\nder Zugang von außen geht seit gestern nicht mehr.\n\nMit freundlichen Grüßen\nAnke Vogt\n",
        charset="iso-8859-1",
    )
    box.add(
        CARMEN,
        "La impresora no funciona",
        "Buenos días:\n\nla impresora de la oficina dice «atasco».\n\nCarmen\n",
        charset="iso-8859-15",
    )
    box.add(JULIEN, "Mot de passe oublié", "Bonjour,\n\nj'ai oublié mon mot de passe. Merci d'avance !\n", charset="windows-1252")
    box.add(
        SANNE,
        "Nieuwe medewerker",
        "Hoi,\n\nper 1 december begint Bas. Graag een laptop en een account.\n",
        headers={"Cc": "lotte@harbourhill.example"},
    )
    box.add(
        TIMO,
        "Telefon",
        html="<html><body><p>Hallo,</p><p>das <b>Telefon</b> im Lager klingelt nicht.</p>"
        '<script>alert("x")</script><img src="https://track.example/p.gif"><p>Timo</p></body></html>',
    )
    box.add("Maya <Maya.Okafor@gmail.com>", "From my private address", "I cannot read my mail at the clinic.\n")
    box.add("maya+tickets@brightwater.example", "Plus address", "This is still me.\n")
    box.add("Nils Berg <nils@kessler.example>", "New here", "I started today and have no account.\n")
    box.add("someone@stranger.example", "Question about your prices", "What does a contract cost?\n")
    box.add("bakery@oldmill.example", "Till does not print", "We are no longer a customer, but can you help?\n")
    box.add("wim@vandijk.example", "Old account", "I am listed as inactive.\n")
    box.add(CARMEN, "", "Sin asunto: el wifi va lento.\n")
    box.add(PETER, "Re: [T20261102.0001] once more", "All is well again, thank you.\n\n-- \nPeter Lund\nBrightwater Clinic\n")
    box.add(SANNE, "About T20261102.0001", "I read that others have this too. We do as well.\n")
    box.add(PETER, "Plan for Harbour Street [P20260901.0001]", "The builders come on Thursday.\n")
    box.add(PETER, "T20260901.0701 access points", "Please hang one more in the hall.\n")
    box.add(
        JULIEN,
        "Réunion demain",
        "Bonjour,\n\nmerci pour votre visite.\n",
        raw="From: Julien Moreau <julien@lumiere.example>\r\nTo: help@harbourhill.example\r\nSubject: "
        "=?utf-8?B?UsOpdW5pb24gZGU=?= =?utf-8?Q?main_=F0=9F=93=85?=\r\nDate: Mon, 02 Nov 2026 10:27:00 +0000\r\n"
        "Message-ID: <sample-encoded@lumiere.example>\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n"
        "Le mot «réunion» est déclaré faux, mais lisible.\r\n".encode(),
    )


def technicians(box: Box) -> None:
    box.add(
        LOTTE,
        "RE: T20261102.0004 Mot de passe oublié",
        "#T=0.25 #S=Done\nSet a new password and told him by phone.\n",
        headers=VERIFIED,
    )
    box.add(LOTTE, "RE: T20261102.0003", "#T=0:30 #R=Engineer\nChanged the fuser.\n", headers=VERIFIED)
    box.add(LOTTE, "RE: T20261102.0003", "#T=plenty\nThis books nothing, and I am told.\n", headers=VERIFIED)
    box.add("lotte@harbourhill.example", "RE: T20261102.0003", "#T=8 #S=Done\nNobody verified that I am Lotte.\n")
    box.add(JOOST, "T20260901.0701", "#T=2 #S=In progress\nFour of six hang.\n", headers=VERIFIED)
    box.add(JOOST, "T20261102.0002 VPN", "#A=Approved\nThe new gateway may be bought.\n", headers=VERIFIED)
    box.add(
        "l.smit@harbourhill.example",
        "Fwd: Scanner",
        "Please have a look.\n\n---------- Forwarded message ---------\nFrom: Carmen Ruiz <carmen@olivar.example>\n"
        "Date: Mon, 2 Nov 2026 at 11:02\nSubject: Scanner\nTo: Lotte Smit <lotte@harbourhill.example>\n\n"
        "El escáner no envía nada.\n",
        headers=VERIFIED,
    )
    box.add(
        JOOST,
        "WG: Bildschirm",
        "Von: Anke Vogt <anke.vogt@kessler.example>\nGesendet: Montag, 2. November 2026 11:10\nAn: Joost Meijer\nBetreff: Bildschirm\n\n"
        "Der Bildschirm flackert.\n",
        headers=VERIFIED,
    )
    box.add("ruben@harbourhill.example", "I have left", "I am no longer an active resource.\n")
    box.add(
        JULIEN,
        "Re: [T20261102.0004] Mot de passe oublié",
        "Cela ne marche toujours pas.\n\nLe lun. 2 nov. 2026 à 11:00, Lotte a écrit :\n\n> C'est fait.\n",
        minutes=30,
    )


def doubles(box: Box) -> None:
    """Duplicates and loops."""
    text = "The label printer of dock 3 prints blanks.\n"
    box.add(SANNE, "Label printer", text)
    box.add(SANNE, "Label printer", text, minutes=1)
    box.add("Bas Kuiper <bas@vandijk.example>", "AW: Label printers", "Dock 4 as well.\n", minutes=5)
    for number in range(4):
        box.add("robot@vandijk.example", "Stock report", f"Run {number} done.\n", minutes=1)
    for number in range(3):
        box.add("orders@brightwater.example", "Order of gloves", f"Order {number}, sent to the wrong address again.\n", minutes=1)
    twice = box.messages[0]
    box.add(MAYA, "", raw=twice, name="again")


def automatic(box: Box) -> None:
    box.add(
        "MAILER-DAEMON@mx.lumiere.example",
        "Undelivered Mail Returned to Sender",
        raw=b"Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.lumiere.example (Mail Delivery System)\r\nTo: help@harbourhill.example\r\n"
        b"Subject: Undelivered Mail Returned to Sender\r\nDate: Mon, 02 Nov 2026 13:40:00 +0000\r\n"
        b"Message-ID: <bounce-1@mx.lumiere.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status;"
        b' boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nI could not deliver your message.\r\n\r\n--b\r\n'
        b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.lumiere.example\r\n\r\nFinal-Recipient: rfc822; "
        b"gone@lumiere.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n",
    )
    box.add(
        SANNE, "Automatisch antwoord: Label printer", "Ik ben er woensdag weer.\n", headers={"Auto-Submitted": "auto-replied"}
    )
    box.add(
        ANKE,
        "Automatische Antwort: [T20261102.0002] VPN",
        "Ich bin im Urlaub.\n",
        headers={"X-Auto-Response-Suppress": "All", "Auto-Submitted": "auto-replied"},
    )
    box.add(
        "news@vendor.example",
        "Ten tips for your network",
        "Buy now.\n",
        headers={"List-Unsubscribe": "<mailto:stop@vendor.example>"},
    )
    box.add(
        "backup@kessler.example",
        "Backup finished with warnings",
        "3 files were skipped.\n",
        headers={"Auto-Submitted": "auto-generated"},
    )
    box.add(
        "abuse@provider.example",
        "Abuse report",
        raw=b"From: abuse@provider.example\r\nTo: help@harbourhill.example\r\nSubject: FW: spam\r\nDate: Mon, 02 Nov 2026 14:10:00 +0000\r\n"
        b"Message-ID: <arf-1@provider.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=feedback-report; "
        b'boundary="a"\r\n\r\n--a\r\nContent-Type: text/plain\r\n\r\nThis is a complaint.\r\n--a\r\nContent-Type: message/feedback-report'
        b"\r\n\r\nFeedback-Type: abuse\r\nVersion: 1\r\n\r\n--a--\r\n",
    )
    box.add("Help desk <help@harbourhill.example>", "Our own mail", "This came back to us.\n")
    box.add(MAYA, "Personal", "Nobody should read this.\n", headers={"Sensitivity": "Private"})


def files(box: Box) -> None:
    pixel = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
    box.add(
        CARMEN,
        "Factura con error",
        "Adjunto la pantalla.\n",
        files=(("pantalla.png", "image/png", pixel * 150), ("año 2026.pdf", "application/pdf", b"%PDF-1.4\n" * 400)),
    )
    box.add(
        SANNE,
        "Log of the scanner",
        "The whole log, it is long.\n",
        files=(("scanner.log", "text/x-log", b"0123456789abcdef\n" * 16_000),),
    )
    box.add(
        "thief@stranger.example",
        "Invoice",
        "See the attachment.\n",
        files=(("invoice.pdf.exe", "application/octet-stream", b"MZ" * 500),),
    )
    box.add(
        PETER,
        "Odd names",
        "Names that no system likes.\n",
        files=(("../../etc/passwd", "text/x-conf", b"x" * 9000), ("CON.txt", "text/x-note", b"y" * 9000)),
    )
    box.add(TIMO, "Das ganze Archiv", "Alles auf einmal.\n", files=(("archiv.zip", "application/zip", b"PK" * 250_000),))


def alerts(box: Box) -> None:
    def alert(
        subject: str, identity: str, customer: str, password: str = "sample-only", more: str = "", minutes: float = 6
    ) -> None:
        body = f"Alert: {identity}\nHost: {subject.split()[-1]}\nState: {subject.split()[0]}\n\n{token(customer, password, more)}"
        box.add(MONITOR, subject, body, to=ALERTS, headers={"Auto-Submitted": "auto-generated"}, minutes=minutes)

    alert("PROBLEM disk full on srv-files", "KM-104", "Kessler Maschinenbau GmbH")
    alert("PROBLEM disk still full on srv-files", "KM-104", "Kessler Maschinenbau GmbH")
    alert("RECOVERY disk on srv-files", "KM-104", "Kessler Maschinenbau GmbH", minutes=40)
    alert("PROBLEM no answer from router-1", "OH-7", "Olivar Hermanos S.L.")
    alert("PROBLEM fan on srv-x", "ZZ-1", "A customer that nobody knows")
    alert("PROBLEM forged alert on srv-y", "ZZ-2", "Brightwater Clinic", password="guessed")
    alert(
        "PROBLEM backup on srv-mail",
        "BW-3",
        "Brightwater Clinic",
        more='<Email name="ict@brightwater.example"/><Contact name="Ilse Faber"/><SubIssue name="Laptop"/>',
    )


def last(box: Box) -> None:
    box.add(MAYA, "Whole clinic without internet", "Outage everywhere. Please hurry!\n", to=PRIORITY)
    box.add("kim@gmail.com", "Application for technician", "I would like to work for you.\n")
    box.add("<broken", "", raw=b"\x00\x01\x02 this is no message at all\n")
    box.add(
        ANKE,
        "AW: VPN geht nicht",
        "Jetzt geht es wieder, danke!\n\nVon meinem iPhone gesendet\n",
        headers=reply("<sample-004@kessler.example>"),
    )


def notifications(box: Box) -> None:
    """What comes back to notifications of ours. Their Message-IDs are made of what they are about: the receipt of message ANSWERED."""
    answered = parse_message(box.messages[ANSWERED - 1])
    about = ("help", answered.identity, "ticket created", answered.sender.address)
    ours = notification_id(about, received_at(answered, box.clock), "harbourhill.example")
    box.clock += timedelta(minutes=5)
    box.add(
        "Mail Delivery System <MAILER-DAEMON@mx.example>",
        "Undelivered Mail Returned to Sender",
        raw=(
            f"Received: from mx.example by mx.harbourhill.example; {format_datetime(box.clock)}\r\nReturn-Path: <>\r\n"
            f"From: Mail Delivery System <MAILER-DAEMON@mx.example>\r\nTo: {HELP}\r\nSubject: Undelivered Mail Returned to Sender\r\n"
            f"Date: {format_datetime(box.clock)}\r\nMessage-ID: <bounce-2@mx.example>\r\nMIME-Version: 1.0\r\n"
            'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n--b\r\n\r\nThe mailbox is full.\r\n'
            "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\nAction: failed\r\nStatus: 5.2.2\r\n"
            f"\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{ours}>\r\nFrom: {HELP}\r\n\r\n--b--\r\n"
        ).encode(),
    )
    answer = answered.senders[0]
    box.add(
        f"{answer.name} <{answer.address}>",
        "Re: your receipt",
        "One more thing: it began on Monday.\n",
        headers=reply(f"<{ours}>"),
    )


def thieves(box: Box) -> None:
    box.add(
        "Parcels <parcels@nowhere.example>",
        "Your parcel waits",
        html='<p>Pay for it at <a href="https://post.example@parcels-track.example/">https://post.example</a></p>',
    )


def main() -> None:
    box = Box()
    for part in (customers, technicians, doubles, automatic, files, alerts, last, notifications, thieves):
        part(box)
    for folder in ("new", "cur", "tmp"):
        (SAMPLE / folder).mkdir(parents=True, exist_ok=True)
        (SAMPLE / folder / ".gitkeep").touch()
    for old in (SAMPLE / "new").glob("[0-9]*"):
        old.unlink()
    for number, message in enumerate(box.messages, 1):
        (SAMPLE / "new" / f"{int(START.timestamp()) + number}.{number:03}.sample").write_bytes(message)


if __name__ == "__main__":
    main()
