"""Characters: what is declared, what is there, and what is broken between."""

from __future__ import annotations

import pytest

from engine.mail.decode import decode_bytes
from engine.mail.parse import parse_message
from tests.mail.plain import mail


@pytest.mark.parametrize("charset", ["idna", "punycode", '"u\0tf"', "undefined", "base64", "x" * 5_000])
def test_no_charset_loses_a_text(charset: str) -> None:
    """Python's `get_payload` decodes 8-bit text by the charset that the part names, and raises for some."""
    raw = mail("Subject: x", f"Content-Type: text/plain; charset={charset}", body="printer ").rstrip() + " wé\n".encode()
    message = parse_message(raw)
    assert message.text == "printer wé\n" and not message.defects
    attached = mail("Subject: y", "Content-Type: message/rfc822", body="") + raw
    assert parse_message(attached).attachments[0].data.endswith("printer wé\n".encode())


def test_characters_of_microsofts_iso_2022_jp_are_read() -> None:
    """① and the 髙 of many names have no place in the standard's charset; Outlook writes them all the same."""
    written = b"\x1b$B-!\x1b(B \x1b$B|b66\x1b(B \x1b(I1\x1b(B \x1b$B$3$s\n$K$A\x1b(Bok"
    message = parse_message(mail("Subject: x", "Content-Type: text/plain; charset=ISO-2022-JP", body="") + written)
    assert message.text == "① 髙橋 ｱ こん\nにちok"
    assert parse_message(mail("Subject: =?iso-2022-jp?B?GyRCLSEbKEI=?=")).subject == "①"


@pytest.mark.parametrize(
    ("charset", "written", "read"),
    [
        ("iso-2022-kr", b"\x1b$)C\x0eGA80\x0f printer", "프린 printer"),
        ("iso-2022-kr", b"\x1b$)C\x0eGA8\x20\x0f printer", "프\ufffd printer"),
        ("hz-gb-2312", b"~{4rS!;z~} jam", "打印机 jam"),
        ("hz-gb-2312", b"~{4rS!;\x20~} jam", "打印\ufffd\ufffd jam"),
        ("utf-7", b"+1QS5sNEw- jam", "프린터 jam"),
        ("utf-7", b"caf+AOk- +2AA-jam", "café \ufffdjam"),
    ],
)
def test_one_broken_character_does_not_make_all_of_a_text_in_seven_bits_unreadable(
    charset: str, written: bytes, read: str
) -> None:
    assert decode_bytes(written, charset) == read


@pytest.mark.parametrize("escape", [b"", b"\x1b$B", b"\x1b$(D", b"\x1b(I"])
def test_bytes_that_no_iso_2022_jp_has_lose_nothing_of_the_text_around_them(escape: bytes) -> None:
    for first in set(range(256)) - {0x1B}:  # a second escape sequence: Python's codec takes the rest of the line as it is
        for second in (0, 9, 0x20, 0x21, 0x5F, 0x60, 0x7E, 0x7F, 0x80, 0xA1, 0xC0, 0xFF):
            read = decode_bytes(b"printer " + escape + bytes((first, second)) + b"\x1b(B jam", "iso-2022-jp")
            assert read.startswith("printer ") and read.endswith("jam"), (first, second)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("Здравствуйте".encode() + b"\xaa", "Здравствуйте\ufffd"),
        ("Größe für Büros: schön".encode() + "é".encode()[:1], "Größe für Büros: schön\ufffd"),
        ("Größe für Büros".encode("cp1252"), "Größe für Büros"),
        ("プリンターが動作しません".encode("cp932"), "プリンターが動作しません"),
    ],
)
def test_utf8_with_a_broken_character_stays_utf8(data: bytes, text: str) -> None:
    """A gateway cut it, or put a byte of its own in: one such byte is no reason to read all the others in another charset."""
    declared = "shift_jis" if "プ" in text else "utf-8"
    message = parse_message(mail("Subject: x", f"Content-Type: text/plain; charset={declared}", body="") + data)
    assert message.text == text
    if declared == "utf-8":
        encoded = "".join(f"={byte:02X}" for byte in data)
        assert parse_message(mail(f"Subject: =?utf-8?Q?{encoded}?=")).subject == text


