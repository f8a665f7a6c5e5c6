"""A mailbox in Exchange Online by Microsoft Graph, through httpx."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import httpx
from msgspec.structs import replace

from engine.config.connections import ExchangeTls, GraphSource
from engine.sources.graph_answers import Gone, NoMime, as_message, fault_of, moment, told
from engine.sources.http_client import http_client
from engine.sources.remote import (
    Backlog,
    Fetched,
    Page,
    Place,
    RemoteError,
    RemoteItem,
    StateLost,
    backlog,
    check_folders,
    listed,
    page,
)
from engine.sources.tls import tls_context
from engine.sources.tokens import Application, Bearer, given_up, token_url

PAGE_ITEMS = 100
_MOST_TEXT = 10_000_000  # bytes of an item whose whole text is asked for; of a larger one its first 255 letters
# A proxy's page, or a server that is out of its mind: a message comes as text/plain.
_NO_MESSAGE = ("text/html", "application/json")
_WELL_KNOWN = {
    "inbox": "inbox",
    "sent items": "sentitems",
    "archive": "archive",
    "deleted items": "deleteditems",
    "junk email": "junkemail",
}


class GraphMailbox:
    """See `remote.Remote`.

    An id is that of an item in its folder: by Graph's immutable ids, an item that leaves a folder and comes back is not listed again.
    """

    def __init__(self, address: str, source: GraphSource, tls: ExchangeTls) -> None:
        self.address = address
        self._tls = tls
        self.source = source
        self._user = f"{source.endpoint}/users/{quote(address)}"
        self._client: httpx.Client | None = None
        root = source.endpoint.partition("/v1.0")[0].rstrip("/")
        self.bearer = Bearer(
            Application(
                token_url(source.authority, source.tenant),
                f"{root}/.default",
                source.client_id,
                source.client_secret,
                source.certificate,
            )
        )
        self._folders: dict[str, str] = {}

    @property
    def account(self) -> str:
        return f"{self.address} by Graph"

    @property
    def folder(self) -> str:
        return self.source.folder.strip("/")

    @contextmanager
    def _told(self) -> Iterator[None]:
        with given_up(self), told():
            yield

    # --- reading ---------------------------------------------------------------------------------------------------

    def changes(self, state: str | None) -> Page:
        """`state` is the link that the server gave: within one page of the mailbox's own address it is followed as it is."""
        with self._told():
            if state is None:
                folder = self._folder(self.source.folder)
                # Sizes it does not list: Graph has no field for them, and takes no `$expand` with a filter here.
                url = f"{self._user}/mailFolders/{folder}/messages/delta?changeType=created&$select=isRead,receivedDateTime"
            elif state.startswith(f"{self.source.endpoint}/"):
                url = state
            else:
                raise StateLost("the stored place is another server's")
            answer = self._call("GET", url, headers={"Prefer": f"odata.maxpagesize={PAGE_ITEMS}"}).json()
            items = tuple(
                listed(one["id"], not one.get("isRead", False), moment(one["receivedDateTime"]))
                for one in answer.get("value", ())
                if "@removed" not in one and "receivedDateTime" in one
            )
            following = answer.get("@odata.nextLink")
            return page(items, following or answer["@odata.deltaLink"], following is None)

    def fetch(self, items: Sequence[RemoteItem], largest: int) -> Iterator[Fetched]:
        return (self._one(item, largest) for item in items)

    def _one(self, item: RemoteItem, largest: int) -> Fetched:
        with self._told():
            try:
                raw = self._mime(item, largest)
            except Gone:
                return Fetched(item.id, None)
            except NoMime:
                return self.describe(item)
            if len(raw) > largest:
                return replace(self.describe(replace(item, size=len(raw))), size=len(raw))
            return Fetched(item.id, raw, item.received_at) if raw else self.describe(item)

    def _mime(self, item: RemoteItem, largest: int) -> bytes:
        """No more of it than shows that it is larger."""
        found = bytearray()
        with self._http().stream("GET", f"{self._message(item.id)}/$value", headers=self._authorization()) as answer:
            _taken(answer)
            kind = answer.headers.get("Content-Type", "").partition(";")[0]
            if kind in _NO_MESSAGE:
                raise RemoteError(f"no message came but {kind}")
            for piece in answer.iter_bytes():
                found += piece
                if len(found) > largest:
                    break
        return bytes(found)

    def describe(self, item: RemoteItem) -> Fetched:
        with self._told():
            try:
                text = "body" if item.size < _MOST_TEXT else "bodyPreview"
                fields = (
                    "subject,from,toRecipients,ccRecipients,internetMessageId,sentDateTime,receivedDateTime,hasAttachments,"
                    f"internetMessageHeaders,{text}"
                )
                as_text = {"Prefer": 'outlook.body-content-type="text"'}
                found = self._call("GET", f"{self._message(item.id)}?$select={fields}", headers=as_text).json()
            except Gone:
                return Fetched(item.id, None)
            return Fetched(item.id, as_message(found), moment(found.get("receivedDateTime")))

    def backlog(self) -> Backlog:
        with self._told():
            folder = self._folder(self.source.folder)
            counts = self._call("GET", f"{self._user}/mailFolders/{folder}?$select=unreadItemCount").json()
            # Graph takes an order only of what the filter names, and names first.
            query = "$filter=receivedDateTime ge 1900-01-01T00:00:00Z and isRead eq false&$orderby=receivedDateTime&$top=1&$select=receivedDateTime"
            oldest = self._call("GET", f"{self._user}/mailFolders/{folder}/messages?{query}").json().get("value", [])
            return backlog(int(counts.get("unreadItemCount", 0)), moment(oldest[0]["receivedDateTime"]) if oldest else None)

    # --- filing and sending ------------------------------------------------------------------------------------------

    def file(self, ids: Sequence[str], place: Place | None) -> dict[str, str] | None:
        path = self.source.folder_for(place) if place is not None else None
        moved = {}
        with self._told():
            for one in ids:
                folder = self._folder(path) if path is not None else None
                try:
                    if folder is not None:
                        answer = self._call("POST", f"{self._message(one)}/move", json={"destinationId": folder}).json()
                        moved[one] = str(answer["id"])
                    else:
                        self._call("PATCH", self._message(one), json={"isRead": True})
                except Gone:
                    # Somebody else moved or deleted it meanwhile, or the folder: both are "not found".
                    if path is not None:
                        self._folders.pop(path)
                        self._folder(path)
        return moved if path is not None and path != self.source.processed else None

    def find(self, place: Place, message_id: str) -> list[str]:
        path = self.source.folder_for(place)
        if path is None:
            return []
        with self._told():
            wanted = quote(f"<{message_id}>".replace("'", "''"), safe="")
            query = f"$filter=internetMessageId eq '{wanted}'&$select=id"
            found = self._call("GET", f"{self._user}/mailFolders/{self._folder(path)}/messages?{query}").json()
            return [str(one["id"]) for one in found.get("value", [])]

    def send(self, mime: bytes) -> None:
        with self._told():
            body = base64.b64encode(mime)
            self._call("POST", f"{self._user}/sendMail", content=body, headers={"Content-Type": "text/plain"})

    def check(self, fix: bool) -> list[str]:
        with self._told():
            self._folder(self.source.folder)
            return check_folders((self.source.processed, self.source.failed), self._folder, self._create, Gone, fix)

    def _folder(self, path: str) -> str:
        """The id of a folder by its path. Raises `Gone`."""
        if path not in self._folders:
            first, *rest = path.strip("/").split("/")
            found = _WELL_KNOWN.get(first.casefold()) or self._child("mailFolders", first)
            for name in rest:
                found = self._child(f"mailFolders/{found}/childFolders", name)
            self._call("GET", f"{self._user}/mailFolders/{found}?$select=id")
            self._folders[path] = found
        return self._folders[path]

    def _child(self, where: str, name: str) -> str:
        wanted = name.replace("'", "''")
        found = (
            self._call("GET", f"{self._user}/{where}?$filter=displayName eq '{quote(wanted)}'&$select=id").json().get("value", [])
        )
        if not found:
            raise Gone(f"there is no folder {name}")
        return str(found[0]["id"])

    def _create(self, path: str) -> None:
        above, _, name = path.strip("/").rpartition("/")
        where = f"mailFolders/{self._folder(above)}/childFolders" if above else "mailFolders"
        self._call("POST", f"{self._user}/{where}", json={"displayName": name})

    def _message(self, identity: str) -> str:
        return f"{self._user}/messages/{quote(identity, safe='')}"

    # --- calls ---------------------------------------------------------------------------------------------------------

    def _call(self, method: str, url: str, headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        return _taken(self._http().request(method, url, headers=self._authorization() | (headers or {}), **more))

    def _authorization(self) -> dict[str, str]:
        return {"Authorization": self.bearer.show(self._http().post)}

    def _http(self) -> httpx.Client:
        """Certificates are always checked here: Microsoft's are good, and a proxy's CA can be named."""
        if self._client is None:
            self._client = http_client(self._tls, tls_context(self._tls.ca_file))
        return self._client

    def close(self) -> None:
        client, self._client = self._client, None
        self._folders.clear()
        if client is not None:
            client.close()


def _taken(answer: httpx.Response) -> httpx.Response:
    """As it is, unless it says what is wrong: that is read and raised."""
    if answer.status_code >= 400:
        answer.read()
        raise fault_of(answer)
    return answer
