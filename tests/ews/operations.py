"""What each operation of EWS answers, of what a mailbox holds."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from tests.ews.store import Item, Store

S = "http://schemas.xmlsoap.org/soap/envelope/"


M = "http://schemas.microsoft.com/exchange/services/2006/messages"


T = "http://schemas.microsoft.com/exchange/services/2006/types"


A = "http://schemas.microsoft.com/exchange/2010/Autodiscover"


N = {"s": S, "m": M, "t": T, "a": A}


def autodiscovered(settings: str | None) -> str:
    """MS-OXWSADISC 3.1.4.1: what is told of one user, who may be unknown."""
    code = "NoError" if settings is not None else "InvalidUser"
    return envelope(
        f"<a:GetUserSettingsResponseMessage><a:Response><a:ErrorCode>NoError</a:ErrorCode><a:UserResponses><a:UserResponse>"
        f"<a:ErrorCode>{code}</a:ErrorCode><a:ErrorMessage>{code}</a:ErrorMessage><a:UserSettings>{settings or ''}</a:UserSettings>"
        "</a:UserResponse></a:UserResponses></a:Response></a:GetUserSettingsResponseMessage>"
    )


def setting(name: str, value: str) -> str:
    return f"<a:UserSetting><a:Name>{name}</a:Name><a:Value>{value}</a:Value></a:UserSetting>"


def envelope(body: str) -> str:
    return (
        f"<?xml version='1.0' encoding='utf-8'?><s:Envelope xmlns:s='{S}' xmlns:m='{M}' xmlns:t='{T}' xmlns:a='{A}'><s:Header><t:ServerVersionInfo "
        "MajorVersion='15' MinorVersion='1' MajorBuildNumber='2507' MinorBuildNumber='6' Version='V2017_07_11'/></s:Header>"
        f"<s:Body>{body}</s:Body></s:Envelope>"
    )


def _message(operation: str, inner: str = "") -> str:
    return f"<m:{operation}ResponseMessage ResponseClass='Success'><m:ResponseCode>NoError</m:ResponseCode>{inner}</m:{operation}ResponseMessage>"


def error(operation: str, code: str, text: str) -> str:
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
        f"<t:ChildFolderCount>{children}</t:ChildFolderCount>{_rights_xml(store, identity)}<t:UnreadCount>{unread}</t:UnreadCount></t:Folder>"
    )


_RIGHTS = ("CreateAssociated", "CreateContents", "CreateHierarchy", "Delete", "Modify", "Read", "ViewPrivateItems")


def _rights_xml(store: Store, what: str) -> str:
    """All but the one that the user lacks."""
    rights = "".join(f"<t:{name}>{str(store.may_not.get(what) != name).lower()}</t:{name}>" for name in _RIGHTS)
    return f"<t:EffectiveRights>{rights}</t:EffectiveRights>"


_DISTINGUISHED = {"msgfolderroot": "root", "root": "root", "inbox": "inbox", "sentitems": "sentitems"}


def _folder_ids(call: Any) -> list[str]:
    found = []
    for node in call.iter(f"{{{T}}}FolderId", f"{{{T}}}DistinguishedFolderId"):
        found.append(_DISTINGUISHED.get(node.get("Id"), node.get("Id")))
    return found


def _denied(operation: str) -> str:
    return error(operation, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")


def _get_folder(store: Store, call: Any) -> str:
    """Who may read a folder is told to its owner alone."""
    answers = []
    asks_who = any(node.get("FieldURI") == "folder:PermissionSet" for node in call.iter(f"{{{T}}}FieldURI"))
    for identity in _folder_ids(call.find("m:FolderIds", N)):
        if asks_who or identity in store.hidden:
            answers.append(_denied("GetFolder"))
        elif identity in store.folders:
            answers.append(_message("GetFolder", f"<m:Folders>{_folder_xml(store, identity)}</m:Folders>"))
        else:
            answers.append(error("GetFolder", "ErrorFolderNotFound", "The specified folder could not be found in the store."))
    return "".join(answers)


def _find_folder(store: Store, call: Any) -> str:
    (parent,) = _folder_ids(call.find("m:ParentFolderIds", N))
    if parent in store.hidden:
        return _denied("FindFolder")
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


def _asked(call: Any) -> set[str]:
    """Of items: what is not asked for is not told."""
    return {node.get("FieldURI") for node in call.iterfind("m:ItemShape/t:AdditionalProperties/t:FieldURI", N)}


def _item_xml(store: Store, item: Item, asked: set[str]) -> str:
    """Its properties in the order of the schema."""
    properties = item.properties
    person = f"<t:Mailbox><t:Name>{escape(properties.get('from', ''))}</t:Name><t:EmailAddress>{escape(properties.get('from', ''))}</t:EmailAddress></t:Mailbox>"
    headers = "".join(
        f"<t:InternetMessageHeader HeaderName={quoteattr(name)}>{escape(value)}</t:InternetMessageHeader>"
        for name, value in item.headers
    )
    # Made when they are asked for: of 28 MB of mail, MIME takes a second.
    told: dict[str, Callable[[], str]] = {
        "item:MimeContent": lambda: _mime_xml(item.mime),
        "": lambda: f"<t:ItemId Id='{item.id}' ChangeKey='v{item.version}'/>",
        "item:Subject": lambda: f"<t:Subject>{escape(properties['subject'])}</t:Subject>" if "subject" in properties else "",
        "item:Sensitivity": lambda: f"<t:Sensitivity>{properties.get('sensitivity', 'Normal')}</t:Sensitivity>",
        "item:TextBody": lambda: (
            f"<t:TextBody BodyType='Text'>{escape(properties['body'])}</t:TextBody>" if "body" in properties else ""
        ),
        "item:InternetMessageHeaders": lambda: f"<t:InternetMessageHeaders>{headers}</t:InternetMessageHeaders>",
        "item:DateTimeReceived": lambda: (
            f"<t:DateTimeReceived>{item.received.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}</t:DateTimeReceived>"
        ),
        "item:Size": lambda: f"<t:Size>{item.size}</t:Size>",
        "item:HasAttachments": lambda: f"<t:HasAttachments>{'true' if 'files' in properties else 'false'}</t:HasAttachments>",
        "item:EffectiveRights": lambda: _rights_xml(store, "items"),
        "message:From": lambda: f"<t:From>{person}</t:From>" if "from" in properties else "",
        "message:InternetMessageId": lambda: f"<t:InternetMessageId>{escape(item.message_id)}</t:InternetMessageId>",
        "message:IsRead": lambda: f"<t:IsRead>{str(item.is_read).lower()}</t:IsRead>",
    }
    return f"<t:{item.kind}>{''.join(told[name]() for name in told if name in asked | {''})}</t:{item.kind}>"


def _mime_xml(mime: bytes | None) -> str:
    return "" if mime is None else f"<t:MimeContent CharacterSet='UTF-8'>{base64.b64encode(mime).decode()}</t:MimeContent>"


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
            return error(
                "SyncFolderItems", "ErrorInvalidSyncStateData", "Synchronization state data is corrupt or otherwise invalid."
            )
    if folder not in store.folders:
        return error("SyncFolderItems", "ErrorFolderNotFound", "The specified folder could not be found in the store.")
    asked = _asked(call)
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
                    parts.append(f"<t:{tag}>{_item_xml(store, item, asked)}</t:{tag}>")
    new = base64.b64encode(f"{store.epoch}:{end}".encode()).decode()
    return _message(
        "SyncFolderItems",
        f"<m:SyncState>{new}</m:SyncState><m:IncludesLastItemInRange>{str(last).lower()}</m:IncludesLastItemInRange><m:Changes>{''.join(parts)}</m:Changes>",
    )


def _item_ids(call: Any) -> list[str]:
    return [node.get("Id") for node in call.iter(f"{{{T}}}ItemId")]


def _not_found(operation: str) -> str:
    return error(operation, "ErrorItemNotFound", "The specified object was not found in the store.")


def _get_item(store: Store, call: Any) -> str:
    asked = _asked(call)
    answers = []
    for identity in _item_ids(call):
        item = store.items.get(identity)
        if identity in store.silent:
            answers.append(error("GetItem", store.why_silent, "The item is not given."))
            continue
        answers.append(
            _message("GetItem", f"<m:Items>{_item_xml(store, item, asked)}</m:Items>") if item else _not_found("GetItem")
        )
    return "".join(answers)


def _find_item(store: Store, call: Any) -> str:
    (folder,) = _folder_ids(call.find("m:ParentFolderIds", N))
    items = store.in_folder(folder)
    (wanted,) = call.iterfind("m:Restriction/t:IsEqualTo", N)
    value = wanted.find(".//t:Constant", N).get("Value")
    match wanted.find("t:FieldURI", N).get("FieldURI"):
        case "message:IsRead":
            items = [item for item in items if item.is_read == (value in ("1", "true"))]
        case "message:InternetMessageId":
            items = [item for item in items if item.message_id == value]
    order = call.find("m:SortOrder/t:FieldOrder", N)
    if order is not None:
        assert order.find("t:FieldURI", N).get("FieldURI") == "item:DateTimeReceived"
        items = sorted(items, key=lambda item: item.received, reverse=order.get("Order") == "Descending")
    view = call.find("m:IndexedPageItemView", N)
    offset, most = int(view.get("Offset")), int(view.get("MaxEntriesReturned"))
    page = items[offset : offset + most]
    last = offset + most >= len(items)
    asked = _asked(call)
    inner = "".join(_item_xml(store, item, asked) for item in page)
    return _message(
        "FindItem",
        f"<m:RootFolder TotalItemsInView='{len(items)}' IncludesLastItemInRange='{str(last).lower()}' IndexedPagingOffset='{offset + len(page)}'><t:Items>{inner}</t:Items></m:RootFolder>",
    )


def _move(store: Store, call: Any) -> str:
    (folder,) = _folder_ids(call.find("m:ToFolderId", N))
    answers = []
    for identity in _item_ids(call.find("m:ItemIds", N)):
        if folder not in store.folders:
            answers.append(error("MoveItem", "ErrorToFolderNotFound", "The destination folder does not exist."))
            continue
        if identity in store.stuck:
            answers.append(error("MoveItem", store.why_stuck, "The item cannot be moved."))
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
        refusal = store.send(base64.b64decode(node.text or ""))
        told = error("CreateItem", refusal, "The message may not be sent.") if refusal else _message("CreateItem", "<m:Items/>")
        answers.append(told)
    return "".join(answers)


OPERATIONS: dict[str, Callable[[Store, Any], str]] = {
    "GetFolder": _get_folder,
    "FindFolder": _find_folder,
    "CreateFolder": _create_folder,
    "SyncFolderItems": _sync,
    "GetItem": _get_item,
    "FindItem": _find_item,
    "MoveItem": _move,
    "UpdateItem": _update,
    "CreateItem": _create_item,
    "ConvertId": lambda store, call: error("ConvertId", "ErrorInvalidIdMalformed", "Id is malformed."),  # asked for the version
}
