"""exchangelib as postroom needs it: certificates checked, answers whole, no waits of its own, and no item too odd to be listed."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import httpx
import requests
from exchangelib import Identity
from exchangelib.credentials import OAuth2Credentials
from exchangelib.errors import ErrorServerBusy
from exchangelib.folders import BaseFolder, Folder
from exchangelib.items import Item
from exchangelib.protocol import BaseProtocol, CachingProtocol, FailFast
from exchangelib.services import SyncFolderItems
from exchangelib.util import MNS
from exchangelib.version import EXCHANGE_2007_SP1
from lxml.etree import SubElement
from oauthlib.oauth2 import BackendApplicationClient
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from engine.config.connections import ExchangeTls
from engine.sources.ews_answers import is_whole
from engine.sources.http_client import USER_AGENT, http_client
from engine.sources.remote import retry_after
from engine.sources.tls import tls_context
from engine.sources.tokens import Bearer

_PIECE = 65_536


class Policy(FailFast):  # type: ignore[misc]
    """We wait ourselves, so that a mailbox that must wait holds nobody up; but the server's own time is kept."""

    def raise_response_errors(self, response: Any) -> None:
        wait = retry_after(response.headers)
        if response.status_code in (429, 503) and wait is not None:
            raise ErrorServerBusy("the server asks to wait", back_off=wait)
        super().raise_response_errors(response)


class OAuth2(OAuth2Credentials):  # type: ignore[misc]
    """An application, with tokens of ours: exchangelib would ask for one at each connection, and renew it in a way that Entra does not have."""

    def __init__(self, bearer: Bearer, client_id: str, identity: Identity) -> None:
        super().__init__(client_id=client_id, client_secret=None, identity=identity)
        self._client = _Client(client_id, bearer)

    def session_params(self) -> dict[str, Any]:
        return {"token": {"token_type": "Bearer"}}  # so that it asks for none

    @property
    def client(self) -> BackendApplicationClient:
        return self._client


class _Client(BackendApplicationClient):  # type: ignore[misc]
    """Each request has a token that is good now."""

    def __init__(self, client_id: str, bearer: Bearer) -> None:
        super().__init__(client_id)
        self._bearer = bearer

    def add_token(self, uri: str, http_method: str = "GET", body: Any = None, headers: Any = None, **more: Any) -> Any:
        shown = {} if headers is None else headers.copy()
        shown["Authorization"] = self._bearer.show(_post)
        return uri, shown, body


# Mailboxes of one account would share connections, and stop for good together: where the server is busy or the network breaks,
# exchangelib takes the lock of their pool twice. Each mailbox has a connection of its own; how many are used at once is counted by us.
CachingProtocol.__call__ = type.__call__


def use_tls(tls: ExchangeTls) -> None:
    """For all connections of the process: exchangelib has one adapter. Call it before the first."""

    class Adapter(HTTPAdapter):
        settings = tls

        def send(self, request: Any, stream: bool = False, *more: Any, **named: Any) -> requests.Response:
            answer = super().send(request, False, *more, **named)
            if answer.status_code != 200:
                return answer  # NTLM still needs its connection
            content = answer.content
            # exchangelib mends broken XML, and would take half an answer for a whole one: mail that it lists would be lost.
            if not is_whole(content):
                raise requests.exceptions.ConnectionError("the answer broke off in the middle")
            # It also asks for pieces of one byte: 28 MB of mail took 6.5 s, and 4 KB a millisecond.
            answer.iter_content = partial(_pieces, content)  # type: ignore[method-assign]
            return answer

        def init_poolmanager(self, *given: Any, **named: Any) -> None:
            super().init_poolmanager(*given, ssl_context=_context(tls), **named)

        def proxy_manager_for(self, proxy: Any, **named: Any) -> Any:
            return super().proxy_manager_for(proxy, ssl_context=_context(tls), **named)

        def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
            """By the context: what is named here would be read once more for each connection."""

        def get_connection_with_tls_context(self, request: Any, verify: Any, proxies: Any = None, cert: Any = None) -> Any:
            return super().get_connection_with_tls_context(request, tls.verify, proxies, cert)

    BaseProtocol.HTTP_ADAPTER_CLS = Adapter
    BaseProtocol.TIMEOUT = tls.timeout.total_seconds()
    BaseProtocol.USERAGENT = USER_AGENT


def _context(tls: ExchangeTls) -> ssl.SSLContext:
    return tls_context(tls.ca_file or DEFAULT_CA_BUNDLE_PATH, tls.verify)


def _post(url: str, **more: Any) -> httpx.Response:
    """What exchangelib does not ask for, with the same settings."""
    tls: ExchangeTls = BaseProtocol.HTTP_ADAPTER_CLS.settings
    with http_client(tls, _context(tls)) as client:
        return client.post(url, **more)


def _pieces(content: bytes, chunk_size: int | None = 1, decode_unicode: bool = False) -> Iterator[bytes]:
    """`Response.iter_content` of an answer that is there whole."""
    size = max(chunk_size or 0, _PIECE)
    return (content[place : place + size] for place in range(0, len(content), size))


# Checked certificates and whole answers, also where nobody called `use_tls`.
use_tls(ExchangeTls(None, True, timedelta(seconds=60)))


class _Kinds(dict[str, Any]):
    """exchangelib's classes by the kind of an item. One of a kind that it does not know would keep out all mail beside it."""

    def __missing__(self, tag: str) -> Any:
        return Item


BaseFolder.ITEM_MODEL_MAP = _Kinds(BaseFolder.ITEM_MODEL_MAP)


# exchangelib asks of each folder who may read it, which Exchange tells to its owner alone: anybody else would be refused the folder.
Folder.get_field_by_fieldname("permission_set").deprecated_from = EXCHANGE_2007_SP1


class Sync(SyncFolderItems):  # type: ignore[misc]
    """An error has no sync state, and exchangelib would stumble over that before it sees the error."""

    def _get_element_container(self, message: Any, name: str | None = None) -> Any:
        if message.get("ResponseClass") == "Error" and message.find(f"{{{MNS}}}SyncState") is None:
            SubElement(message, f"{{{MNS}}}SyncState").text = ""
            SubElement(message, f"{{{MNS}}}IncludesLastItemInRange").text = "false"
        return super()._get_element_container(message=message, name=name)
