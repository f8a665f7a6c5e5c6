"""S/MIME: mail that is signed as a whole is read, and mail that is encrypted says so (RFC 8551)."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from hypothesis import given
from hypothesis import strategies as st

from engine.mail.cms import Cms, read_cms
from engine.mail.message import Message
from engine.mail.parse import parse_message
from tests import cms

INNER = (
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nThe printer is g\xc3\xbcnstig.\r\n"
    b"--b\r\nContent-Type: application/pdf; name=offer.pdf\r\n\r\nPDF\r\n--b--\r\n"
)
TEXT = "The printer is günstig."
WHOLE = cms.signed(cms.element(0x04, INNER))


def mail(data: bytes, content_type: str = 'application/pkcs7-mime; smime-type=signed-data; name="smime.p7m"') -> Message:
    head = (
        f"From: maya@brightwater.example\r\nSubject: x\r\nContent-Type: {content_type}\r\nContent-Transfer-Encoding: base64\r\n"
    )
    return parse_message(
        head.encode() + b"Content-Disposition: attachment; filename=smime.p7m\r\n\r\n" + base64.encodebytes(data)
    )


def names(message: Message) -> list[str]:
    return [one.name for one in message.attachments]


@pytest.fixture(scope="module")
def key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture(scope="module")
def certificate(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Maya")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    return builder.sign(key, hashes.SHA256())


def test_what_a_mail_program_signed_is_the_message(key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
    builder = pkcs7.PKCS7SignatureBuilder().set_data(INNER).add_signer(certificate, key, hashes.SHA256())
    message = mail(builder.sign(Encoding.DER, [pkcs7.PKCS7Options.Binary]))
    assert (message.text, names(message), message.defects) == (TEXT, ["offer.pdf"], ())
    beside = parse_message(b"From: maya@brightwater.example\r\n" + builder.sign(Encoding.SMIME, []))
    assert (beside.text, names(beside)) == (TEXT, ["offer.pdf", "smime.p7s"])


@pytest.mark.parametrize(
    "octets",
    [
        cms.element(0x04, INNER),
        cms.element(0x24, cms.chunks(INNER, 50)),
        cms.endless(0x24, cms.chunks(INNER, 50)),
        cms.element(0x24, cms.endless(0x24, cms.chunks(INNER[:70], 9)) + cms.chunks(INNER[70:], 9)),
    ],
)
@pytest.mark.parametrize("around", [cms.signed, cms.streamed])
def test_a_content_comes_whole_or_in_chunks(octets: bytes, around: object) -> None:
    assert read_cms(around(octets)) == Cms(signed=INNER)  # type: ignore[operator]


def test_what_is_cut_off_holds_nothing() -> None:
    assert {read_cms(WHOLE[:place]).signed for place in range(len(WHOLE))} == {None}


@given(st.lists(st.tuples(st.integers(0, 10_000), st.binary(max_size=3)), max_size=4))
def test_no_change_makes_it_fail_or_hold_more_than_there_is(changes: list[tuple[int, bytes]]) -> None:
    data = cms.streamed(cms.endless(0x24, cms.chunks(INNER, 20)))
    for place, new in changes:
        place %= len(data)
        data = data[:place] + new + data[place + 1 :]
    assert len(read_cms(data).signed or b"") <= len(data)


def test_a_signature_alone_holds_nothing() -> None:
    nothing = cms.element(0x30, bytes.fromhex("06092a864886f70d010701"))
    for certificates in (b"", cms.element(0xA0, cms.element(0x04, INNER))):
        content = cms.element(0x30, cms.element(0x02, b"\1") + cms.element(0x31, b"") + nothing + certificates)
        assert read_cms(cms.element(0x30, cms.SIGNED + cms.element(0xA0, content))) == Cms()


@pytest.mark.parametrize(
    ("content_type", "opened"),
    [
        ("application/pkcs7-mime", True),
        ("application/x-pkcs7-mime; name=SMIME.P7M", True),
        ("application/octet-stream; name=smime.p7m", True),
        ("application/octet-stream", True),  # the disposition names it
        ("application/pdf; name=smime.p7m", False),
    ],
)
def test_mail_programs_give_it_several_types(content_type: str, opened: bool) -> None:
    message = mail(WHOLE, content_type)
    assert (message.text, names(message)) == ((TEXT, ["offer.pdf"]) if opened else ("", ["smime.p7m"]))


def test_a_gateway_may_put_it_into_a_part_and_sign_it_again() -> None:
    twice = (
        b"Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\nContent-Type: application/pkcs7-mime\r\n\r\n"
        + WHOLE
        + b"\r\n--c--\r\n"
    )
    assert mail(cms.signed(cms.element(0x04, twice))).text == TEXT


def test_a_file_that_somebody_signed_stays_a_file() -> None:
    """Italian invoices are such; only a mail's own file is opened, and only where a mail is in it."""
    invoice = cms.signed(cms.element(0x04, b"<?xml version='1.0'?><Fattura/>"))
    head = b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nSee this.\r\n--c\r\n"
    for named, data in ((b"name=invoice.xml.p7m", invoice), (b"name=smime.p7m", invoice), (b"name=mail.eml.p7m", WHOLE)):
        message = parse_message(head + b"Content-Type: application/pkcs7-mime; " + named + b"\r\n\r\n" + data + b"\r\n--c--\r\n")
        assert (message.text, names(message), message.defects) == ("See this.", [named.decode()[5:]], ())


