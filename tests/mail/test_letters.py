"""Letters beyond ASCII in headers, of whatever program: RFC 6532's UTF-8, older charsets as bare bytes, RFC 2231."""

from __future__ import annotations

import pytest

from engine.mail.parse import parse_message


def mail(name: bytes, charset: str, field: bytes) -> bytes:
    """A mail with the name in subject and sender, a text in the charset, and a file with the name in this field."""
    return b"".join(
        [
            b"From: " + name + b" <a@b.example>\r\nSubject: " + name + b"\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n",
            b"--b\r\nContent-Type: text/plain" + charset.encode() + b"\r\n\r\nsee\r\n",
            b"--b\r\n" + field + b"\r\n\r\nxx\r\n--b\r\nContent-Type: application/pdf; name=behind.pdf\r\n\r\nyy\r\n--b--\r\n",
        ]
    )


def names(raw: bytes) -> list[str]:
    message = parse_message(raw)
    assert not message.defects
    return [one.name for one in message.attachments]


@pytest.mark.parametrize(
    "field",
    [
        b'Content-Type: application/pdf\r\nContent-Disposition: attachment; filename="%s.pdf"',
        b"Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=%s.pdf",
        b'Content-Type: application/pdf; name="%s.pdf"\r\nContent-Disposition: attachment',
    ],
)
@pytest.mark.parametrize(
    ("name", "codec", "charset"),
    [
        ("Bestätigung", "utf-8", ""),
        ("Bestätigung", "utf-8", "; charset=iso-8859-1"),
        ("Bestätigung", "cp1252", ""),
        ("отчёт", "koi8-r", "; charset=koi8-r"),
        ("отчёт", "utf-8", "; charset=koi8-r"),
        ("見積書", "shift_jis", "; charset=shift_jis"),
        ("见积书", "gb18030", "; charset=gb2312"),
        ("見積書", "iso-2022-jp", "; charset=iso-2022-jp"),
        ("見積書", "iso-2022-jp", ""),
        ("見積書", "iso-2022-jp", "; charset=iso-8859-1"),
        ("견적서", "iso2022_kr", "; charset=iso-2022-kr"),
    ],
)
def test_bare_bytes_are_utf8_or_what_the_text_is_in(name: str, codec: str, charset: str, field: bytes) -> None:
    raw = mail(name.encode(codec), charset, field % name.encode(codec))
    message = parse_message(raw)
    assert (message.subject, message.sender.name, message.sender.address) == (name, name, "a@b.example")
    assert names(raw) == [f"{name}.pdf", "behind.pdf"]


def test_an_attached_message_has_its_own_charset() -> None:
    inner = "From: Анна <anna@c.example>\r\nSubject: отчёт\r\nContent-Type: text/plain; charset=koi8-r\r\n\r\nx\r\n".encode(
        "koi8-r"
    )
    raw = b"From: a@b.example\r\nSubject: Fwd: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    raw += (
        b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nsee\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
        + inner
        + b"--b--\r\n"
    )
    message = parse_message(raw)
    assert [one.name for one in message.attachments] == ["отчёт.eml"]
    assert message.forwarded is not None
    assert message.forwarded.sender.name == "Анна"


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("filename*=iso-8859-1''Best%C3%A4tigung.pdf", "Bestätigung.pdf"),  # UTF-8 by another name
        ("filename*0*=utf-8''Best%C3; filename*1*=%A4tigung.pdf", "Bestätigung.pdf"),
        (f"{'; '.join(f'filename*{place}=a' for place in range(60))}; filename*60=.pdf", f"{'a' * 60}.pdf"),
        ("filename*=iso-2022-jp''%1B%24B%2D%21%1B%28B.pdf", "①.pdf"),
        ("filename*=utf-7''%2B2AA-x.pdf", "\ufffdx.pdf"),  # half a letter
        ("filename*=unicode_escape''%5Cud800x.pdf", "ud800x.pdf"),  # no charset of mail
        ("filename*=nonsense''x%20y.pdf", "x y.pdf"),
        ("filename=\"\"; filename*=utf-8''Best%C3%A4tigung.pdf", "Bestätigung.pdf"),
    ],
)
def test_rfc_2231_is_read_as_all_else_and_loses_no_part(said: str, name: str) -> None:
    field = f"Content-Type: application/pdf\r\nContent-Disposition: attachment; {said}".encode()
    assert names(mail(b"Ana", "", field)) == [name, "behind.pdf"]


def test_a_type_in_quotation_marks_is_that_type() -> None:
    message = parse_message(b'From: a@b.example\r\nContent-Type: "text/html"; charset=utf-8\r\n\r\n<p>The <b>printer</b></p>\r\n')
    assert (message.text, message.attachments) == ("The printer", ())


@pytest.mark.parametrize("subject", ["отчёт", "Bestätigung"])
def test_what_a_message_is_known_by_are_the_bytes_that_came(subject: str) -> None:
    """However they are read: a message that was taken in by an older postroom is not taken in again."""
    head = b"From: a@b.example\r\nMessage-ID: <1@b.example>\r\nSubject: " + subject.encode("koi8-r", "replace")
    one, other = (
        parse_message(head + b"\r\nContent-Type: text/plain" + charset + b"\r\n\r\nx") for charset in (b"", b"; charset=koi8-r")
    )
    assert one.identity == other.identity


@pytest.mark.parametrize(
    ("said", "codec", "text"),
    [
        ("windows-874", "cp874", "เครื่องพิมพ์เสีย"),
        ("dos-862", "cp862", "המדפסת"),
        ("cp-850", "cp850", "größer"),
        ("x-euc-jp", "euc_jp", "印刷できません"),
        ("x-sjis", "cp932", "印刷①できません"),
        ("csWindows31J", "cp932", "印刷①できません"),
        ("x-windows-949", "cp949", "프린터가 고장"),
        ("latin-9", "iso8859-15", "größer, 20 €"),
        ("x-mac-ce", "mac_latin2", "żółw w biurze"),
        ("iso_8859-1", "cp1252", "größer, 20 €"),
        ("l1", "cp1252", "größer, 20 €"),
        ("tis620", "cp874", "เครื่องพิมพ์…"),
    ],
)
def test_a_charset_has_many_names(said: str, codec: str, text: str) -> None:
    head = f"From: a@b.example\nSubject: x\nContent-Type: text/plain; charset={said}\nContent-Transfer-Encoding: 8bit\n\n"
    assert parse_message(head.encode() + text.encode(codec)).text == text
