"""What a telephone or a mail program writes below a mail goes from notes, as signatures do; what a person writes stays."""

from __future__ import annotations

import pytest

from engine.mail.quotes import strip_reply

BELOW = """
Sent from my iPhone
Sent from my iPad
Sent from my Samsung Galaxy smartphone.
Sent from my Galaxy
Sent from Outlook for iOS
Get Outlook for iOS
Get Outlook for Android<https://aka.ms/x>
Sent from Mail for Windows
Sent from Mail for Windows 10
Sent with Proton Mail secure email.
Sent from Proton Mail mobile
Sent from Yahoo Mail on Android
Sent from Yahoo Mail for iPhone
Yahoo Mail: Search, Organize, Conquer
Sent via the Samsung Galaxy S21 5G, an AT&T 5G smartphone
Sent from my mobile device
Sent from my BlackBerry
Sent from my Huawei phone
Sent from my Pixel
Sent from my Verizon, Samsung Galaxy smartphone
Von meinem iPhone gesendet
Von meinem iPad gesendet
Gesendet von meinem iPhone
Gesendet von Mail für Windows 10
Gesendet von Mail für Windows
Gesendet von Outlook für iOS
Gesendet von Outlook für Android
Outlook für iOS beziehen
Outlook für Android beziehen
Holen Sie sich Outlook für iOS
Von meinem Samsung Galaxy Smartphone gesendet.
Von meinem Samsung Gerät gesendet.
Gesendet mit der GMX Mail App
Diese Nachricht wurde von meinem Android Mobiltelefon mit WEB.DE Mail gesendet.
Gesendet mit der WEB.DE Mail App
Enviado desde mi iPhone
Enviado desde mi iPad
Enviado desde Outlook para iOS
Obtener Outlook para iOS
Enviado desde Correo para Windows
Enviado desde mi Samsung Galaxy
Enviado desde mi dispositivo Samsung
Enviado desde mi smartphone Samsung Galaxy.
Envoyé de mon iPhone
Envoyé de mon iPad
Envoyé depuis mon iPhone
Envoyé à partir de Outlook pour iOS
Télécharger Outlook pour iOS
Obtenir Outlook pour iOS
Envoyé à partir de Courrier pour Windows
Envoyé depuis mon appareil Galaxy
Envoyé depuis mon smartphone Samsung Galaxy.
Inviato da iPhone
Inviato da iPad
Inviato dal mio iPhone
Ottieni Outlook per iOS
Scarica Outlook per iOS
Inviato da Outlook per iOS
Inviato da Posta per Windows
Inviato dal mio Galaxy
Inviato da smartphone Samsung Galaxy.
Enviado do meu iPhone
Enviado do iPhone
Enviado do Outlook para iOS
Obter o Outlook para iOS
Obter Outlook para iOS
Enviado do Email para Windows
Enviado do Correio para o Windows 10
Enviado do meu Galaxy
Enviado do meu smartphone Samsung Galaxy.
Verstuurd vanaf mijn iPhone
Verzonden vanaf mijn iPhone
Verzonden vanuit Outlook voor iOS
Outlook voor iOS downloaden
Outlook voor iOS ophalen
Download Outlook voor iOS
Verzonden vanuit Mail voor Windows
Verstuurd vanaf mijn Galaxy
Verzonden vanaf mijn Samsung Galaxy-smartphone.
Verzonden met Proton Mail beveiligde e-mail.
Sent from Gmail Mobile
Sent from TypeApp
Sent from BlueMail
Get BlueMail for Android
Sent from Nine
Enviado desde Yahoo Mail para Android
Gesendet von Yahoo Mail auf Android
Sent from AOL on Android
Sent from Spark
Sent with Spark
Sent from my Android device with K-9 Mail. Please excuse my brevity.
Diese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.
Envoyé de mon appareil Android avec Courriel K-9 Mail. Veuillez excuser ma brièveté.
Enviado desde mi dispositivo Android con K-9 Mail. Por favor, disculpa mi brevedad.
Inviato dal mio dispositivo Android con K-9 Mail. Perdonate la brevità.
Verstuurd vanaf mijn Android apparaat met K-9 Mail. Excuseer mijn beknoptheid.
Enviado de meu dispositivo Android com K-9 mail. Desculpe-me pela brevidade.
Sent from my phone. Please excuse any typos.
Sent from my mobile, please excuse typos
Sent from my iPhone. Please excuse typos
Sent from my iPhone, please excuse brevity
Sent from my T-Mobile 4G LTE Device
Sent from my Verizon Wireless 4G LTE smartphone
Sent from my U.S. Cellular® Smartphone
Sent with AquaMail for Android
Sent with Aqua Mail for Android
Sent from FairEmail
Sent from Tutanota
Gesendet mit Tutanota
Sent with Tuta
Enviado con Aqua Mail
Sent using Hushmail
Sent from eM Client
Sent from Mailspring
Sent via Mailspring
Sent from Thunderbird for Android
Von unterwegs gesendet
Von meinem Handy gesendet
Unterwegs gesendet
Mobil gesendet
Sent on the go
Sent from mobile
""".strip().split("\n")
SAID = [
    "Please call me, I cannot get the report sent from my phone.",
    "It was not sent from my iPhone, please check",
    "Sent from my phone the printer works, from the PC not.",
    "Get the Samsung phone, please.",
    "Download the Outlook update for me",
    "Sent from my phone yesterday. Did you get it?",
    "I get Outlook for Android errors",
    "Get Outlook working again, please",
    "Sent from my phone: the photos, please look at them",
    "Scarica Outlook e installa",
    "Get the printer driver for Windows.",
    "Get printer drivers for Windows",
    "Sent from nine to five",
    "Sent from my phone, because I have no device",
    "I sent it from my phone",
    "Please excuse my brevity.",
    "Sent from the printer in room 4, please excuse me for that",
    "Obtenir le Samsung, merci",
    "Download Outlook",
    "Sent from my phone! It does work",
]
QUOTED = [
    "",
    "\n\nOn Mon, 2 Nov 2026 at 10:00, Help <help@x.example> wrote:\n> old\n",
    "\n\n________________________________\nFrom: Help <help@x.example>\nSent: Monday, November 2, 2026 10:00\nTo: a@b.example\nSubject: x\n\nold",
]


@pytest.mark.parametrize("line", BELOW)
def test_it_goes(line: str) -> None:
    for quoted in QUOTED:
        reply = strip_reply(f"It works.\n\n{line}{quoted}")
        assert reply.text == "It works." and line in reply.removed


@pytest.mark.parametrize("line", SAID)
def test_a_persons_words_stay(line: str) -> None:
    assert strip_reply(f"It works.\n\n{line}").text == f"It works.\n\n{line}"
