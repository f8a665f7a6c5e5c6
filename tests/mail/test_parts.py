"""Which of a message's parts are its text, and which are files."""

from __future__ import annotations

import base64

import pytest

from engine.mail.attachments import safe_name
from engine.mail.parse import parse_message
from tests.mail.plain import mail


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
    attached = f"--y\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: {said}\r\n\r\n# Printer\r\n--y--\r\n"
    sent_on = parse_message(mail("Subject: x", "Content-Type: multipart/mixed; boundary=y", body=attached))
    assert (sent_on.text.strip(), len(sent_on.attachments)) == ("", 2)


def test_what_only_programs_read_is_not_the_message() -> None:
    message = parse_message(mail("Subject: x", "Content-Type: text/rfc822-headers", body="Subject: y\r\n"))
    assert (message.text.strip(), len(message.attachments)) == ("", 1)


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


def test_html_with_a_name_is_the_message_where_there_is_no_other_text() -> None:
    body = "--x\r\nContent-Type: text/html; name=report.html\r\n\r\n<p>disk <b>full</b></p>\r\n--x--\r\n"
    message = parse_message(mail("Subject: x", "Content-Type: multipart/mixed; boundary=x", body=body))
    assert (message.text.strip(), message.attachments) == ("disk full", ()) and "<b>full</b>" in message.html


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


def test_an_empty_file_that_has_a_name_is_one() -> None:
    parts = '--b\r\n\r\nsee\r\n--b\r\nContent-Disposition: attachment; filename="log.txt"\r\n\r\n\r\n--b\r\nContent-Type: image/png\r\n\r\n\r\n--b--\r\n'
    message = parse_message(mail("Subject: y", "Content-Type: multipart/mixed; boundary=b", body=parts))
    assert [(one.name, one.size) for one in message.attachments] == [("log.txt", 0)]


def test_source_that_is_sent_as_plain_text_beside_html_stays_text() -> None:
    source = "<html><body>totals and sums</body></html>"
    shown = source.replace("<", "&lt;").replace(">", "&gt;")
    parts = f"--b\r\n\r\n{source}\r\n--b\r\nContent-Type: text/html\r\n\r\n<pre>{shown}</pre>\r\n--b--\r\n"
    message = parse_message(mail("Subject: y", "Content-Type: multipart/alternative; boundary=b", body=parts))
    assert message.text.strip() == source


@pytest.mark.parametrize(
    ("kinds", "kept"),
    [
        (["application/applefile", "application/pdf"], ["application/pdf"]),
        (["application/pdf", "application/applefile"], ["application/pdf"]),
        (["application/applefile"], ["application/applefile"]),
    ],
)
def test_of_a_macs_file_in_two_parts_what_only_macs_read_is_none(kinds: list[str], kept: list[str]) -> None:
    """RFC 1740. Both have the name of the file, and one of them opens nowhere."""
    inner = "".join(f"--c\r\nContent-Type: {kind}; name=offer.pdf\r\n\r\n{kind}\r\n" for kind in kinds)
    parts = f"--b\r\n\r\nsee\r\n--b\r\nContent-Type: multipart/appledouble; boundary=c\r\n\r\n{inner}--c--\r\n--b--\r\n"
    message = parse_message(mail("Subject: y", "Content-Type: multipart/mixed; boundary=b", body=parts))
    assert [(one.name, one.content_type) for one in message.attachments] == [("offer.pdf", kind) for kind in kept]
