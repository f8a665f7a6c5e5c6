"""A small Exchange server: EWS over SOAP on loopback, as far as a client that reads a mailbox needs it.

It can be told to fail: `server.fail("GetItem", "busy", times=2)`; see `FAULTS`.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import random
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import spnego
from lxml import etree

from tests import loopback
from tests.ews.operations import OPERATIONS, N, autodiscovered, envelope, error
from tests.ews.store import Store
from tests.loopback import Loopback

FAULTS = ("busy", "503", "500", "401", "reset", "truncated", "not xml", "slow", "denied")


@dataclass
class Fault:
    """What goes wrong, at which operation (`*`: any), how often."""

    operation: str
    kind: str
    times: int = 1
    seconds: float = 0.2


class Server(Loopback):
    """`start()` gives the endpoint. Basic authentication with `user` and `password`; OAuth with `token`."""

    def __init__(self, store: Store, *, user: str = "help", password: str = "secret", tls: ssl.SSLContext | None = None) -> None:
        super().__init__(tls)
        self.stores = {store.address: store}
        self.store = store
        self.user, self.password = user, password
        self.token = "a-token"
        self.token_params: dict[str, str] = {}
        self.token_answer: tuple[int, bytes | dict[str, Any]] | None = None  # instead of the token
        self.token_wait = ""  # seconds for which no more tokens are given
        self.token_delay = 0.0  # before an answer about tokens, in seconds
        self.faults: list[Fault] = []
        self.random: random.Random | None = None
        self.chance = 0.0
        self.calls: Counter[str] = Counter()
        self.impersonated: set[str] = set()
        self.endpoint = ""
        self.handshake = ""  # "ntlm" or "kerberos": nothing else signs in then
        self.certificate = b""  # in DER: only who says that he saw it is let in by a handshake (Extended Protection)
        self.wrong_passwords = 0
        self.discovered: dict[str, str] = {}  # by Autodiscover: addresses, and the settings that are told of them as XML
        self.bend: Callable[[bytes], bytes] | None = None  # what becomes of each answer on its way
        self._open = 0  # calls that are not answered yet
        self.most_at_once = 0
        self._counting = threading.Lock()

    def fail(self, operation: str, kind: str, times: int = 1, seconds: float = 0.2) -> None:
        assert kind in FAULTS
        self.faults.append(Fault(operation, kind, times, seconds))

    def fail_at_random(self, chance: float, seed: int) -> None:
        """Any operation, any fault that a client can wait out."""
        self.chance, self.random = chance, random.Random(seed)

    @property
    def token_url(self) -> str:
        return f"{self.endpoint.rpartition('/EWS')[0]}/token"

    def start(self) -> str:
        owner = self

        class Handler(_Handler):
            server_of = owner

        scheme = "https" if self._tls else "http"
        return f"{scheme}://127.0.0.1:{self.listen(Handler)}/EWS/Exchange.asmx"

    @contextlib.contextmanager
    def counted(self) -> Iterator[None]:
        with self._counting:
            self._open += 1
            self.most_at_once = max(self.most_at_once, self._open)
        try:
            yield
        finally:
            with self._counting:
                self._open -= 1

    def next_fault(self, operation: str) -> Fault | None:
        for fault in self.faults:
            if fault.operation in ("*", operation) and fault.times > 0:
                fault.times -= 1
                return fault
        if self.random is not None and self.random.random() < self.chance:
            kind = self.random.choice(["busy", "503", "500", "reset", "truncated", "not xml"])
            return Fault(operation, kind, seconds=0.05)
        return None


def _handshake(kind: str, certificate: bytes) -> Any:
    """`certificate`: in DER, where the connection is in TLS."""
    seen = b"tls-server-end-point:" + hashlib.sha256(certificate).digest()
    if kind == "ntlm":
        bindings = spnego.channel_bindings.GssChannelBindings(application_data=seen) if certificate else None
        return spnego.server(protocol="ntlm", channel_bindings=bindings)
    import gssapi  # where Kerberos is installed (tests/kerberos.py)

    return gssapi.SecurityContext(
        usage="accept", channel_bindings=gssapi.raw.ChannelBindings(application_data=seen) if certificate else None
    )


class _Handler(loopback.Handler):
    server_of: Server

    def setup(self) -> None:
        super().setup()
        self._signed_in = False
        self._handshake: Any = None

    def do_POST(self) -> None:
        body = self.body()
        with self.server_of.counted():
            self._call(body)

    def _call(self, body: bytes) -> None:
        server = self.server_of
        if self.path.endswith("/token"):
            server.token_params = dict(pair.split("=", 1) for pair in body.decode().split("&"))
            server.calls["token"] += 1
            time.sleep(server.token_delay)
            if server.token_wait:
                self._answer(429, b"Too Many Requests", "text/plain", {"Retry-After": server.token_wait})
                return
            given = {"access_token": server.token, "token_type": "Bearer", "expires_in": 3600}
            status, answer = server.token_answer or (200, given)
            if server.token_params["grant_type"] != "client_credentials":  # applications get no token to renew another with
                words = "AADSTS900144: The request body must contain the following parameter: 'refresh_token'."
                status, answer = 400, {"error": "invalid_request", "error_description": words}
            self._answer(status, answer if isinstance(answer, bytes) else json.dumps(answer).encode(), "application/json")
            return
        asked = etree.fromstring(body, etree.XMLParser(resolve_entities=False))
        call = asked.find("s:Body", N)[0]
        operation = etree.QName(call).localname
        server.calls[operation] += 1
        fault = server.next_fault(operation)
        if server.handshake and not self._shakes_hands():
            return
        if not (server.handshake or self._is_allowed()) or (fault and fault.kind == "401"):
            self._answer(401, b"", headers={"WWW-Authenticate": 'Basic realm="Exchange"'})
            return
        if fault is not None and self._fail(fault, operation):
            return
        store = server.store
        impersonated = asked.find(".//t:ExchangeImpersonation//t:PrimarySmtpAddress", N)
        if impersonated is not None:
            server.impersonated.add(impersonated.text or "")
            store = server.stores.get(impersonated.text or "", store)
        address = call.find(".//t:DistinguishedFolderId//t:EmailAddress", N)
        if address is not None and address.text in server.stores:
            store = server.stores[address.text]
        if operation == "GetUserSettingsRequestMessage":
            named = call.findtext(".//a:Mailbox", namespaces=N) or ""
            self._answer(200, autodiscovered(server.discovered.get(named)).encode())
            return
        answer = OPERATIONS[operation](store, call)
        text = envelope(f"<m:{operation}Response><m:ResponseMessages>{answer}</m:ResponseMessages></m:{operation}Response>")
        if fault is not None and fault.kind == "truncated":
            half = text.encode()[: len(text) // 2]
            self._answer(200, half)
            return
        self._answer(200, text.encode())

    def _shakes_hands(self) -> bool:
        """NTLM and Kerberos sign in a connection, here by the libraries that do it: against NTLM_USER_FILE, and with the keys in KRB5_KTNAME."""
        if self._signed_in:
            return True
        scheme = {"ntlm": "NTLM", "kerberos": "Negotiate"}[self.server_of.handshake]
        kind, _, token = self.headers.get("Authorization", "").partition(" ")
        told = scheme
        if kind in ("NTLM", "Negotiate") and token:
            self._handshake = self._handshake or _handshake(self.server_of.handshake, self.server_of.certificate)
            try:
                answer = self._handshake.step(base64.b64decode(token))
                self._signed_in = self._handshake.complete and self._is_bound()
            except Exception:  # each library's own
                self._handshake = None
            else:
                told = f"{scheme} {base64.b64encode(answer or b'').decode()}"
        if self._signed_in:
            return True
        self._answer(401, b"", headers={"WWW-Authenticate": told})
        return False

    def _is_bound(self) -> bool:
        """Whether he saw the certificate that he should have seen. pyspnego has looked by itself."""
        if self.server_of.handshake == "ntlm" or not self.server_of.certificate:
            return True
        return any(flag.name == "channel_bound" for flag in self._handshake.actual_flags)

    def _is_allowed(self) -> bool:
        header = self.headers.get("Authorization", "")
        if header == f"Bearer {self.server_of.token}":
            return True
        if header.startswith("Basic "):
            user, _, password = base64.b64decode(header[6:]).decode().partition(":")
            right = (user, password) == (self.server_of.user, self.server_of.password)
            self.server_of.wrong_passwords += not right
            return right
        return False

    def _fail(self, fault: Fault, operation: str) -> bool:
        """Whether the answer was given."""
        if fault.kind == "busy":
            milliseconds = int(fault.seconds * 1000)
            self._answer(
                500,
                envelope(
                    "<s:Fault><faultcode>a:ErrorServerBusy</faultcode><faultstring>The server cannot service this request right now."
                    f"</faultstring><detail><e:ResponseCode xmlns:e='http://schemas.microsoft.com/exchange/services/2006/errors'>ErrorServerBusy</e:ResponseCode>"
                    f"<t:MessageXml><t:Value Name='BackOffMilliseconds'>{milliseconds}</t:Value></t:MessageXml></detail></s:Fault>"
                ).encode(),
            )
        elif fault.kind == "503":
            self._answer(503, b"busy", headers={"Retry-After": str(max(1, int(fault.seconds)))})
        elif fault.kind == "500":
            self._answer(500, b"Internal Server Error", "text/plain")
        elif fault.kind == "denied":
            self._answer(
                200,
                envelope(
                    f"<m:{operation}Response><m:ResponseMessages>{error(operation, 'ErrorAccessDenied', 'Access is denied.')}</m:ResponseMessages></m:{operation}Response>"
                ).encode(),
            )
        elif fault.kind == "reset":
            self.send_response(200)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", "100000")
            self.end_headers()
            self.wfile.write(b"<?xml version='1.0'?><s:Envelope")
            self.wfile.flush()
            with contextlib.suppress(OSError):
                # A reset, not an orderly end.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                self.connection.close()
            self.close_connection = True
        elif fault.kind == "not xml":
            self._answer(200, b"\x00\x01 this is no XML <<<")
        elif fault.kind == "slow":
            time.sleep(fault.seconds)
            return False
        else:
            return False
        return True

    def _answer(
        self, status: int, body: bytes, kind: str = "text/xml; charset=utf-8", headers: dict[str, str] | None = None
    ) -> None:
        bend = self.server_of.bend
        self.answer(status, bend(body) if bend is not None else body, kind, headers)
