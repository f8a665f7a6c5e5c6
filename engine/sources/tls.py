"""What certificates are checked with: one context for all connections, for each takes most of a megabyte and 20 ms."""

from __future__ import annotations

import ssl
from functools import lru_cache
from pathlib import Path

from engine.sources.remote import RemoteError


def shared_context(ca_file: str | None, verify: bool = True) -> ssl.SSLContext:
    """`ca_file`: whose certificates are good; None: those of the system. Raises `OSError` where it cannot be read, or has none."""
    return _context(ca_file, Path(ca_file).stat().st_mtime_ns if ca_file else 0, verify)


def tls_context(ca_file: str | None, verify: bool = True) -> ssl.SSLContext:
    """The same for mailboxes. Raises `RemoteError`."""
    try:
        return shared_context(ca_file, verify)
    except ssl.SSLError as error:
        raise RemoteError(f"{ca_file} (exchange.ca_file) has no certificate in PEM (`-----BEGIN CERTIFICATE-----`)") from error
    except OSError as error:
        raise RemoteError(f"{ca_file} (exchange.ca_file) cannot be read: {error.strerror}") from error


@lru_cache(maxsize=4)
def _context(ca_file: str | None, changed: int, verify: bool) -> ssl.SSLContext:
    """`changed`: when the file did, so that a renewed one is read."""
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # whatever the system allows
    if not verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
