"""Raw bytes to a `Message`: never an exception, and as much as can be read."""

from __future__ import annotations

import base64
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.mail.attachments import safe_name
from engine.mail.decode import decode_bytes
from engine.mail.parse import parse_message


def mail(*lines: str, body: str = "hello\n") -> bytes:
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode("utf-8")


@pytest.mark.parametrize("charset", ["idna", "punycode", '"u\0tf"', "undefined", "base64", "x" * 5_000])
def test_no_charset_loses_a_text(charset: str) -> None:
    """Python's `get_payload` decodes 8-bit text by the charset that the part names, and raises for some."""
    raw = mail("Subject: x", f"Content-Type: text/plain; charset={charset}", body="printer ").rstrip() + " wé\n".encode()
    message = parse_message(raw)
    assert message.text == "printer wé\n" and not message.defects
    attached = mail("Subject: y", "Content-Type: message/rfc822", body="") + raw
    assert parse_message(attached).attachments[0].data.endswith("printer wé\n".encode())


def test_every_kind_of_line_end_is_one_line_feed() -> None:
    base64 = "Content-Transfer-Encoding: base64"
    # "a" CR LF "b" CR "c" LF CR CR LF "d" CR, and after it one text more: nothing of the last CR is left over
    assert parse_message(mail("Subject: x", base64, body="YQ0KYg1jCg0NCmQN")).text == "a\nb\nc\n\n\nd\n"
    assert parse_message(mail("Subject: x", base64, body="CmU=")).text == "\ne"


@pytest.mark.parametrize("said", ["base64 ", '"Base64"', "base64;", "base64 (RFC 2045)", " BASE64\t"])
def test_a_transfer_encoding_is_known_however_it_is_written(said: str) -> None:
    assert parse_message(mail("Subject: x", f"Content-Transfer-Encoding: {said}", body="cHJpbnRlcg==")).text == "printer"


def test_lines_that_end_by_a_carriage_return_alone_are_lines() -> None:
    """As old Macs wrote them. The rest of a text must not be lost behind a soft line break, nor that of a large message."""
    quoted = "Content-Transfer-Encoding: quoted-printable"
    raw = mail("Subject: x", "Content-Type: text/plain; charset=utf-8", quoted, body="a long=\r\n line=C3=A9\r\nand another\r\n")
    assert parse_message(raw.replace(b"\r\n", b"\r")).text == "a long lineé\nand another\n"
    assert parse_message(mail("Subject: x", quoted, body="one=\rline\nnext\n")).text == "oneline\nnext\n"
    large = parse_message(mail("Subject: x", "To: a@b.example", body="printer\r\n" * 20_000).replace(b"\r\n", b"\r"))
    assert (large.subject, large.text, large.defects) == ("x", "printer\n" * 20_000, ())


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("tom@contoso.example <eve@evil.example>", ["tom@contoso.example <eve@evil.example>"]),
        ('"Tom, T." tom@us.example <eve@evil.example>, Bob <b@y.example>', ["Tom, T. tom@us.example <eve@evil.example>", "Bob <b@y.example>"]),
        ("tom @ us.example <eve@evil.example>; b@y.example", ["tom @ us.example <eve@evil.example>", " <b@y.example>"]),
        ("<a@x.example> <b@y.example>", [" <a@x.example>", " <b@y.example>"]),
        ("'a@x.example', o'brien@x.example", [" <a@x.example>", " <o'brien@x.example>"]),
    ],
)  # fmt: skip
def test_what_stands_before_an_address_in_brackets_is_a_name(value: str, found: list[str]) -> None:
    message = parse_message(mail(f"From: {value}", "Subject: x"))
    assert [f"{one.name} <{one.address}>" for one in message.senders] == found


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


def test_an_attached_message_is_one_even_where_it_is_encoded_or_of_another_kind() -> None:
    inner = mail("From: kim@x.example", "Subject: inner", body="printer\r\n")
    for kind, coding, coded in (
        ("message/rfc822", "base64", base64.encodebytes(inner)),
        ("message/global", "8bit", inner),
        ("message/news", "7bit", inner),
        ("message/partial; id=a; number=1; total=1", "7bit", inner),
    ):
        raw = mail("Subject: y", "Content-Type: multipart/mixed; boundary=b", body="--b\r\n\r\nsee\r\n--b\r\n")
        raw += f"Content-Type: {kind}\r\nContent-Transfer-Encoding: {coding}\r\n\r\n".encode() + coded + b"\r\n--b--\r\n"
        (found,) = parse_message(raw).attachments
        assert (found.name, found.data.rstrip()) == ("inner.eml", inner.rstrip())


