"""Raw bytes to a `Message`: never an exception, and as much as can be read."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.mail.head import MOST_FIELDS
from engine.mail.headers import date
from engine.mail.parse import parse_message
from tests.mail.plain import mail


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


def test_lines_of_a_header_that_are_no_fields_hide_neither_sender_nor_subject() -> None:
    head = "Received: by x\r\n{}\r\nFrom: kim@x.example\r\nSubject: printer\r\n\r\nhello\r\n"
    for odd in ("quite Delivered-To: a@b.example", "no field\r\n folded: line", "To : desk@us.example"):
        message = parse_message(head.format(odd).encode())
        assert (message.sender.address, message.subject, message.text) == ("kim@x.example", "printer", "hello\n")
        assert bool(message.defects) == ("To" not in odd.split())
    obsolete = parse_message(b"From  : kim@x.example\r\n__\r\nSubject : printer\r\n\r\nhello\r\n")
    assert (obsolete.sender.address, obsolete.subject, obsolete.text) == ("kim@x.example", "printer", "hello\n")
    # Nor what the text is made of: a long field that was folded without a space.
    kind = "MIME-Version: 1.0\r\nContent-Type: text/html\r\n"
    folded = parse_message(
        f"From: kim@x.example\r\nSubject: printer\r\nX-Key: abc\r\ndef=\r\n{kind}\r\n<b>hello</b>\r\n".encode()
    )
    assert (folded.text, len(folded.defects)) == ("hello", 1)
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
    "value", ["VPN is down  ", "  VPN is down \t", "VPN\r\n is  down ", "=?utf-8?q?VPN_is?=  down", "VPN is\0down", "V\u00a0PN "]
)
def test_no_field_has_white_space_around_it_or_more_than_one_line(value: str) -> None:
    read = parse_message(f"From: a@b.example\r\nSubject: {value}\r\nX-Own: {value}\r\n\r\n".encode()).headers
    assert read.get("X-Own") == read.get("Subject") == read.get("X-Own").strip() != ""
    assert not set("\r\n\0") & set(read.get("X-Own"))


def test_no_more_than_two_thousand_fields_are_read_however_short() -> None:
    read = parse_message(b"From: a@b.example\n" + b"X: y\n" * 2_500 + b"X-Last: y\n\nx")
    assert len(read.headers) == MOST_FIELDS == 2_000 and "X-Last" not in read.headers
    assert read.defects == ("only the first 2000 header fields are read",)


def test_the_first_of_two_fields_counts_where_there_may_be_one() -> None:
    twice = "Content-Type: text/plain; charset=utf-8\r\nContent-Type: text/html\r\n"
    assert parse_message(f"From: a@b.example\r\n{twice}\r\n<b>ü</b>".encode()).text.strip() == "<b>ü</b>"


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


@pytest.mark.parametrize(
    "before", [b"\r\n", b"\n\n", b"\n" + b" " * 255 + b"\n", b" \t\r\n\r\n", b"\n\nFrom a@b.example Mon Nov  9 18:37:09 2026\n"]
)
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


def test_our_own_headers_are_not_a_strangers_to_set() -> None:
    assert "X-Postroom-Ticket" not in parse_message(mail("From: a@b.example", "X-Postroom-Ticket: T1")).headers


@pytest.mark.parametrize("value", ["Private", "company-confidential", " private "])
def test_private_and_confidential_messages_are_known(value: str) -> None:
    assert parse_message(mail("From: a@b.example", f"Sensitivity: {value}")).private


@given(
    day=st.integers(0, 32),
    month=st.sampled_from(["Jan", "Feb", "Sep", "Dec", "Abc", "nov"]),
    year=st.sampled_from(["0026", "26", "1969", "2024", "2026", "9999", "10000"]),
    clock=st.sampled_from(["00:00:00", "23:59:59", "23:59:60", "24:00:00", "9:05:00", "10:00"]),
    zone=st.sampled_from(
        ["+0000", "-0000", "+0530", "-0330", "+1400", "-2359", "+2400", "+0060", "GMT", "EST", "+0100 (CET)", ""]
    ),
    weekday=st.sampled_from(["Mon, ", "Mon,", "", "Mon ", "Monday, "]),
)
def test_a_date_is_what_python_reads_in_it(day: int, month: str, year: str, clock: str, zone: str, weekday: str) -> None:
    said = f"{weekday}{day} {month} {year} {clock} {zone}".strip()
    try:
        read = parsedate_to_datetime(said)
        expected = (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        expected = None
    assert date(said) == expected


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


@settings(max_examples=150)
@given(st.binary(max_size=2000))
def test_random_bytes_never_raise(raw: bytes) -> None:
    parse_message(raw)


_LINE = st.sampled_from(
    ["From: a@b", "Content-Type: multipart/mixed; boundary=x", "Content-Type: text/html; charset=utf-7", "--x", "--x--", "", "> q",
     "Content-Transfer-Encoding: base64", "=?utf-8?q?=FF?=", "Content-Type: message/rfc822", "\x00\xff", "On 1.1.26 a@b wrote:", "From: x\nSent: y\nTo: z"]
)  # fmt: skip


@settings(max_examples=150)
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
