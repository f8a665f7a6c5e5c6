"""The file of an application's certificate and key, as people put it together."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from engine.sources.certificate import client_assertion, read_certificate
from engine.sources.remote import BadCertificate

RSA = trustme.CA().issue_cert("app.example", key_type=trustme.KeyType.RSA)
OTHER = trustme.CA().issue_cert("app.example", key_type=trustme.KeyType.ECDSA)
KEY, CERTIFICATE = RSA.private_key_pem.bytes(), RSA.cert_chain_pems[0].bytes()
LOCKED = load_pem_private_key(KEY, None).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))


@pytest.mark.parametrize(
    "content",
    [KEY + CERTIFICATE, CERTIFICATE + KEY, b"\xef\xbb\xbf" + KEY + CERTIFICATE, (KEY + CERTIFICATE).replace(b"\n", b"\r\n")],
)
def test_a_file_that_can_be_used(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "app.pem"
    path.write_bytes(content)
    assert len(read_certificate(str(path)).fingerprint) == 20
    assert client_assertion(str(path), "app", "https://login.example").count(".") == 2


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "the certificate {path} cannot be read: No such file or directory"),
        (b"", "there is no certificate in {path}: it holds the certificate and its RSA key, both in PEM"),
        (KEY, "there is no certificate in {path}"),
        (CERTIFICATE, "there is no key in {path}: it holds the certificate and its RSA key, both in PEM"),
        ((KEY + CERTIFICATE)[:-40], "there is no certificate in {path}"),
        (b"\x30\x82\xff\xfe", "the certificate {path} is not PEM"),
        (LOCKED + CERTIFICATE, "the key in {path} has a password: store it without"),
        (OTHER.private_key_pem.bytes() + CERTIFICATE, "the key in {path} is no RSA key"),
    ],
)
def test_a_file_that_cannot_be_used_says_what_it_lacks(content: bytes | None, says: str, tmp_path: Path) -> None:
    path = tmp_path / "app.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadCertificate) as found:
        read_certificate(str(path))
    assert str(found.value).startswith(says.format(path=path))
