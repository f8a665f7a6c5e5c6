"""Quotations and forwards are told in the languages in which mail programs write them (`behaviour.md` 2 and 4.2)."""

from __future__ import annotations

import pytest

from engine.mail import header_words
from engine.mail.forwarded import find_forwarded
from engine.mail.quotes import strip_reply
from engine.prefixes import is_forward, is_passed_on, strip_prefixes

ANA = "Ana Vento <ana@x.example>"

# From, sent, to, subject as Outlook writes them above what it quotes.
LABELS = {
    "English": "From|Sent|To|Subject",
    "French, Orange": "De |Message du |A |Sujet ",
    "German": "Von|Gesendet|An|Betreff",
    "French": "De |Envoyé |À |Objet ",
    "Spanish": "De|Enviado el|Para|Asunto",
    "Portuguese": "De|Enviada em|Para|Assunto",
    "Italian": "Da|Inviato|A|Oggetto",
    "Dutch": "Van|Verzonden|Aan|Onderwerp",
    "Swedish": "Från|Skickat|Till|Ämne",
    "Danish": "Fra|Sendt|Til|Emne",
    "Finnish": "Lähettäjä|Lähetetty|Vastaanottaja|Aihe",
    "Polish": "Od|Wysłano|Do|Temat",
    "Czech": "Od|Odesláno|Komu|Předmět",
    "Slovak": "Od|Odoslané|Komu|Predmet",
    "Hungarian": "Feladó|Elküldve|Címzett|Tárgy",
    "Russian": "От|Отправлено|Кому|Тема",
    "Ukrainian": "Від|Надіслано|Кому|Тема",
    "Bulgarian": "От|Изпратено|До|Относно",
    "Turkish": "Kimden|Gönderildi|Kime|Konu",
    "Greek": "Από|Στάλθηκε|Προς|Θέμα",
    "Romanian": "De la|Trimis|Către|Subiect",
    "Croatian": "Od|Poslano|Za|Predmet",
    "Slovenian": "Od|Poslano|Za|Zadeva",
    "Catalan": "De|Enviat el|Per a|Assumpte",
    "Estonian": "Saatja|Saatmisaeg|Adressaat|Teema",
    "Lithuanian": "Nuo|Išsiųsta|Kam|Tema",
    "Japanese": "差出人|送信日時|宛先|件名",
    "Chinese": "发件人|发送时间|收件人|主题",
    "Chinese (Taiwan)": "寄件者|寄件日期|收件者|主旨",
    "Korean": "보낸 사람|보낸 날짜|받는 사람|제목",
    "Vietnamese": "Từ|Đã gửi|Đến|Chủ đề",
    "Indonesian": "Dari|Dikirim|Kepada|Subjek",
    "Hebrew": "מאת|נשלח|אל|נושא",
    "Arabic": "من|تاريخ الإرسال|إلى|الموضوع",
    "Thai": "จาก|ส่ง|ถึง|เรื่อง",
}
CITING = [
    f"Le mar. 3 nov. 2026 à 10:00, {ANA} a écrit\n:",
    f"On Tue, Nov 3, 2026 at 10:00 AM {ANA} wrote:",
    f"Am Di., 3. Nov. 2026 um 10:00 Uhr schrieb {ANA}:",
    f"Le mar. 3 nov. 2026 à 10:00, {ANA} a écrit :",
    f"El mar, 3 nov 2026 a las 10:00, {ANA} escribió:",
    f"Il giorno mar 3 nov 2026 alle ore 10:00 {ANA} ha scritto:",
    f"Em ter., 3 de nov. de 2026 às 10:00, {ANA} escreveu:",
    f"Op di 3 nov. 2026 om 10:00 schreef {ANA}:",
    f"Den tis 3 nov. 2026 kl 10:00 skrev {ANA}:",
    f"ti 3. marrask. 2026 klo 10.00 {ANA} kirjoitti:",
    f"wt., 3 lis 2026 o 10:00 {ANA} napisał(a):",
    "W dniu 03.11.2026 o 10:00, Ana Vento pisze:",
    f"út 3. 11. 2026 v 10:00 odesílatel {ANA} napsal:",
    "Dne 03. 11. 26 v 10:00 Ana Vento napsal(a):",
    f"{ANA} ezt írta (időpont: 2026. nov. 3., K, 10:00):",
    f"вт, 3 нояб. 2026 г. в 10:00, {ANA}:",
    "03.11.2026 10:00, Ana Vento пишет:",
    f"на вт, 3.11.2026 г. в 10:00 ч. {ANA} написа:",
    f"3 Kas 2026 Sal, 10:00 tarihinde {ANA} şunu yazdı:",
    f"Στις Τρί 3 Νοε 2026 στις 10:00 π.μ., ο/η {ANA} έγραψε:",
    f"mar., 3 nov. 2026 la 10:00, {ANA} a scris:",
    f"V V tor., 3. nov. 2026 ob 10:00 je oseba {ANA} napisala:",
    f"El dt, 3 de nov. 2026, 10:00, {ANA} va escriure:",
    f"2026年11月3日(火) 10:00 {ANA}:",
    f"2026/11/03 10:00、{ANA}のメール:",
    f"{ANA} 于2026年11月3日周二 10:00写道：",
    f"在 2026年11月3日，10:00，{ANA} 写道：",
    f"2026년 11월 3일 (화) 오전 10:00, {ANA}님이 작성:",
    f"Vào Th 3, 3 thg 11, 2026 vào lúc 10:00 {ANA} đã viết:",
    f"Pada tanggal Sel, 3 Nov 2026 pukul 10.00 {ANA} menulis:",
    f"On Wed, 14 Nov 2026 08:14:43 -0200 {ANA} wrote",
    f">>> {ANA} 03.11.2026 10:00 >>>",
    "3 Nov 2026, 10:00 by ana@x.example:",
    "03.11.2026, 10:00 von ana@x.example:",
    f"בתאריך יום ג׳, 3 בנוב׳ 2026 ב-10:00 מאת {ANA}:",
]


