"""A small Exchange server: EWS over SOAP on loopback, as far as a client that reads a mailbox needs it.

It can be told to fail: `server.fail("GetItem", "busy", times=2)`; see `FAULTS`.
"""

from __future__ import annotations

import base64
import contextlib
import json
import random
import re
import socket
import ssl
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

import spnego
from lxml import etree

from tests import loopback
from tests.ews.store import Item, Store
from tests.loopback import Loopback

S = "http://schemas.xmlsoap.org/soap/envelope/"
M = "http://schemas.microsoft.com/exchange/services/2006/messages"
T = "http://schemas.microsoft.com/exchange/services/2006/types"
A = "http://schemas.microsoft.com/exchange/2010/Autodiscover"
N = {"s": S, "m": M, "t": T, "a": A}
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
        self.faults: list[Fault] = []
        self.random: random.Random | None = None
        self.chance = 0.0
        self.calls: Counter[str] = Counter()
        self.impersonated: set[str] = set()
        self.endpoint = ""
        self.ntlm = False
        self.wrong_passwords = 0
        self.discovered: dict[str, str] = {}  # by Autodiscover: addresses, and the settings that are told of them as XML
        self.bend: Callable[[bytes], bytes] | None = None  # what becomes of each answer on its way

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

    def next_fault(self, operation: str) -> Fault | None:
        for fault in self.faults:
            if fault.operation in ("*", operation) and fault.times > 0:
                fault.times -= 1
                return fault
        if self.random is not None and self.random.random() < self.chance:
            kind = self.random.choice(["busy", "503", "500", "reset", "truncated", "not xml"])
            return Fault(operation, kind, seconds=0.05)
        return None


