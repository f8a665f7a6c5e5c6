"""A small Microsoft Graph on loopback, over TLS: tokens, delta, `$value`, move, mark and sendMail, on the store of `tests/ews`."""

from __future__ import annotations

import base64
import json
import re
import ssl
from collections import Counter
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from engine.config.connections import GraphSource
from tests import loopback
from tests.ews.store import Folder, Item, Store
from tests.loopback import Loopback


class GraphServer(Loopback):
    """`start()` gives the address. Faults are (pattern of the path, status, headers, how often)."""

    def __init__(self, store: Store, tls: ssl.SSLContext) -> None:
        super().__init__(tls)
        self.store = store
        self.secret = "app-secret"
        self.token, self.token_seconds = "a-token", 3600
        self.calls: Counter[str] = Counter()
        self.faults: list[list[Any]] = []
        self.token_requests: list[dict[str, list[str]]] = []
        self.base = ""

    def fail(self, pattern: str, status: int, times: int = 1, **headers: str) -> None:
        self.faults.append([pattern, status, {name.replace("_", "-"): value for name, value in headers.items()}, times])

    def answer(self, pattern: str, body: bytes) -> None:
        """Once, as if all were well."""
        self.faults.append([pattern, 200, body, 1])

    def source(self, **changes: Any) -> GraphSource:
        """As a configuration has it that reads from here."""
        values: dict[str, Any] = {
            "tenant": "tenant",
            "client_id": "app",
            "client_secret": "${env:GRAPH_SECRET}",
            "certificate": None,
            "endpoint": f"{self.base}/v1.0",
            "authority": self.base,
            "folder": "Inbox",
            "processed": "Inbox/Processed",
            "failed": "Inbox/Failed",
            "every": timedelta(seconds=1),
            "mailbox": None,
        }
        return GraphSource(**(values | changes))

    def start(self) -> str:
        owner = self

        class Handler(_Handler):
            graph = owner

        self.base = f"https://localhost:{self.listen(Handler)}"
        return self.base


def _selected(known: dict[str, Any], fields: str) -> dict[str, Any]:
    """What `$select` names, and the id."""
    return {name: value for name, value in known.items() if not fields or name in ("id", *fields.split(","))}