def test_what_is_encrypted_says_so() -> None:
    enveloped = cms.element(0x30, cms.ENVELOPED + cms.element(0xA0, b""))
    secret = mail(enveloped, 'application/pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"')
    assert (secret.encrypted, secret.text, names(secret)) == (True, "", ["smime.p7m"])
    assert not mail(WHOLE).encrypted
    passed_on = (
        b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=d\r\n\r\n--d\r\nContent-Type: message/rfc822\r\n\r\n"
        b"Content-Type: application/pkcs7-mime\r\n\r\n" + enveloped + b"\r\n--d--\r\n"
    )
    assert not parse_message(passed_on).encrypted  # only what is attached is


# As RFC 3156 has it, and as Exchange passes it on.
@pytest.mark.parametrize("kind", [b"multipart/encrypted; protocol=application/pgp-encrypted", b"multipart/mixed"])
def test_openpgp_is_known_by_its_first_part(kind: bytes) -> None:
    raw = (
        b"From: a@b.example\r\nContent-Type: " + kind + b"; boundary=c\r\n\r\n"
        b"--c\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n"
        b"--c\r\nContent-Type: application/octet-stream; name=encrypted.asc\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n--c--\r\n"
    )
    openpgp = parse_message(raw)
    assert (openpgp.encrypted, openpgp.text) == (True, "")
    assert "encrypted.asc" in names(openpgp)
    forwards = b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=d\r\n\r\n--d\r\n\r\nSee this.\r\n--d\r\n"
    forwarded = parse_message(forwards + b"Content-Type: message/rfc822\r\n\r\n" + raw + b"\r\n--d--\r\n")
    assert (forwarded.encrypted, forwarded.text) == (False, "See this.")


@pytest.mark.parametrize(
    "kind", [b"application/x-microsoft-rpmsg-message; name=message.rpmsg", b'application/octet-stream; name="message_v4.rpmsg"']
)
def test_what_microsoft_encrypted_is_known_beside_its_notice(kind: bytes) -> None:
    raw = (
        b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n"
        b"--c\r\n\r\nThis message is protected.\r\n--c\r\nContent-Type: " + kind + b"\r\n\r\n\x76\xe8\x04\x60\r\n--c--\r\n"
    )
    protected = parse_message(raw)
    assert (protected.encrypted, protected.text) == (True, "This message is protected.")