def test_lines_of_a_header_that_are_no_fields_hide_neither_sender_nor_subject() -> None:
    head = "Received: by x\r\n{}\r\nFrom: kim@x.example\r\nSubject: printer\r\n\r\nhello\r\n"
    for odd in ("quite Delivered-To: a@b.example", "no field\r\n folded: line", "To : desk@us.example"):
        message = parse_message(head.format(odd).encode())
        assert (message.sender.address, message.subject, message.text) == ("kim@x.example", "printer", "hello\n")
        assert bool(message.defects) == ("To" not in odd.split())
    obsolete = parse_message(b"From  : kim@x.example\r\n__\r\nSubject : printer\r\n\r\nhello\r\n")
    assert (obsolete.sender.address, obsolete.subject, obsolete.text) == ("kim@x.example", "printer", "hello\n")
    # What programs that move mail between mailboxes leave before the header.
    for line in ("From kim@x.example Thu Nov 26 10:00:00 2026", ">From kim@x.example Thu Nov 26 10:00:00 2026"):
        message = parse_message(f"{line}\nFrom: kim@x.example\nSubject: printer\n\nhello\n".encode())
        assert (message.sender.address, message.subject, message.text, message.defects) == (
            "kim@x.example",
            "printer",
            "hello\n",
            (),
        )
    # A text without a blank line before it stays one, whatever stands in it.
    message = parse_message(b"From: kim@x.example\r\nSubject: printer\r\nDear all,\r\nFrom: now on it works\r\n\r\nKim\r\n")
    assert message.text == "Dear all,\nFrom: now on it works\n\nKim\n" and message.sender.address == "kim@x.example"


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


def test_headers_addresses_and_dates_are_decoded() -> None:
    message = parse_message(
        mail(
            "From: =?iso-8859-1?Q?Ana_Garc=EDa?= <ANA@Contoso.example>",
            'To: "Desk, The" <help@us.example>, Bob <bob@x.example>',
            "Cc: undisclosed-recipients:;",
            "Subject: =?utf-8?B?w7xi?= =?utf-8?B?ZXI=?= plain =?utf-8?Q?=F0=9F=93=85?=",
            "Date: Mon, 2 Nov 2026 11:00:00 +0100",
            "Message-ID: <a1@x.example>",
            "In-Reply-To: <p1@x.example>",
            "References: <r1@x.example>\r\n <r2@x.example>",
        )
    )
    assert message.sender.address == "ana@contoso.example" and message.sender.name == "Ana García"
    assert [one.address for one in message.to] == ["help@us.example", "bob@x.example"]
    assert message.cc == ()
    assert message.subject == "über plain 📅"
    assert message.date == datetime(2026, 11, 2, 10, tzinfo=UTC)
    assert (message.message_id, message.in_reply_to, message.references) == (
        "a1@x.example",
        ("p1@x.example",),
        ("r1@x.example", "r2@x.example"),
    )


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


def test_html_alone_becomes_text_and_an_empty_text_part_counts_as_none() -> None:
    html = "<html><style>p {}</style><body><p>Hello <b>you</b></p><script>x()</script><p>Bye</p></body></html>"
    raw = mail("From: a@b.example", "Content-Type: text/html; charset=utf-8", body=html)
    assert parse_message(raw).text.split() == ["Hello", "you", "Bye"]
    both = mail(
        "From: a@b.example",
        'Content-Type: multipart/alternative; boundary="b"',
        body=f"--b\r\nContent-Type: text/plain\r\n\r\n  \r\n--b\r\nContent-Type: text/html\r\n\r\n{html}\r\n--b--\r\n",
    )
    assert parse_message(both).text.split() == ["Hello", "you", "Bye"]


