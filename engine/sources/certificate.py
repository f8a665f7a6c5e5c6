"""An application's certificate (PEM: certificate and RSA key) for signing in without a secret."""

from __future__ import annotations

import base64
import time
import uuid
from pathlib import Path
from typing import NamedTuple

import jwt
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from engine.sources.remote import BadCertificate

_VALID_SECONDS = 300
_REMEDY = "it holds the certificate and its RSA key, both in PEM (`-----BEGIN ...`)"


class Certificate(NamedTuple):
    """The SHA-1 fingerprint by which Entra knows it, and the key."""

    fingerprint: bytes
    key: RSAPrivateKey


def read_certificate(path: str) -> Certificate:
    """Raises `BadCertificate`."""
    try:
        text = Path(path).read_text("utf-8-sig")
    except OSError as error:
        raise BadCertificate(f"the certificate {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadCertificate(f"the certificate {path} is not PEM: {_REMEDY}") from error
    try:
        fingerprint = x509.load_pem_x509_certificate(text.encode()).fingerprint(hashes.SHA1())  # noqa: S303  # what Entra asks for
    except ValueError as error:
        raise BadCertificate(f"there is no certificate in {path}: {_REMEDY}") from error
    return Certificate(fingerprint, _key(path, text))


def client_assertion(path: str, client_id: str, audience: str) -> str:
    """A token of our own that only the key's owner can write (RFC 7523). Raises `BadCertificate`."""
    found = read_certificate(path)
    now = int(time.time())
    claims = {
        "aud": audience,
        "iss": client_id,
        "sub": client_id,
        "jti": str(uuid.uuid4()),
        "nbf": now - 60,
        "exp": now + _VALID_SECONDS,
    }
    headers = {"x5t": base64.urlsafe_b64encode(found.fingerprint).decode().rstrip("=")}
    return jwt.encode(claims, found.key, algorithm="RS256", headers=headers)


def _key(path: str, text: str) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(text.encode(), password=None)
    except TypeError as error:
        raise BadCertificate(f"the key in {path} has a password: store it without, for this user's eyes only") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadCertificate(f"there is no key in {path}: {_REMEDY}") from error
    if not isinstance(key, RSAPrivateKey):
        raise BadCertificate(f"the key in {path} is no RSA key, and Entra takes no other")
    return key
