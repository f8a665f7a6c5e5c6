"""Replies put together at random, of what people write and what programs add: the writer's lines stay, the quoted ones go."""

from __future__ import annotations

import textwrap
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from engine.mail.quotes import strip_reply

# Much of it looks like a header, a quotation or a signature, and is none.
WRITTEN = [
    "Hello Tom,",
    "Hola:",
    "Please order:\n- 2 monitors\n- 1 keyboard\n-- and one mouse, if there are any",
    "From Monday on: we are closed.",
    "From: 12 May to: 14 May the office is closed.",
    "On Monday the server was down again, and Ana wrote that it would be fixed by Tuesday.",
    "On 3 May I told you this:",
    "Name: Ana Vento\nPhone: +34 600 000 000\nOffice: Lisbon",
    "Here is what the screen shows:\n    C:\\> ping server\n    Request timed out.",
    "Datum: 3. Mai, Uhrzeit: 10:00, Ort: Raum 5",
    "Von: Berlin\nNach: Hamburg\nAm: 3. Mai",
    "Subject to change: the date.\nTo be decided: the place.",
    "I sent it from my iPhone yesterday, did it arrive?",
    "Error:\n-----\nCannot connect to 10.0.0.1\n-----\nWhat now?",
    "Mit freundlichen Grüßen\nAnke Berg",
    "Q: is it on?\nA: yes",
    "Tom: can you look?\nAna: I can.",
    "El 3 de mayo a las 10:30 llamé y nadie contestó, escribió mi jefe.",
    "Le 3 mai, Luc m'a écrit : il ne vient pas.",
    "Am 3. Mai um 10:00 schrieb mir Herr Berg: alles gut.",
    "Il 3 maggio Luca ha scritto: non viene.",
    "Op 3 mei om 10:00 schreef Jan: hij komt niet.",
    "Em 3 de maio o Rui escreveu: amanhã.",
    "Priority: high\nTo: fix it",
    "Begin: 10:00\nEnd: 12:00",
    "1 > 0 is true",
    "The original message said so.",
    "P.S.\nThe key is at the desk.",
    "2026-05-03 10:22:31 ERROR: disk full:\n2026-05-03 10:22:32 ERROR: again:",
]
QUOTED = ["We looked.", "The part is ordered.", "Regards\nTom", "-- \nTom Ohm\nProvider", "From: A\nTo: B", "On Monday:"]
ABOVE = [
    "On Tue, Nov 3, 2026 at 10:00 AM {name} <{address}> wrote:",
    "On 3 Nov 2026, at 10:00, {name} <{address}> wrote:",
    "On 11/3/26 10:00, {name} wrote:",
    "Am 03.11.26 um 10:00 schrieb {name}:",
    "Am Di., 3. Nov. 2026 um 10:00 Uhr schrieb {name} <{address}>:",
    "El mar, 3 nov 2026 a las 10:00, {name} (<{address}>) escribió:",
    "El 3/11/26 a las 10:00, {name} escribió:",
    "Le mar. 3 nov. 2026 à 10:00, {name} <{address}> a écrit :",
    "Le 03/11/2026 à 10:00, {name} a écrit :",
    "Il giorno mar 3 nov 2026 alle ore 10:00 {name} <{address}> ha scritto:",
    "Il 03/11/26 10:00, {name} ha scritto:",
    "Em ter., 3 de nov. de 2026 às 10:00, {name} <{address}> escreveu:",
    "Em 03/11/2026 10:00, {name} escreveu:",
    "Op di 3 nov 2026 om 10:00 schreef {name} <{address}>:",
    "Op 03-11-2026 om 10:00 schreef {name}:",
]
LABELS = [
    "From Sent To Cc Subject",
    "Von Gesendet An Cc Betreff",
    "De Enviado Para CC Asunto",
    "De Envoyé À Cc Objet",
    "Da Inviato A Cc Oggetto",
    "De Enviado Para Cc Assunto",
    "Van Verzonden Aan CC Onderwerp",
]
RULERS = ["", "", "_" * 32, "-----Original Message-----", "-----Ursprüngliche Nachricht-----", "-----Mensaje original-----"]
SIGNATURES = [
    "",
    "",
    "-- \nMaya Lind\nCustomer GmbH",
    "Sent from my iPhone",
    "Von meinem iPhone gesendet",
    "Enviado desde mi iPhone",
]
NAMES = ["Tom Ohm", "Herr Berg", "Vento, Ana", "Núria Puig", "Jean-Luc D'Or"]
ADDRESSES = ["tom@provider.example", "help@provider.example", "ana.vento@customer.example"]


def wrote(random: Random) -> str:
    line = random.choice(ABOVE).format(name=random.choice(NAMES), address=random.choice(ADDRESSES))
    return line if random.random() < 0.5 else textwrap.fill(line, random.randint(50, 78), break_on_hyphens=False)


def block(random: Random) -> str:
    star, colon, more = (
        random.choice(["", "", "*"]),
        random.choice([":", " :"]),
        random.choice(["", ";\n other@customer.example"]),
    )
    values = [
        f"{random.choice(NAMES)} <{random.choice(ADDRESSES)}>",
        "Dienstag, 3. November 2026 10:00",
        f"{random.choice(ADDRESSES)}{more}",
        "kim@y.example",
        "Re: printer",
    ]
    fields = [f"{star}{label}{colon}{star} {value}" for label, value in zip(random.choice(LABELS).split(), values, strict=True)]
    return "\n".join([*filter(None, [random.choice(RULERS)]), *fields])


def marked(random: Random, text: str) -> str:
    mark = random.choice(["> ", ">"])
    return "\n".join(f"{mark}{line}".rstrip() for line in text.split("\n"))


@given(st.randoms(use_true_random=False))
def test_the_writers_lines_stay_and_the_quoted_go(random: Random) -> None:
    written = "\n\n".join(random.sample(WRITTEN, random.randint(1, 4)))
    signature = random.choice(SIGNATURES)
    quoted = "\n\n".join(random.choices(QUOTED, k=random.randint(1, 4)))
    said = f"{written}\n\n{signature}".strip()
    text = random.choice(
        [
            f"{said}\n\n{wrote(random)}\n{random.choice(['', chr(10)])}{marked(random, quoted)}",
            f"{said}\n\n{block(random)}\n\n{quoted}",
            f"{wrote(random)}\n{marked(random, quoted)}\n\n{said}",
            said,
        ]
    )
    assert strip_reply(text).text == written
