"""Access tokens of applications (RFC 6749 4.4): one for all mailboxes that sign in alike, asked for once and used to its end.

Entra tells who asks anew for each mailbox to wait, and gives an application no token to renew another with.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Protocol
from weakref import WeakValueDictionary

import httpx
from msgspec import Struct
from oauthlib.oauth2 import BackendApplicationClient, MissingTokenError, OAuth2Error, is_secure_transport

from engine.config.secrets import resolve
from engine.sources.certificate import client_assertion
from engine.sources.remote import RemoteError, SignInFailed, errors_as, in_short, retry_after
from engine.sources.unreachable import asked_for, why_unreachable

_PASSING = ("server_error", "temporarily_unavailable")  # RFC 6749 4.1.2.1: no fault of ours, and gone by itself
_VALUE = re.compile(r"[ -~]+")  # what a header can carry
_BY_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"  # RFC 7523
_LONGEST_MARGIN = 300.0  # seconds before its end in which a token is renewed
_BETWEEN = 30.0  # seconds between two tries of that
Post = Callable[..., httpx.Response]  # as httpx has it
_USUAL_SECONDS = 3600


class Application(Struct, frozen=True):
    """Who signs in, and to what. Names and secrets are still references; a certificate stands for the secret."""

    token_url: str
    scope: str
    client_id: str
    client_secret: str | None
    certificate: str | None


def token_url(authority: str, tenant: str) -> str:
    """Entra's."""
    return f"{authority}/{tenant}/oauth2/v2.0/token"


class _Token(Struct, frozen=True):
    """`renewed` when another is asked for, which may fail until it ends, at `until`; by the monotonic clock."""

    value: str
    renewed: float
    until: float


class Tokens:
    """One application's. Several threads may ask: one of them asks the server, and the others take what it was told."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._lock = Lock()
        self._token: _Token | None = None
        self._asked = 0  # how often the server was
        self._fault: RemoteError | None = None
        self._not_before = 0.0

    def get(self, post: Post) -> str:
        """One that is good now. Raises `RemoteError`."""
        asked = self._asked
        with self._lock:
            now = time.monotonic()
            known = self._token if self._token is not None and now < self._token.until else None
            if known is not None and (now < known.renewed or now < self._not_before):
                return known.value
            if self._fault is not None and (self._asked != asked or now < self._not_before):
                wait = self._not_before - now if now < self._not_before else None
                raise type(self._fault)(str(self._fault), wait)
            try:
                with errors_as(_meaning):
                    self._token, self._fault = _ask(self._application, post), None
            except RemoteError as error:
                self._fault = error
                self._not_before = time.monotonic() + max(error.wait or 0.0, _BETWEEN if known is not None else 0.0)
                if known is not None:
                    return known.value
                raise
            finally:
                self._asked += 1
            return self._token.value

    def refused(self, value: str) -> None:
        """The server takes this one no more, or not for what was asked: whoever asks next gets another."""
        with self._lock:
            if self._token is not None and self._token.value == value:
                self._token = None


class Bearer:
    """What one mailbox shows at each call."""

    def __init__(self, application: Application) -> None:
        with _REGISTER:
            self._tokens = _KNOWN.setdefault(application, Tokens(application))
        self._shown = ""

    def show(self, post: Post) -> str:
        """The value of `Authorization`. `post`: by which connection, where the server must be asked. Raises `RemoteError`."""
        self._shown = self._tokens.get(post)
        return f"Bearer {self._shown}"

    def refused(self) -> None:
        """It was not let in with what it showed."""
        self._tokens.refused(self._shown)


class _SignsIn(Protocol):
    @property
    def bearer(self) -> Bearer | None:
        """None where it signs in otherwise, or never did."""

    def close(self) -> None: ...


@contextmanager
def given_up(mailbox: _SignsIn) -> Iterator[None]:
    """Whatever goes wrong within, its connection is made anew; and where it was not let in, so is what it showed."""
    try:
        yield
    except Exception as error:
        if mailbox.bearer is not None and isinstance(error, SignInFailed):
            mailbox.bearer.refused()
        mailbox.close()
        raise


_REGISTER = Lock()
_KNOWN: WeakValueDictionary[Application, Tokens] = WeakValueDictionary()  # as long as a mailbox has it


def forget_all() -> None:
    """Mailboxes that are made from now on sign in anew."""
    with _REGISTER:
        _KNOWN.clear()


def _ask(application: Application, post: Post) -> _Token:
    url = resolve(application.token_url)
    if not is_secure_transport(url):
        raise SignInFailed("no secret leaves in the clear: `token_url` must begin with https://")
    client_id = resolve(application.client_id)
    client = BackendApplicationClient(client_id)
    if application.certificate:
        assertion = client_assertion(resolve(application.certificate), client_id, url)
        proof = {"client_assertion_type": _BY_ASSERTION, "client_assertion": assertion}
    else:
        proof = {"client_secret": resolve(application.client_secret or "")}
    body = client.prepare_request_body(scope=[application.scope], include_client_id=True, **proof)
    answer = post(url, content=body, headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"})
    wait = retry_after(answer.headers)
    if answer.status_code in (429, 503) and wait is not None:
        raise RemoteError("the sign-in is asked for too many tokens, or is busy", wait)
    if answer.is_error and not answer.text.lstrip().startswith("{"):
        raise RemoteError(f"the sign-in answered {answer.status_code} {answer.reason_phrase}".rstrip(), wait)
    found = client.parse_request_body_response(answer.text)
    value, seconds = found["access_token"], found.get("expires_in")
    if not value or not isinstance(value, str) or str(found.get("token_type", "bearer")).casefold() != "bearer":
        raise MissingTokenError
    if not _VALUE.fullmatch(value):
        raise RemoteError("the sign-in gave what no header can carry")  # and that is not shown
    seconds = float(_USUAL_SECONDS if seconds is None else seconds)
    until = time.monotonic() + seconds
    return _Token(value, until - max(1.0, min(_LONGEST_MARGIN, seconds / 10)), until)


def _meaning(error: Exception) -> RemoteError | None:
    match error:
        case MissingTokenError():
            return RemoteError("the sign-in gave neither a token nor an error; is `token_url` right?")
        case OAuth2Error():
            words = f"no token: {in_short(error)}"
            return RemoteError(words) if error.error in _PASSING else SignInFailed(words)
        # Answers that are no JSON, or of another shape, end in the last five of these.
        case httpx.HTTPError() | OSError() | ValueError() | ArithmeticError() | LookupError() | TypeError() | AttributeError():
            return RemoteError(why_unreachable(error, asked_for(error)) or "the sign-in gave no answer that can be read")
    return None
