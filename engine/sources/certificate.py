"""An application's certificate (PEM: certificate and RSA key) for signing in without a secret."""

from __future__ import annotations

import base64
import time
import uuid
from pathlib import Path

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes

_VALID_SECONDS = 300


class BadCertificate(Exception):
    """The file cannot be read, or is no certificate with its key."""


def read_certificate(path: str) -> tuple[str, bytes]:
    """The PEM text, and the SHA-1 fingerprint by which Entra knows it. Raises `BadCertificate`."""
    try:
        text = Path(path).read_text("ascii")
        fingerprint = x509.load_pem_x509_certificate(text.encode()).fingerprint(hashes.SHA1())  # noqa: S303  # what Entra asks for
    except (OSError, ValueError) as error:
        raise BadCertificate(f"the certificate {path} cannot be used: {error}") from error
    return text, fingerprint


def client_assertion(path: str, client_id: str, audience: str) -> str:
    """A token of our own that only the key's owner can write (RFC 7523). Raises `BadCertificate`."""
    text, fingerprint = read_certificate(path)
    now = int(time.time())
    claims = {
        "aud": audience,
        "iss": client_id,
        "sub": client_id,
        "jti": str(uuid.uuid4()),
        "nbf": now - 60,
        "exp": now + _VALID_SECONDS,
    }
    headers = {"x5t": base64.urlsafe_b64encode(fingerprint).decode().rstrip("=")}
    try:
        return jwt.encode(claims, text, algorithm="RS256", headers=headers)
    except (ValueError, TypeError, jwt.PyJWTError) as error:
        raise BadCertificate(f"the key in {path} cannot sign: {error}") from error