@pytest.mark.parametrize(
    ("disposition", "other", "text", "files"),
    [
        ("", "", "printer down\n", ["more.txt"]),
        ("Content-Disposition: inline; filename=a.txt\r\n", " ", "printer down\n", ["more.txt"]),
        ("Content-Disposition: attachment\r\n", "", "", ["a.txt", "more.txt"]),
        ("", "See the file.", "See the file.\n", ["a.txt", "more.txt"]),
    ],
)
def test_a_text_with_a_name_is_the_message_where_there_is_no_other(
    disposition: str, other: str, text: str, files: list[str]
) -> None:
    body = (
        f"--x\r\n\r\n{other}\r\n"
        f"--x\r\nContent-Type: text/plain; name=a.txt\r\n{disposition}\r\nprinter down\r\n\r\n"
        "--x\r\nContent-Type: text/plain; name=more.txt\r\n\r\nsecond\r\n--x--\r\n"
    )
    message = parse_message(mail("Subject: x", "Content-Type: multipart/mixed; boundary=x", body=body))
    assert (message.text.strip(), [one.name for one in message.attachments]) == (text.strip(), files)


FOOTER = "Content-Type: text/plain\r\n\r\n____\r\nUsers mailing list\r\n"
HTML = "Content-Type: text/html\r\n\r\n<p>The <b>printer</b> burns</p>\r\n"
PLAIN = "Content-Type: text/plain\r\n\r\nThe printer burns\r\n"
EMPTY = "Content-Type: text/plain\r\n\r\n \r\n"
CAUTION = "Content-Type: text/plain\r\n\r\nCaution: from outside\r\n"
FILE = "Content-Type: text/html; name=a.html\r\nContent-Disposition: attachment\r\n\r\n<p>a file</p>\r\n"


def alternative(*parts: str) -> str:
    return 'Content-Type: multipart/alternative; boundary="a"\r\n\r\n--a\r\n' + "--a\r\n".join(parts) + "--a--\r\n"


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ([HTML, FOOTER], "The printer burns\n\n____\nUsers mailing list"),
        ([alternative(EMPTY, HTML), FOOTER], "The printer burns\n\n____\nUsers mailing list"),
        ([alternative(HTML), FOOTER], "The printer burns\n\n____\nUsers mailing list"),
        ([alternative(PLAIN, HTML), FOOTER], "The printer burns\n\n____\nUsers mailing list"),
        ([alternative(HTML, PLAIN), FOOTER], "The printer burns\n\n____\nUsers mailing list"),
        ([HTML, PLAIN], "The printer burns"),
        ([PLAIN, HTML], "The printer burns"),
        ([CAUTION, HTML], "Caution: from outside"),
        ([EMPTY, HTML], "The printer burns"),
        ([alternative("Content-Type: text/plain; charset=utf-8\r\n\r\n\ufeff\u200b\u00a0\r\n", HTML)], "The printer burns"),
        ([FILE, FOOTER], "____\nUsers mailing list"),
    ],
)
def test_a_footer_that_a_list_adds_hides_no_html(parts: list[str], text: str) -> None:
    body = "--x\r\n" + "--x\r\n".join(parts) + "--x--\r\n"
    message = parse_message(mail("Subject: x", "Content-Type: multipart/mixed; boundary=x", body=body))
    assert message.text.strip() == text


def test_html_that_calls_itself_plain_is_html() -> None:
    """Scripts forget to say what they write. What a person shows of HTML has words before it, or behind."""
    page = "<!DOCTYPE html>\r\n<html><body><p>The <b>printer</b> burns</p></body></html>\r\n"
    message = parse_message(mail("Subject: x", body=page))
    assert (message.text, "<b>printer</b>" in message.html) == ("The printer burns", True)
    for shown in (f"What is wrong here?\r\n{page}", f"{page}\r\nWhat is wrong here?\r\n", "<html> is a tag\r\n"):
        assert parse_message(mail("Subject: x", body=shown)).text == shown.replace("\r\n", "\n")


def test_a_parameter_that_python_cannot_read_takes_nothing_with_it() -> None:
    """Its parser raises for a charset with a NUL in its name, and the whole message went to quarantine without a sender."""
    for parameter in (
        "boundary*1*=\0'x'%E2",
        "charset*=\0'x'%E2",
        "name*=\0'x'%E2",
        "format=flowed; format*=\0'x'%E2",
        "method*=\0'x'%E2",
    ):
        for kind in ("multipart/mixed", "text/plain", "text/calendar"):
            message = parse_message(mail("Subject: printer", f"Content-Type: {kind}; {parameter}", body="hello"))
            assert (message.subject, message.defects) == ("printer", ())


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_parameters_on_lines_of_their_own_belong_to_their_field(end: str) -> None:
    """Scripts forget the space before them. To Python's parser the text begins there, and all parts with it."""
    raw = (
        'From: a@b.example\nSubject: x\nContent-Type: multipart/mixed;\nboundary="b"\n\n--b\nContent-Type: text/plain;\ncharset=koi8-r\n\n'
        '{}\n--b\nContent-Type: application/zip;\nname*0="a.";\nname*1=zip\nContent-Transfer-Encoding: base64\n\nAAEC\n--b--\n'
    )
    message = parse_message(raw.format("отчёт").replace("\n", end).encode("koi8-r"))
    assert (message.text, message.defects) == ("отчёт", ())
    assert [(one.name, one.data) for one in message.attachments] == [("a.zip", b"\0\1\2")]