def _block(language: str, colon: str = ":") -> str:
    values = (ANA, "2026-11-03 10:00", "help@us.example", "Scanner")
    return "".join(f"{label}{colon} {value}\n" for label, value in zip(LABELS[language].split("|"), values, strict=True))


@pytest.mark.parametrize("language", LABELS)
@pytest.mark.parametrize("colon", [":", "："])
def test_outlooks_header_above_what_it_quotes(language: str, colon: str) -> None:
    text = f"It works now.\n\n{_block(language, colon)}\nIs it plugged in?\n"
    assert strip_reply(text).text == "It works now."
    found = find_forwarded("FW: Scanner", f"Please look.\n\n{_block(language, colon)}\nIt is slow.\n", ())
    assert found is not None and found.sender.address == "ana@x.example"


@pytest.mark.parametrize("line", CITING)
@pytest.mark.parametrize("quote", ["> Is it plugged in?", "Is it plugged in?"])
def test_the_line_that_says_who_wrote_what_is_quoted(line: str, quote: str) -> None:
    assert strip_reply(f"It works now.\n\n{line}\n{quote}\n").text == "It works now."


@pytest.mark.parametrize(
    "line", ["Ana Vento wrote:", "Ana Vento schrieb:", f"Quoting {ANA}:", "Zitat von Ana Vento:", "**Ana Vento skrev:**"]
)
def test_a_line_that_names_the_writer_alone_goes_with_the_quotation_below_it(line: str) -> None:
    assert strip_reply(f"It works now.\n\n{line}\n> Is it plugged in?\n").text == "It works now."
    # Without marks nobody can tell where a quotation ends: it stays, as a sentence does.
    assert "plugged" in strip_reply(f"It works now.\n\n{line}\nIs it plugged in?\n").text


@pytest.mark.parametrize(
    "line",
    [
        "It is as Ana wrote, look:",
        "I asked. Ana wrote:",
        "The manual says:",
        f"{'Ana and Kim and ' * 8}Lee wrote:",
        "Ana writes to us",
    ],
)
def test_a_sentence_above_a_quotation_stays(line: str) -> None:
    assert strip_reply(f"It works now.\n\n{line}\n> Is it plugged in?\n").text == f"It works now.\n\n{line}"


@pytest.mark.parametrize(
    "line",
    [
        "On Tuesday 3 Nov 2026 at 10:00 we saw the following:",
        "Am 03.11.2026 um 10:00 sahen wir Folgendes:",
        "Le 03/11/2026 à 10:00 nous avons vu :",
        "Since 10:00 ana@x.example gets this:",
        "3 Nov 2026, 10:00: it stops, then it says:",
    ],
)
def test_a_sentence_with_a_date_that_ends_in_a_colon_is_the_writers(line: str) -> None:
    text = f"Hello,\n\n{line}\nIt cannot print.\n\nAna"
    assert strip_reply(text).text == text


@pytest.mark.parametrize(
    ("block", "cut"),
    [
        ("From: ana@x.example\nSent: yesterday\nTo: help@us.example\n", True),
        ("From: Ana\nSent: 10:00\nTo: help\n", True),
        ("From: Lisbon\nDate: 3 May\nTo: Porto\n", False),
        ("From: Ana\nSent: 10:00\n", False),
        ("From: Ana\n\nDear all,\nthis is new.\nTo: everybody\nSubject: paper\n", False),
        ("From: Ana\n1\n2\n3\n4\nTo: everybody\nSubject: paper\n", False),
        ("From: Ana\nSubject: a long one\n that goes on\n and on\nTo: help\n", True),
        (
            "From: Ana\nTo: a@x.example; b@x.example;\n c@x.example;\n d@x.example;\n e@x.example;\n f@x.example\nSubject: x\n",
            True,
        ),
        ("From: Ana\nSubject: Scanner\nFrom: Kim\nSubject: Toner\n", False),
    ],
)
def test_what_is_a_header_and_what_a_list_of_the_writers(block: str, cut: bool) -> None:
    text = f"It works now.\n\n{block}Is it so?"
    assert (strip_reply(text).text == "It works now.") is cut