class _Handler(loopback.Handler):
    server_of: Server

    def setup(self) -> None:
        super().setup()
        self._signed_in = False
        self._handshake: Any = spnego.server(protocol="ntlm") if self.server_of.ntlm else None

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        server = self.server_of
        if self.path.endswith("/token"):
            server.token_params = dict(pair.split("=", 1) for pair in body.decode().split("&"))
            status, answer = server.token_answer or (
                200,
                {"access_token": server.token, "token_type": "Bearer", "expires_in": 3600},
            )
            self._answer(status, answer if isinstance(answer, bytes) else json.dumps(answer).encode(), "application/json")
            return
        envelope = etree.fromstring(body, etree.XMLParser(resolve_entities=False))
        call = envelope.find("s:Body", N)[0]
        operation = etree.QName(call).localname
        server.calls[operation] += 1
        fault = server.next_fault(operation)
        if server.ntlm and not self._ntlm():
            return
        if not (server.ntlm or self._is_allowed()) or (fault and fault.kind == "401"):
            self._answer(401, b"", headers={"WWW-Authenticate": 'Basic realm="Exchange"'})
            return
        if fault is not None and self._fail(fault, operation):
            return
        store = server.store
        impersonated = envelope.find(".//t:ExchangeImpersonation//t:PrimarySmtpAddress", N)
        if impersonated is not None:
            server.impersonated.add(impersonated.text or "")
            store = server.stores.get(impersonated.text or "", store)
        address = call.find(".//t:DistinguishedFolderId//t:EmailAddress", N)
        if address is not None and address.text in server.stores:
            store = server.stores[address.text]
        if operation == "GetUserSettingsRequestMessage":
            asked = call.findtext(".//a:Mailbox", namespaces=N) or ""
            self._answer(200, _autodiscovered(server.discovered.get(asked)).encode())
            return
        answer = _OPERATIONS[operation](store, call)
        text = _envelope(f"<m:{operation}Response><m:ResponseMessages>{answer}</m:ResponseMessages></m:{operation}Response>")
        if fault is not None and fault.kind == "truncated":
            half = text.encode()[: len(text) // 2]
            self._answer(200, half)
            return
        self._answer(200, text.encode())

    def _ntlm(self) -> bool:
        """NTLM signs in a connection: a handshake of two answers, checked by pyspnego against NTLM_USER_FILE."""
        if self._signed_in:
            return True
        kind, _, token = self.headers.get("Authorization", "").partition(" ")
        told = "NTLM"
        if kind in ("NTLM", "Negotiate") and token:
            try:
                answer = self._handshake.step(base64.b64decode(token))
            except spnego.exceptions.SpnegoError:
                self._handshake = spnego.server(protocol="ntlm")
            else:
                if self._handshake.complete:
                    self._signed_in = True
                    return True
                told = f"NTLM {base64.b64encode(answer or b'').decode()}"
        self._answer(401, b"", headers={"WWW-Authenticate": told})
        return False

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
                _envelope(
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
                _envelope(
                    f"<m:{operation}Response><m:ResponseMessages>{_error(operation, 'ErrorAccessDenied', 'Access is denied.')}</m:ResponseMessages></m:{operation}Response>"
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


def _autodiscovered(settings: str | None) -> str:
    """MS-OXWSADISC 3.1.4.1: what is told of one user, who may be unknown."""
    error = "NoError" if settings is not None else "InvalidUser"
    return _envelope(
        f"<a:GetUserSettingsResponseMessage><a:Response><a:ErrorCode>NoError</a:ErrorCode><a:UserResponses><a:UserResponse>"
        f"<a:ErrorCode>{error}</a:ErrorCode><a:ErrorMessage>{error}</a:ErrorMessage><a:UserSettings>{settings or ''}</a:UserSettings>"
        "</a:UserResponse></a:UserResponses></a:Response></a:GetUserSettingsResponseMessage>"
    )


def setting(name: str, value: str) -> str:
    return f"<a:UserSetting><a:Name>{name}</a:Name><a:Value>{value}</a:Value></a:UserSetting>"


def _envelope(body: str) -> str:
    return (
        f"<?xml version='1.0' encoding='utf-8'?><s:Envelope xmlns:s='{S}' xmlns:m='{M}' xmlns:t='{T}' xmlns:a='{A}'><s:Header><t:ServerVersionInfo "
        "MajorVersion='15' MinorVersion='1' MajorBuildNumber='2507' MinorBuildNumber='6' Version='V2017_07_11'/></s:Header>"
        f"<s:Body>{body}</s:Body></s:Envelope>"
    )


def _message(operation: str, inner: str = "") -> str:
    return f"<m:{operation}ResponseMessage ResponseClass='Success'><m:ResponseCode>NoError</m:ResponseCode>{inner}</m:{operation}ResponseMessage>"


def _error(operation: str, code: str, text: str) -> str:
    return (
        f"<m:{operation}ResponseMessage ResponseClass='Error'><m:MessageText>{text}</m:MessageText><m:ResponseCode>{code}</m:ResponseCode>"
        f"<m:DescriptiveLinkKey>0</m:DescriptiveLinkKey></m:{operation}ResponseMessage>"
    )


def _folder_xml(store: Store, identity: str) -> str:
    folder = store.folders[identity]
    items = store.in_folder(identity)
    unread = sum(not item.is_read for item in items)
    children = sum(one.parent == identity for one in store.folders.values())
    return (
        f"<t:Folder><t:FolderId Id='{folder.id}' ChangeKey='k'/><t:ParentFolderId Id='{folder.parent or 'root'}' ChangeKey='k'/>"
        f"<t:FolderClass>IPF.Note</t:FolderClass><t:DisplayName>{escape(folder.name)}</t:DisplayName><t:TotalCount>{len(items)}</t:TotalCount>"
        f"<t:ChildFolderCount>{children}</t:ChildFolderCount><t:UnreadCount>{unread}</t:UnreadCount></t:Folder>"
    )


_DISTINGUISHED = {"msgfolderroot": "root", "root": "root", "inbox": "inbox", "sentitems": "sentitems"}


def _folder_ids(call: Any) -> list[str]:
    found = []
    for node in call.iter(f"{{{T}}}FolderId", f"{{{T}}}DistinguishedFolderId"):
        found.append(_DISTINGUISHED.get(node.get("Id"), node.get("Id")))
    return found


def _get_folder(store: Store, call: Any) -> str:
    answers = []
    for identity in _folder_ids(call.find("m:FolderIds", N)):
        if identity in store.folders:
            answers.append(_message("GetFolder", f"<m:Folders>{_folder_xml(store, identity)}</m:Folders>"))
        else:
            answers.append(_error("GetFolder", "ErrorFolderNotFound", "The specified folder could not be found in the store."))
    return "".join(answers)


def _find_folder(store: Store, call: Any) -> str:
    (parent,) = _folder_ids(call.find("m:ParentFolderIds", N))
    wanted = [node.get("Value") for node in call.iter(f"{{{T}}}Constant")]
    deep = call.get("Traversal") == "Deep"
    found = [
        one.id
        for one in store.folders.values()
        if one.parent is not None and (deep or one.parent == parent) and (not wanted or one.name in wanted)
    ]
    inner = "".join(_folder_xml(store, identity) for identity in found)
    return _message(
        "FindFolder",
        f"<m:RootFolder TotalItemsInView='{len(found)}' IncludesLastItemInRange='true' IndexedPagingOffset='{len(found)}'><t:Folders>{inner}</t:Folders></m:RootFolder>",
    )


def _create_folder(store: Store, call: Any) -> str:
    (parent,) = _folder_ids(call.find("m:ParentFolderId", N))
    answers = []
    for node in call.iter(f"{{{T}}}DisplayName"):
        folder = store.add_folder(node.text or "", parent)
        answers.append(_message("CreateFolder", f"<m:Folders>{_folder_xml(store, folder.id)}</m:Folders>"))
    return "".join(answers)


def _item_xml(item: Item, mime: bool) -> str:
    content = (
        f"<t:MimeContent CharacterSet='UTF-8'>{base64.b64encode(item.mime).decode()}</t:MimeContent>"
        if mime and item.mime is not None
        else ""
    )
    properties = item.properties
    subject = f"<t:Subject>{escape(properties['subject'])}</t:Subject>" if "subject" in properties else ""
    body = f"<t:TextBody BodyType='Text'>{escape(properties['body'])}</t:TextBody>" if "body" in properties else ""
    sender = (
        f"<t:From><t:Mailbox><t:Name>{escape(properties['from'])}</t:Name><t:EmailAddress>{escape(properties['from'])}</t:EmailAddress></t:Mailbox></t:From>"
        if "from" in properties
        else ""
    )
    message_id = (
        f"<t:InternetMessageId>{escape(properties['message_id'])}</t:InternetMessageId>" if "message_id" in properties else ""
    )
    return (
        f"<t:{item.kind}>{content}<t:ItemId Id='{item.id}' ChangeKey='v{item.version}'/>{subject}{body}"
        f"<t:DateTimeReceived>{item.received.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}</t:DateTimeReceived><t:Size>{item.size}</t:Size>"
        f"<t:HasAttachments>{'true' if 'files' in properties else 'false'}</t:HasAttachments>{sender}{message_id}<t:IsRead>{str(item.is_read).lower()}</t:IsRead></t:{item.kind}>"
    )


def _sync(store: Store, call: Any) -> str:
    (folder,) = _folder_ids(call.find("m:SyncFolderId", N))
    state = call.findtext("m:SyncState", namespaces=N) or ""
    most = int(call.findtext("m:MaxChangesReturned", namespaces=N) or 100)
    start = 0
    if state:
        try:
            epoch, _, place = base64.b64decode(state).decode().partition(":")
            start = int(place)
        except ValueError:
            epoch = ""
        if epoch != str(store.epoch):
            return _error(
                "SyncFolderItems", "ErrorInvalidSyncStateData", "Synchronization state data is corrupt or otherwise invalid."
            )
    if folder not in store.folders:
        return _error("SyncFolderItems", "ErrorFolderNotFound", "The specified folder could not be found in the store.")
    shown, end, last = store.changes(folder, start, most)
    parts = []
    for kind, identity in shown:
        if kind == "delete":
            parts.append(f"<t:Delete><t:ItemId Id='{identity}' ChangeKey='k'/></t:Delete>")
        else:
            tag = kind.capitalize()
            with store.lock:
                item = store.items.get(identity)
                if item is not None:
                    parts.append(f"<t:{tag}>{_item_xml(item, False)}</t:{tag}>")
    new = base64.b64encode(f"{store.epoch}:{end}".encode()).decode()
    return _message(
        "SyncFolderItems",
        f"<m:SyncState>{new}</m:SyncState><m:IncludesLastItemInRange>{str(last).lower()}</m:IncludesLastItemInRange><m:Changes>{''.join(parts)}</m:Changes>",
    )


def _item_ids(call: Any) -> list[str]:
    return [node.get("Id") for node in call.iter(f"{{{T}}}ItemId")]


def _not_found(operation: str) -> str:
    return _error(operation, "ErrorItemNotFound", "The specified object was not found in the store.")


def _get_item(store: Store, call: Any) -> str:
    mime = (
        any(node.get("FieldURI") == "item:MimeContent" for node in call.iter(f"{{{T}}}FieldURI"))
        or call.findtext(".//t:IncludeMimeContent", namespaces=N) == "true"
    )
    answers = []
    for identity in _item_ids(call):
        item = store.items.get(identity)
        if identity in store.silent:
            answers.append(_error("GetItem", "ErrorInternalServerError", "An internal server error occurred."))
            continue
        answers.append(_message("GetItem", f"<m:Items>{_item_xml(item, mime)}</m:Items>") if item else _not_found("GetItem"))
    return "".join(answers)


def _find_item(store: Store, call: Any) -> str:
    (folder,) = _folder_ids(call.find("m:ParentFolderIds", N))
    items = sorted(store.in_folder(folder), key=lambda item: item.received)
    if (
        any(node.get("FieldURI") == "message:IsRead" for node in call.iter(f"{{{T}}}FieldURI"))
        and call.find("m:Restriction", N) is not None
    ):
        items = [item for item in items if not item.is_read]
    restriction = call.find("m:Restriction", N)
    if restriction is not None and b"message:InternetMessageId" in etree.tostring(restriction):
        wanted = [node.get("Value") for node in call.iter(f"{{{T}}}Constant")]
        items = [item for item in items if item.message_id in wanted]
    view = call.find("m:IndexedPageItemView", N)
    offset, most = int(view.get("Offset")), int(view.get("MaxEntriesReturned"))
    page = items[offset : offset + most]
    last = offset + most >= len(items)
    inner = "".join(_item_xml(item, False) for item in page)
    return _message(
        "FindItem",
        f"<m:RootFolder TotalItemsInView='{len(items)}' IncludesLastItemInRange='{str(last).lower()}' IndexedPagingOffset='{offset + len(page)}'><t:Items>{inner}</t:Items></m:RootFolder>",
    )


def _move(store: Store, call: Any) -> str:
    (folder,) = _folder_ids(call.find("m:ToFolderId", N))
    answers = []
    for identity in _item_ids(call.find("m:ItemIds", N)):
        if folder not in store.folders:
            answers.append(_error("MoveItem", "ErrorToFolderNotFound", "The destination folder does not exist."))
            continue
        if identity in store.stuck:
            answers.append(_error("MoveItem", store.why_stuck, "The item cannot be moved."))
            continue
        new = store.move(identity, folder)
        if new is None:
            answers.append(_not_found("MoveItem"))
        else:
            answers.append(
                _message("MoveItem", f"<m:Items><t:Message><t:ItemId Id='{new.id}' ChangeKey='v1'/></t:Message></m:Items>")
            )
    return "".join(answers)


def _update(store: Store, call: Any) -> str:
    answers = []
    for identity in _item_ids(call):
        if store.mark_read(identity):
            answers.append(
                _message(
                    "UpdateItem",
                    f"<m:Items><t:Message><t:ItemId Id='{identity}' ChangeKey='v9'/></t:Message></m:Items><m:ConflictResults><t:Count>0</t:Count></m:ConflictResults>",
                )
            )
        else:
            answers.append(_not_found("UpdateItem"))
    return "".join(answers)


def _create_item(store: Store, call: Any) -> str:
    answers = []
    for node in call.iter(f"{{{T}}}MimeContent"):
        error = store.send(base64.b64decode(node.text or ""))
        told = _error("CreateItem", error, "The message may not be sent.") if error else _message("CreateItem", "<m:Items/>")
        answers.append(told)
    return "".join(answers)


_OPERATIONS: dict[str, Callable[[Store, Any], str]] = {
    "GetFolder": _get_folder,
    "FindFolder": _find_folder,
    "CreateFolder": _create_folder,
    "SyncFolderItems": _sync,
    "GetItem": _get_item,
    "FindItem": _find_item,
    "MoveItem": _move,
    "UpdateItem": _update,
    "CreateItem": _create_item,
    "ConvertId": lambda store, call: _error("ConvertId", "ErrorInvalidIdMalformed", "Id is malformed."),  # asked for the version
}
assert re and datetime