def test_a_line_that_is_no_parameter_begins_the_text() -> None:
    raw = b"From: a@b.example\nX-Note: a\nname=zip\n\nhello\n"
    assert parse_message(raw).text == "name=zip\n\nhello\n"


def test_a_boundary_may_be_folded() -> None:
    body = "preamble\r\n--one boundary\r\n\r\nhello\r\n--one boundary--\r\n"
    assert (
        parse_message(mail("Subject: x", 'Content-Type: multipart/mixed; boundary="one\r\n boundary"', body=body)).text == "hello"
    )


@pytest.mark.parametrize("said", ['"one" Message-Id: <1@b.example>', "one two", "one (a comment)"])
def test_what_stands_behind_a_boundary_is_none_of_it(said: str) -> None:
    body = "preamble\r\n--one\r\n\r\nhello\r\n--one--\r\n"
    assert parse_message(mail("Subject: x", f"Content-Type: multipart/mixed; boundary={said}", body=body)).text == "hello"


@pytest.mark.parametrize("before", [b"\r\n", b"\n\n", b"\n\nFrom a@b.example Mon Nov  9 18:37:09 2026\n"])
def test_empty_lines_before_the_header_are_passed_over(before: bytes) -> None:
    message = parse_message(before + b"From: a@b.example\nSubject: x\n\nhello\n")
    assert (message.sender.address, message.text) == ("a@b.example", "hello\n")
    assert "empty lines stand before the header" in message.defects


def test_a_text_without_a_header_stays_one() -> None:
    message = parse_message(b"\nhello there\n")
    assert (len(message.headers), message.text) == (0, "hello there\n")


@pytest.mark.parametrize(
    "said", ["2026-11-09 18:37:09", "2026-11-09T18:37:09Z", "2026-11-09T19:37:09+01:00", "2026-11-09 19:37:09 +0100"]
)
def test_a_date_that_a_script_wrote(said: str) -> None:
    assert parse_message(mail("Subject: x", f"Date: {said}")).date == datetime(2026, 11, 9, 18, 37, 9, tzinfo=UTC)


def plain(text: str) -> str:
    return f"Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ([alternative(plain("To view the message, please use an HTML compatible email viewer!"), HTML)], "The printer burns"),
        ([alternative(plain("Ihr E-Mail-Programm kann keine HTML-Mails anzeigen."), HTML)], "The printer burns"),
        (
            [alternative(plain("Votre logiciel n'affiche pas le HTML."), HTML), FOOTER],
            "The printer burns\n\n____\nUsers mailing list",
        ),
        # What says the same, in part or in whole, is the text; and so is what stands in no alternative, is long, or only has an address.
        ([alternative(plain("The printer burns HTML"), HTML)], "The printer burns HTML"),
        ([plain("The export as HTML, as you asked"), HTML], "The export as HTML, as you asked"),
        ([alternative(plain("HTML " + 120 * "word "), HTML)], ("HTML " + 120 * "word ").strip()),
        ([alternative(plain("See https://contoso.example/fire.html"), HTML)], "See https://contoso.example/fire.html"),
        ([alternative(plain("Please use HTML"), "Content-Type: text/html\r\n\r\n<img src=cid:1>\r\n")], "Please use HTML"),
    ],
)
def test_a_notice_that_stands_for_the_html_is_no_text(parts: list[str], text: str) -> None:
    body = "--x\r\n" + "--x\r\n".join(parts) + "--x--\r\n"
    message = parse_message(mail("Subject: x", "Content-Type: multipart/mixed; boundary=x", body=body))
    assert message.text.strip() == text