@pytest.mark.parametrize("line", ["Date: tomorrow", "Datum: 3. Mai, Uhrzeit: 10:00", "Subject: see below", "From: Lisbon"])
def test_a_label_of_the_writers_above_a_header_stays(line: str) -> None:
    text = f"We meet again.\n\n{line}\n\nFrom: Ana <ana@x.example>\nSent: 3 May 10:00\nTo: help@us.example\nSubject: meeting\n\nWhen?"
    assert strip_reply(text).text == f"We meet again.\n\n{line}"


@pytest.mark.parametrize(
    "separator",
    [
        "-----Ursprüngliche Nachricht-----",
        "----- Oryginalna wiadomość -----",
        "-------- Исходное сообщение --------",
        "-------- Původní zpráva --------",
        "-------- Orijinal mesaj --------",
        "------------------ 原始邮件 ------------------",
        "-----원본 메시지-----",
    ],
)
def test_a_separator_above_the_original(separator: str) -> None:
    assert strip_reply(f"It works now.\n\n{separator}\nIs it plugged in?\n").text == "It works now."


@pytest.mark.parametrize(
    "separator",
    [
        "---------- Treść przekazanej wiadomości ---------",
        "-------- Пересылаемое сообщение --------",
        "---------- Továbbított üzenet ---------",
        "---------- Videresendt meddelelse ---------",
        "---------- 転送メッセージ ---------",
        "---------- 转发的邮件 ---------",
    ],
)
def test_a_separator_above_what_is_forwarded(separator: str) -> None:
    text = f"Please look.\n\n{separator}\n{_block('English')}\nIt is slow.\n"
    found = find_forwarded("Scanner", text, ())
    assert found is not None and found.sender.address == "ana@x.example"
    assert "It is slow." in strip_reply(text).text


@pytest.mark.parametrize(
    ("subject", "forward"),
    [
        *[("Re: x", False), ("AW: x", False), ("RE[2]: x", False), ("R: x", False), ("Odp: x", False), ("回复：x", False)],
        *[("SV: x", False), ("답장: x", False), ("[EXTERNAL] Re: x", False), ("رد: x", False)],
        *[("Fwd: x", True), ("FW: x", True), ("WG: x", True), ("TR : x", True), ("I: x", True), ("PD: x", True), ("VS: x", True)],
        *[("İlt: x", True), ("转发：x", True), ("전달: x", True), ("[EXTERNAL] WG: x", True), ("Továbbítás: x", True)],
        *[("Vá: x", False), ("ΣΧΕΤ: x", False), ("Ответ: x", False), ("Отг: x", False), ("Odg: x", False), ("תגובה: x", False)],
        *[("Trả lời: x", False), ("Пересл: x", True), ("Prosl: x", True), ("העבר: x", True), ("ส่งต่อ: x", True)],
    ],
)
def test_what_is_put_before_a_subject(subject: str, forward: bool) -> None:
    assert is_forward(subject) is forward and is_passed_on(subject)
    assert strip_prefixes(subject.removeprefix("[EXTERNAL] ")) == "x"


@pytest.mark.parametrize(
    ("subject", "left"),
    [
        ("[EXTERNAL] Re: x", "[EXTERNAL] x"),
        ("[EXTERNAL] Re: [External] Fwd: x", "[EXTERNAL] x"),
        ("Re: [EXTERNAL] x", "[EXTERNAL] x"),
        ("[office] [#12] AW: [office] WG: x", "[office] [#12] x"),
        ("[1] [2] [1] [3] [1] [4] [5] [6] [7] [8] [9] Re: x", "[1] [2] [3] [4] [5] [6] [7] [8] [9] Re: x"),
        ("[EXTERNAL] Re:", "[EXTERNAL]"),
        ("[] Re: x", "[] Re: x"),
        ("[" * 200, "[" * 200),
    ],
)
def test_what_stands_in_brackets_before_it_stays_once(subject: str, left: str) -> None:
    """Of one mail and the answers to it, whatever a gateway puts before both, the title is the same (`behaviour.md` 5)."""
    assert strip_prefixes(subject) == left


@pytest.mark.parametrize("subject", ["Rechnung: x", "Trip: x", "Ref 12", "Fw", "Information: x", "Red: x", "[x] Report: y"])
def test_a_word_before_a_colon_is_none(subject: str) -> None:
    assert not is_passed_on(subject) and strip_prefixes(subject) == subject


def test_a_label_means_one_thing() -> None:
    words = [word for listed in header_words.LABELS.values() for word in listed.split("|")]
    assert sorted(set(words)) == sorted(words)
