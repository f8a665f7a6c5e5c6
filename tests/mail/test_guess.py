"""Texts whose charset nobody says, or says wrongly."""

from __future__ import annotations

import pytest

from engine.mail.decode import decode_bytes

TEXTS = [
    ("cp1252", "Buenos días, la impresora no imprime desde ayer, y mañana tenemos una reunión. ¿Podrían enviar a un técnico?"),
    ("cp1252", "Guten Tag, der Drucker im Büro druckt nur noch Streifen. Können Sie schnellstmöglich jemanden schicken?"),
    ("cp1252", "Bonjour, l'imprimante ne marche plus. Nous avons déjà vérifié les câbles réseau. Merci, Hélène"),
    ("cp1252", "Bom dia, a impressora do escritório não imprime. Já verificámos as ligações. Obrigado, João Conceição"),
    ("cp1252", "La stampante non stampa più. È possibile inviare un tecnico? Perché la città è senza rete. Niccolò"),
    ("cp1252", "Skrivaren på kontoret skriver inte ut sedan i går. Går det att skicka någon så snart som möjligt?"),
    ("cp1252", "Printeren på kontoret virker ikke. Vi har også brug for større skærme næste uge. Søren Ærø"),
    ("cp1252", "Drucker im Büro"),
    ("cp1252", "the price – 5 €"),
    ("cp1250", "Drukarka w biurze od wczoraj nie działa. Proszę o przysłanie technika jak najszybciej. Łukasz Wiśniewski"),
    ("cp1250", "Tiskárna v kanceláři od včerejška netiskne. Můžete poslat technika co nejdříve? Jiří Dvořák"),
    ("cp1251", "Принтер в офисе со вчерашнего дня не печатает. Пришлите техника как можно скорее."),
    ("koi8-r", "Принтер в офисе со вчерашнего дня не печатает. Пришлите техника как можно скорее."),
    ("koi8-r", "принтер"),
    ("cp1253", "Ο εκτυπωτής του γραφείου δεν τυπώνει από χθες."),
    ("cp1254", "Ofisteki yazıcı dünden beri çalışmıyor. Lütfen en kısa sürede bir teknisyen gönderir misiniz?"),
    ("cp932", "事務所のプリンターが昨日から印刷できません。"),
    ("euc-jp", "事務所のプリンターが昨日から印刷できません。"),
    ("gb18030", "办公室的打印机从昨天开始无法打印。请尽快派一名技术人员过来。"),
    ("cp949", "사무실 프린터가 어제부터 인쇄되지 않습니다."),
    ("utf-16", "Get-Service: a service failed\r\nin Köln"),
    ("utf-16-le", "Get-Service: a service failed\r\nin Köln"),
    ("utf-16-be", "Get-Service: a service failed\r\nin Köln"),
]


@pytest.mark.parametrize(("codec", "text"), TEXTS)
@pytest.mark.parametrize("said", [None, "us-ascii", "utf-8", "x-unknown"])
def test_a_text_is_read_without_its_charset(codec: str, text: str, said: str | None) -> None:
    assert decode_bytes(text.encode(codec), said) == text


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("said", ["utf-16", "iso-8859-1"])
def test_utf_16_is_known_whatever_it_is_called(codec: str, said: str) -> None:
    assert decode_bytes("Köln und 北京\n".encode(codec), said) == "Köln und 北京\n"


@pytest.mark.parametrize("data", [b"a\0b", b"\0", b"\0\0\0\0", b"hello\0world\0"])
def test_a_few_zeros_are_no_utf_16(data: bytes) -> None:
    assert decode_bytes(data, None).count("\ufffd") == data.count(0)