@pytest.mark.parametrize(
    "said", ["text/markdown; charset=utf-8", "text/x-markdown", "text/enriched", "text/xml", "text/x-of-our-own"]
)
def test_text_of_another_kind_is_the_message_where_there_is_no_other_text(said: str) -> None:
    message = parse_message(mail("Subject: x", f"Content-Type: {said}", body="# Printer\r\n\r\n*burns*\r\n"))
    assert (message.text.strip(), message.attachments) == ("# Printer\n\n*burns*", ())
    file = parse_message(mail("Subject: x", f"Content-Type: {said}", "Content-Disposition: attachment", body="# Printer\r\n"))
    assert (file.text.strip(), len(file.attachments)) == ("", 1)
    named = parse_message(mail("Subject: x", f"Content-Type: {said.partition(';')[0]}; name=a.csv", body="a,b\r\n"))
    assert (named.text.strip(), [one.name for one in named.attachments]) == ("", ["a.csv"])


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("text/rtf", "attachment-1.rtf"),
        ("text/x-vcard", "attachment-1.vcf"),
        ("image/heic", "attachment-1.heic"),
        ("text/x-of-our-own; charset=utf-8\r\nContent-Disposition: attachment", "attachment-1.txt"),
        ("model/x-own", "attachment-1.bin"),
    ],
)
def test_a_file_without_a_name_is_named_by_its_type(said: str, name: str) -> None:
    message = parse_message(mail("Subject: x", f"Content-Type: {said}", body="x\r\n"))
    assert (message.text.strip(), [one.name for one in message.attachments]) == ("", [name])


@pytest.mark.parametrize(
    ("said", "method"),
    [
        ("text/calendar; method=REPLY; charset=utf-8", "reply"),
        ('text/calendar; METHOD="Request"', "request"),
        ("text/calendar; method*=x'y'%zz", ""),
        ("text/calendar", ""),
        ("application/ics; method=REPLY", ""),
    ],
)
def test_what_a_calendar_says_is_told(said: str, method: str) -> None:
    part = f"--x\r\nContent-Type: text/plain\r\n\r\nYes\r\n--x\r\nContent-Type: {said}\r\n\r\nBEGIN:VCALENDAR\r\n"
    message = parse_message(mail("Subject: x", "Content-Type: multipart/alternative; boundary=x", body=f"{part}--x--\r\n"))
    assert (message.calendar, message.text.strip(), len(message.attachments)) == (method, "Yes", 1)
    attached = "--y\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: multipart/alternative; boundary=x\r\n\r\n"
    sent_on = mail("Subject: x", "Content-Type: multipart/mixed; boundary=y", body=f"{attached}{part}--x--\r\n--y--\r\n")
    assert parse_message(sent_on).calendar == ""