class _Handler(loopback.Handler):
    graph: GraphServer

    def do_GET(self) -> None:
        self._do("GET")

    def do_POST(self) -> None:
        self._do("POST")

    def do_PATCH(self) -> None:
        self._do("PATCH")

    def _do(self, method: str) -> None:
        body = self.body()
        graph = self.graph
        parts = urlsplit(self.path)
        path = unquote(parts.path)
        for fault in graph.faults:
            if fault[3] > 0 and re.search(fault[0], path):
                fault[3] -= 1
                if isinstance(fault[2], bytes):
                    self.answer(fault[1], fault[2], "application/json")
                    return
                self._json(fault[1], {"error": {"code": fault[2].pop("code", "x"), "message": "told to fail"}}, fault[2])
                return
        if path == "/tenant/oauth2/v2.0/token":
            asked = parse_qs(body.decode())
            graph.token_requests.append(asked)
            if asked.get("client_secret") == [graph.secret] or "client_assertion" in asked:
                self._json(200, {"access_token": graph.token, "token_type": "Bearer", "expires_in": graph.token_seconds})
            else:
                self._json(
                    401, {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided."}
                )
            return
        if self.headers.get("Authorization") != f"Bearer {graph.token}":
            self._json(401, {"error": {"code": "InvalidAuthenticationToken", "message": "no"}})
            return
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        rest = path.partition(f"/users/{graph.store.address}/")[2]
        graph.calls[f"{method} {re.sub('(item|folder)-[0-9]+', 'X', rest)}"] += 1
        self._route(method, rest, query, body)

    def _route(self, method: str, rest: str, query: dict[str, str], body: bytes) -> None:
        store = self.graph.store
        if found := re.fullmatch(r"mailFolders/([^/]+)/messages/delta", rest):
            self._delta(found[1], query)
        elif found := re.fullmatch(r"mailFolders/([^/]+)/messages", rest):
            if by_id := re.fullmatch(r"internetMessageId eq '(.*)'", query.get("$filter", "")):
                wanted = by_id[1].replace("''", "'")
                self._json(200, {"value": [{"id": one.id} for one in store.in_folder(found[1]) if one.message_id == wanted]})
                return
            self._unread(found[1], query)
        elif found := re.fullmatch(r"mailFolders/([^/]+)/childFolders|mailFolders", rest):
            parent = found[1] or "root"
            if method == "POST":
                folder = store.add_folder(json.loads(body)["displayName"], parent)
                self._json(201, {"id": folder.id})
                return
            wanted = re.search(r"displayName eq '(.*)'", query.get("$filter", ""))
            folder_found = store.folder_named(wanted[1].replace("''", "'") if wanted else "", parent)
            self._json(200, {"value": [{"id": folder_found.id}] if folder_found else []})
        elif found := re.fullmatch(r"mailFolders/([^/]+)", rest):
            self._folder(store.folders.get(found[1]), query)
        elif found := re.fullmatch(r"messages/([^/]+)(/\$value|/move)?", rest):
            self._message(method, found[1], found[2] or "", query, body)
        elif rest == "sendMail":
            error = store.send(base64.b64decode(body))
            self._json(*((400, {"error": {"code": error, "message": "not sent"}}) if error else (202, None)))
        else:
            self._json(404, {"error": {"code": "NotFound", "message": rest}})

    def _folder(self, folder: Folder | None, query: dict[str, str]) -> None:
        if folder is None:
            self._json(404, {"error": {"code": "ErrorItemNotFound", "message": "no such folder"}})
            return
        unread = sum(not item.is_read for item in self.graph.store.in_folder(folder.id))
        self._json(200, _selected({"id": folder.id, "unreadItemCount": unread}, query.get("$select", "")))

    def _unread(self, folder: str, query: dict[str, str]) -> None:
        asked = query["$filter"]
        if not asked.startswith(f"{query['$orderby']} "):
            error = {"code": "InefficientFilter", "message": "The restriction or sort order is too complex for this operation."}
            self._json(400, {"error": error})
            return
        assert asked.endswith(" and isRead eq false")
        items = sorted((item for item in self.graph.store.in_folder(folder) if not item.is_read), key=lambda item: item.received)
        self._json(200, {"value": [self._shown(item, query["$select"]) for item in items[: int(query["$top"])]]})

    def _delta(self, folder: str, query: dict[str, str]) -> None:
        if "$filter" in query.get("$expand", ""):
            self._json(500, {"error": {"code": "InternalServerError", "message": "Value cannot be null. Parameter name: type"}})
            return
        store = self.graph.store
        token = (
            query.get("$deltatoken")
            or query.get("$skiptoken")
            or f"{store.epoch}:0:{query.get('changeType', '')}:{query['$select']}"
        )
        epoch, place, wanted, fields = token.split(":")
        if epoch != str(store.epoch):
            self._json(410, {"error": {"code": "syncStateNotFound", "message": "The sync state generation is not found."}})
            return
        most = int(re.search(r"odata\.maxpagesize=(\d+)", self.headers.get("Prefer", "odata.maxpagesize=10"))[1])  # type: ignore[index]
        shown, end, last = store.changes(folder, int(place), most)
        value: list[dict[str, Any]] = []
        for kind, identity in shown:
            item = store.items.get(identity)
            if kind == "delete" or item is None:
                value.append({"id": identity, "@removed": {"reason": "deleted"}})
            elif kind == "create" or not wanted:  # of an update mostly all that was selected, and what that was nobody can tell
                value.append(self._shown(item, fields))
            else:
                value.append({"id": identity, "isRead": item.is_read})
        link = f"{self.graph.base}/v1.0/users/{store.address}/mailFolders/{folder}/messages/delta?"
        ending = (
            {"@odata.deltaLink": f"{link}$deltatoken={store.epoch}:{end}:{wanted}:{fields}"}
            if last
            else {"@odata.nextLink": f"{link}$skiptoken={store.epoch}:{end}:{wanted}:{fields}"}
        )
        self._json(200, {"value": value, **ending})

    def _shown(self, item: Item, fields: str = "") -> dict[str, Any]:
        shown = {"id": item.id, "isRead": item.is_read, "receivedDateTime": f"{item.received:%Y-%m-%dT%H:%M:%SZ}"}
        return _selected(shown, fields)

    def _message(self, method: str, identity: str, what: str, query: dict[str, str], body: bytes) -> None:
        store = self.graph.store
        item = store.items.get(identity)
        if item is None:
            self._not_found()
        elif method == "GET" and identity in store.silent:
            self._not_done(store.why_silent)
        elif what == "/$value":
            if item.mime is None:
                self._json(
                    500, {"error": {"code": "ErrorMimeContentConversionFailed", "message": "MIME content conversion failed."}}
                )
            else:
                self.answer(200, item.mime, "text/plain")
        elif what == "/move":
            wanted = json.loads(body)["destinationId"]
            if identity in store.stuck and wanted in store.folders:
                self._not_done(store.why_stuck)
                return
            moved = store.move(identity, wanted) if wanted in store.folders else None
            if moved is None:  # the same words for a folder as for an item
                self._not_found()
                return
            self._json(201, self._shown(moved))
        elif method == "PATCH":
            store.mark_read(identity)
            self._json(200, {"id": identity})
        else:
            known = item.properties
            fields = query.get("$select", "")
            self._json(
                200,
                _selected(
                    {
                        **self._shown(item),
                        "subject": known.get("subject"),
                        "from": {"emailAddress": {"address": known["from"]}} if "from" in known else None,
                        "internetMessageId": known.get("message_id"),
                        "hasAttachments": "files" in known,
                        "internetMessageHeaders": [{"name": name, "value": value} for name, value in item.headers],
                        **self._text(known.get("body", ""), fields),
                    },
                    fields,
                ),
            )

    def _not_done(self, code: str) -> None:
        self._json(403 if code == "ErrorAccessDenied" else 500, {"error": {"code": code, "message": "told to fail"}})

    def _not_found(self) -> None:
        error = {"code": "ErrorItemNotFound", "message": "The specified object was not found in the store."}
        self._json(404, {"error": error})

    def _text(self, body: str, wanted: str) -> dict[str, Any]:
        """HTML, but where text is asked for; and the first 255 letters of it."""
        if "bodyPreview" in wanted.split(","):
            return {"bodyPreview": body[:255]}
        is_text = 'outlook.body-content-type="text"' in self.headers.get("Prefer", "")
        kind, content = ("text", body) if is_text else ("html", f"<p>{body}</p>")
        return {"body": {"contentType": kind, "content": content}}

    def _json(self, status: int, value: Any, headers: dict[str, str] | None = None) -> None:
        self.answer(status, json.dumps(value).encode() if value is not None else b"", "application/json", headers)
