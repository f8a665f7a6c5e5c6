"""Kerberos' sign-in, whose failures tell why. Import it only where requests-gssapi is installed (`pip install requests-gssapi`)."""

from __future__ import annotations

from typing import Any

from exchangelib.transport import AUTH_TYPE_MAP, GSSAPI
from gssapi import Credentials, MechType
from gssapi.raw import GSSError
from requests_gssapi import HTTPSPNEGOAuth
from requests_gssapi.exceptions import SPNEGOExchangeError

from engine.printable import one_line
from engine.sources.remote import RemoteError, SignInFailed

# What a KDC says of the account or of its keys (RFC 4120 7.5.9): the name is unknown, it is revoked or locked, its keys have ended, or are
# others. MIT's library numbers them so.
_REFUSED = frozenset((code - 1_765_328_384) % 2**32 for code in (6, 18, 23, 24, 31))


class Negotiate(HTTPSPNEGOAuth):  # type: ignore[misc]
    """The library's own keeps the reason to itself, and gives the server's 401 back as if the server had refused."""

    def generate_request_header(self, response: Any, host: str, is_preemptive: bool = False) -> str:
        try:
            # Within SPNEGO, a ticket that cannot be had is no more than a mechanism that cannot be used.
            Credentials(usage="initiate", mechs=[MechType.kerberos])
        except GSSError as error:
            raise _failure("Kerberos gives no ticket", error) from error
        # Exchange's Extended Protection lets in only who says which certificate he saw (RFC 5929 4), so that nobody in between signs in.
        self.channel_bindings = "tls-server-end-point" if str(response.url).startswith("https:") else None
        try:
            return str(super().generate_request_header(response, host, is_preemptive))
        except SPNEGOExchangeError as error:
            raise _failure(f"Kerberos does not sign us in at {host}", error.__context__ or error) from error


def _failure(what: str, error: BaseException) -> RemoteError:
    """Only a refusal of the account is a failed sign-in: more of them may lock it. A KDC that is away comes back."""
    if not isinstance(error, GSSError):
        return RemoteError(f"{what}: {error}")
    words = error.get_all_statuses(error.min_code, False)
    told = f"{what}: {one_line(' '.join(words)).strip()[:200]}; see klist, and docs/exchange.md"
    return SignInFailed(told) if error.min_code % 2**32 in _REFUSED else RemoteError(told)


AUTH_TYPE_MAP[GSSAPI] = Negotiate