@pytest.mark.parametrize("piece", [b"words\r\n", "слова\r\n".encode(), "words\r\n".encode("utf-16-le")])
def test_five_megabytes_of_all_texts_are_read(piece: bytes) -> None:
    text = b"\r\n--x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + piece * (3_000_000 // len(piece))
    head = mail("Subject: x", "Content-Type: multipart/mixed; boundary=x", body="")
    message = parse_message(head + text * 3)
    words = piece.decode("utf-16-le" if b"\0" in piece else "utf-8").strip()
    assert abs(message.text.count(words) - 5_000_000 // len(piece)) <= 1
    assert message.defects == ("only the first 5 MB of the text are read",)


def test_html_with_a_name_is_the_message_where_there_is_no_other_text() -> None:
    body = "--x\r\nContent-Type: text/html; name=report.html\r\n\r\n<p>disk <b>full</b></p>\r\n--x--\r\n"
    message = parse_message(mail("Subject: x", "Content-Type: multipart/mixed; boundary=x", body=body))
    assert (message.text.strip(), message.attachments) == ("disk full", ()) and "<b>full</b>" in message.html


@pytest.mark.parametrize(
    "said",
    [
        "text/plain charset=koi8-r",
        "text / plain charset = koi8-r",
        'TEXT/PLAIN, charset="KOI8-R"',
        "text/plain\r\n charset=koi8-r",
    ],
)
def test_a_semicolon_that_is_missing_hides_no_text(said: str) -> None:
    raw = mail("Subject: x", f"Content-Type: {said}", "Content-Transfer-Encoding: 8bit", body="") + "Принтер".encode("koi8-r")
    assert parse_message(raw).text.strip() == "Принтер"


@pytest.mark.parametrize("boundary", ["b (x)", '"b" (x)', '"b (x)"', "b"])
def test_comments_in_a_content_type_hide_nothing(boundary: str) -> None:
    """RFC 2045 5.1 has one behind a charset."""
    line = f"--{boundary.strip(chr(34))}" if boundary.endswith('"') else "--b"
    kind = 'Text/plain (plain); charset="iso-8859-1" (Latin 1)'
    body = f"{line}\r\nContent-Type: {kind}\r\n\r\nKüche\r\n{line}--\r\n".encode("latin-1")
    message = parse_message(mail("Subject: x", f"Content-Type: multipart/mixed (m); boundary={boundary}") + body)
    assert (message.text.strip(), message.attachments, message.defects) == ("Küche", (), ())


def test_a_byte_order_mark_hides_no_header() -> None:
    message = parse_message("\ufeff".encode() + mail("From: a@b.example", "Subject: x", body="y"))
    assert (message.sender.address, message.subject, message.text.strip()) == ("a@b.example", "x", "y")
    assert message.defects == ("a byte order mark stands before the header",)


def test_small_inline_images_are_logos_and_larger_ones_attachments() -> None:
    def part(size: int, extra: str) -> str:
        return f"--b\r\nContent-Type: image/png; name=i.png\r\n{extra}Content-Transfer-Encoding: 8bit\r\n\r\n{'x' * size}\r\n"

    inline = "Content-Disposition: inline\r\nContent-ID: <1>\r\n"
    body = part(8_000, inline) + part(8_192, inline) + part(10, "Content-Disposition: attachment\r\n") + "--b--\r\n"
    message = parse_message(mail("From: a@b.example", 'Content-Type: multipart/related; boundary="b"', body=body))
    assert [(one.size, one.inline) for one in message.attachments] == [(8192, True), (10, False)]


def test_an_attached_message_is_kept_and_unpacked_one_level() -> None:
    inner = "From: Zoe <zoe@z.example>\r\nSubject: Inner\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\nContent-Type: text/plain\r\n\r\nthe inner text\r\n--c\r\nContent-Type: text/x-log; name=l.log\r\n\r\nlog\r\n--c--\r\n"
    body = f"--b\r\nContent-Type: text/plain\r\n\r\nsee\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n{inner}\r\n--b--\r\n"
    message = parse_message(
        mail("From: a@b.example", "Subject: Fwd: Inner", "Content-Type: multipart/mixed; boundary=b", body=body)
    )
    assert message.text.strip() == "see"
    assert [one.name for one in message.attachments] == ["Inner.eml", "l.log"]
    assert message.forwarded is not None and message.forwarded.sender.address == "zoe@z.example"


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\x.exe", "x.exe"),
        ("CON.txt", "_CON.txt"),
        ("nul", "_nul"),
        ("a\0b\r\nc.txt", "a_b_c.txt"),
        ("invoice\u202efdp.exe", "invoice_fdp.exe"),
        ("...", "attachment-1.txt"),
        ("", "attachment-1.txt"),
        ("-rf", "rf"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
        ("año 2026.pdf", "año 2026.pdf"),
    ],
)
def test_names_of_attachments_are_made_safe(name: str, safe: str) -> None:
    assert safe_name(name, "text/plain", 1) == safe


def test_our_own_headers_are_not_a_strangers_to_set() -> None:
    assert "X-Postroom-Ticket" not in parse_message(mail("From: a@b.example", "X-Postroom-Ticket: T1")).headers


@pytest.mark.parametrize("value", ["Private", "company-confidential", " private "])
def test_private_and_confidential_messages_are_known(value: str) -> None:
    assert parse_message(mail("From: a@b.example", f"Sensitivity: {value}")).private