@pytest.mark.parametrize(
    ("words", "subject"),
    [
        ("=?utf-8?q?caf=C3?= =?utf-8?q?=A9?=", "café"),
        ("=?utf-8?q?caf=C3?=\r\n =?UTF-8?B?qSBvbGU=?=", "café ole"),
        ("=?utf-8?q?caf=C3=A9?= =?iso-8859-1?q?=E9?=", "caféé"),
        ("=?iso-8859-1?q?=C3?= =?utf-8?q?=C3=A9?=", "Ãé"),
    ],
)
def test_a_letter_that_is_split_between_encoded_words_is_one(words: str, subject: str) -> None:
    """RFC 2047 forbids it, and programs do it; words of two charsets are not one text."""
    assert parse_message(mail(f"Subject: {words}")).subject == subject


@pytest.mark.parametrize(
    "word",
    [
        "=?utf-8?Q?B=C3=BCro_=E2=82=AC?",
        "=?utf-8?Q?B=C3=BCro_=E2=82=AC",
        "=?utf-8?Q?B=C3=BCro_=E2=82=AC=E2=8",
        "=?utf-8?B?QsO8cm8g4oKs",
        "=?utf-8?B?QsO8cm8g4oKsw",
        "=?utf-8?B?QsO8cm8g4oKs?",
        "=?windows-1252?Q?B=FCro_=80",
    ],
)
def test_a_subject_that_a_program_cut_is_read_as_far_as_it_goes(word: str) -> None:
    assert parse_message(mail(f"Subject: =?utf-8?q?Re=3A?= {word}")).subject == "Re:Büro €"


@pytest.mark.parametrize(
    ("declared", "data", "text"),
    [
        ("utf-8", "größer".encode(), "größer"),
        ("us-ascii", "größer".encode(), "größer"),
        ("utf-8", "größer".encode("cp1252"), "größer"),
        ("iso-8859-1", "10 € – “ja”".encode("cp1252"), "10 € – “ja”"),
        ("iso-8859-1", "größer".encode(), "größer"),
        ("utf-8", "\ufeffgrößer".encode(), "größer"),
        ("utf-16", "größer".encode("utf-16"), "größer"),
        ("iso-8859-1", "\ufeffgrößer".encode(), "größer"),
        ("windows-1252", "10 € – “ja” 😀".encode(), "10 € – “ja” 😀"),
        ("iso-8859-15", "日本".encode(), "日本"),
        ("koi8-r", "Принтер не печатает".encode(), "Принтер не печатает"),
        ("koi8-r", "Принтер не печатает".encode("koi8-r"), "Принтер не печатает"),
        ("windows-1252", "CAFÉ\u00a0!".encode("cp1252"), "CAFÉ\u00a0!"),
        ("windows-1251", "В\u00a0доме".encode("cp1251"), "В\u00a0доме"),
        ("ks_c_5601-1987", "안녕".encode("cp949"), "안녕"),
        ("shift_jis", "①日本".encode("cp932"), "①日本"),
        ("no-such-charset", "größer".encode(), "größer"),
        ("unicode_escape", b"\\x41", "\\x41"),
        ("zlib", b"plain", "plain"),
    ],
)  # fmt: skip
def test_a_charset_that_is_declared_wrongly_is_still_read(declared: str, data: bytes, text: str) -> None:
    raw = (
        f"From: a@b.example\r\nContent-Type: text/plain; charset={declared}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n".encode()
        + data
    )
    assert parse_message(raw).text.strip() == text


@pytest.mark.parametrize("piece", [b"words\r\n", "слова\r\n".encode(), "words\r\n".encode("utf-16-le")])
def test_five_megabytes_of_all_texts_are_read(piece: bytes) -> None:
    text = b"\r\n--x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + piece * (3_000_000 // len(piece))
    head = mail("Subject: x", "Content-Type: multipart/mixed; boundary=x", body="")
    message = parse_message(head + text * 3)
    words = piece.decode("utf-16-le" if b"\0" in piece else "utf-8").strip()
    assert abs(message.text.count(words) - 5_000_000 // len(piece)) <= 1
    assert message.defects == ("only the first 5 MB of the text are read",)


def test_a_byte_order_mark_hides_no_header() -> None:
    message = parse_message("\ufeff".encode() + mail("From: a@b.example", "Subject: x", body="y"))
    assert (message.sender.address, message.subject, message.text.strip()) == ("a@b.example", "x", "y")
    assert message.defects == ("a byte order mark stands before the header",)