def test_identity_is_message_id_from_date_and_subject_or_the_raw_bytes() -> None:
    base = ["From: a@b.example", "Date: Mon, 2 Nov 2026 11:00:00 +0100", "Subject: x", "Message-ID: <1@b>"]
    one = parse_message(mail(*base)).identity
    assert parse_message(mail("Received: elsewhere", *base, body="other")).identity == one
    for index in range(4):
        changed = [line + "z" if number == index else line for number, line in enumerate(base)]
        if index == 3:
            changed[3] = "Message-ID: <2@b>"
        assert parse_message(mail(*changed)).identity != one
    without = parse_message(mail(*base[:3])).identity
    assert without != parse_message(mail(*base[:3], body="other")).identity
    assert without == parse_message(mail(*base[:3])).identity


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\0" * 1000,
        b"no header at all",
        b"From: \xff\xfe\r\nSubject: =?utf-8?B?!!!?=\r\nDate: yesterday\r\n\r\n\xff",
        b"Content-Type: multipart/mixed; boundary=\r\n\r\n--\r\n",
        b"Content-Type: text/plain; charset=\xff\xff; =\r\nContent-Disposition: attachment; filename*=x'y'%zz\r\n\r\nhi",
        b"Content-Type: " + b"a/b;" * 10_000 + b"\r\n\r\n",
        b"From: " + b"<" * 50_000 + b"\r\n\r\n",
        b"From: " + b"a@b.example, " * 100_000 + b"\r\n\r\n",
        b"Subject: " + b"x" * 1_000_000 + b"\r\n\r\n",
        b"Subject: " + b"=?utf-8?Q?a?= " * 50_000 + b"\r\n\r\n",
        b"References: " + b"<a@b> " * 100_000 + b"\r\n\r\n",
        b"X: y\r\n" * 50_000 + b"\r\n",
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(1_000)),
        b"Content-Type: text/html\r\n\r\n" + b"<div>" * 100_000,
        b"Content-Type: text/html\r\n\r\n" + b"<" * 500_000,
        b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 20_000,
        b"\r\n\r\n" + b"On 1.1.2026 x@y wrote\n" * 20_000,
        b"From: a@b\r\n\r\n" + b"> " * 200_000,
        b"From: a@b\r\nSubject: Fwd: x\r\n\r\n" + b"From: a\nSent: b\n" * 20_000,
    ],
    ids=range(20),
)
def test_whatever_the_bytes_it_neither_raises_nor_hangs(raw: bytes) -> None:
    start = time.process_time()
    message = parse_message(raw)
    assert message.identity and message.size == len(raw)
    message.text.encode("utf-8")
    message.subject.encode("utf-8")
    assert time.process_time() - start < 10  # a hang, not a benchmark: each takes well under a second


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=2000))
def test_random_bytes_never_raise(raw: bytes) -> None:
    parse_message(raw)


_LINE = st.sampled_from(
    ["From: a@b", "Content-Type: multipart/mixed; boundary=x", "Content-Type: text/html; charset=utf-7", "--x", "--x--", "", "> q",
     "Content-Transfer-Encoding: base64", "=?utf-8?q?=FF?=", "Content-Type: message/rfc822", "\x00\xff", "On 1.1.26 a@b wrote:", "From: x\nSent: y\nTo: z"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(_LINE, max_size=40))
def test_random_structures_never_raise(lines: list[str]) -> None:
    parse_message("\n".join(lines).encode("latin-1", "replace"))


def test_real_mail_is_read_without_a_defect(corpus: Path) -> None:
    count = 0
    for path in sorted(corpus.glob("*/**/*")):
        if path.is_file() and path.stat().st_size and path.suffix != ".txt" and not path.name.startswith("."):
            message = parse_message(path.read_bytes())
            broken_head = path.name in (
                "raw_email_incorrect_header.eml",
                "example13.eml",
                "multiple_references_with_one_invalid.eml",
            )
            assert len(message.defects) == broken_head, path
            assert len(message.headers), path
            count += 1
    assert count >= 277


def test_parts_that_nothing_parts_are_a_text() -> None:
    message = parse_message(mail("Subject: x", "Content-Type: multipart/mixed", body="The printer is on fire.\r\n"))
    assert message.text.strip() == "The printer is on fire." and message.attachments == ()


@pytest.mark.parametrize(("said", "name"), [('; name="Offer 7.eml"', "Offer 7.eml"), ("", "Scanner.eml")])
def test_an_attached_message_has_its_own_name_or_its_subject(said: str, name: str) -> None:
    body = f"--b\r\n\r\nsee\r\n--b\r\nContent-Type: message/rfc822{said}\r\n\r\nFrom: a@b.example\r\nSubject: Scanner\r\n\r\nx\r\n--b--\r\n"
    message = parse_message(mail("Subject: x", "Content-Type: multipart/mixed; boundary=b", body=body))
    assert [one.name for one in message.attachments] == [name]


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("a" * 200 + ".pdf", "a" * 116 + ".pdf"),
        ("a." + "x" * 200, "a." + "x" * 118),
        ("." + "x" * 200, "x" * 120),
    ],
)
def test_a_long_name_is_cut_and_keeps_its_ending_if_it_is_one(name: str, safe: str) -> None:
    assert safe_name(name, "application/pdf", 1) == safe
