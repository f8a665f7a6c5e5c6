"""A mailbox on Exchange by EWS, through exchangelib."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from exchangelib import (
    DELEGATE,
    IMPERSONATION,
    Account,
    Configuration,
    Credentials,
    EWSTimeZone,
    FolderCollection,
    Identity,
    Version,
)
from exchangelib.errors import DoesNotExist, ErrorFolderNotFound, ErrorItemNotFound
from exchangelib.folders import Folder, Inbox, MsgFolderRoot, Root
from exchangelib.items import Message
from exchangelib.properties import ItemId
from exchangelib.services import CreateFolder
from exchangelib.version import EXCHANGE_2016
from msgspec.structs import replace

import engine.sources.autodiscover  # noqa: F401  # exchangelib uses it from now on
from engine.config.connections import ENTRA, ExchangeSource
from engine.config.secrets import resolve
from engine.sources.ews_answers import item_as_message, told, utc
from engine.sources.ews_client import OAuth2, Policy, Sync
from engine.sources.line import Line
from engine.sources.remote import (
    RIGHTS,
    Backlog,
    Fetched,
    Page,
    Place,
    RemoteItem,
    SignInFailed,
    backlog,
    check_folders,
    listed,
    page,
)
from engine.sources.tokens import Application, Bearer, given_up, token_url

PAGE_ITEMS = 100
AT_ONCE = 16  # mailboxes of one account: Exchange takes 27 requests of a user at once, if nobody says otherwise
_LINES: dict[tuple[str, str], Line] = {}
_LISTED = ("size", "is_read", "datetime_received")
_HEAD = (
    "subject",
    "author",
    "message_id",
    "datetime_received",
    "datetime_sent",
    "to_recipients",
    "cc_recipients",
    "text_body",
    "has_attachments",
    "sensitivity",
    "headers",
)
_AUTH = {"basic": "basic", "ntlm": "NTLM", "kerberos": "gssapi", "oauth2": "OAuth 2.0"}


class ExchangeMailbox:
    """See `remote.Remote`. The connection is made by the first call, and again after `close`."""

    def __init__(self, address: str, source: ExchangeSource) -> None:
        self.address = address
        self.source = source
        self._account: Any = None
        self._folders: dict[str, Any] = {}
        self.bearer: Bearer | None = None
        user = source.username or source.client_id or ""
        self._line = _LINES.setdefault((source.endpoint or "", user), Line(AT_ONCE))

    @property
    def account(self) -> str:
        return f"{self.address} by Exchange"

    @property
    def folder(self) -> str:
        return self.source.folder.strip("/")

    @contextmanager
    def _told(self) -> Iterator[None]:
        """In turn, and with errors of ours. Not to be asked for within itself."""
        hint = (
            "; does it take Kerberos, and our ticket? See klist, and docs/exchange.md" if self.source.auth == "kerberos" else ""
        )
        # Given up, for exchangelib may have lost the connection, and would wait for it for ever.
        with given_up(self), self._line, told(hint):
            yield

    # --- reading ---------------------------------------------------------------------------------------------------

    def changes(self, state: str | None) -> Page:
        with self._told():
            folder = self._folder(self.source.folder)
            service = Sync(account=self._connected())
            found = list(
                service.call(
                    folder=folder,
                    shape="IdOnly",
                    additional_fields={field for field in folder.normalize_fields(_LISTED) if not field.field.is_attribute},
                    sync_state=state,
                    ignore=None,
                    max_changes_returned=PAGE_ITEMS,
                    sync_scope=None,
                )
            )
            items = tuple(
                listed(item.id, not getattr(item, "is_read", False), utc(item.datetime_received), int(item.size or 0))
                for kind, item in found
                if kind == "create"  # meeting requests and the like too: they are mail
            )
            last = bool(service.includes_last_item_in_range) or service.sync_state == state
            return page(items, service.sync_state, last)

    def fetch(self, items: Sequence[RemoteItem], largest: int) -> list[Fetched]:
        with self._told():
            whole = self._whole([item for item in items if item.size <= largest])
            return whole + [replace(self._described(item), size=item.size) for item in items if item.size > largest]

    def _whole(self, items: Sequence[RemoteItem]) -> list[Fetched]:
        wanted = [ItemId(id=item.id) for item in items]
        answers = list(self._connected().fetch(wanted, only_fields=["mime_content", "datetime_received"], chunk_size=25))
        return [self._fetched(item, answer) for item, answer in zip(items, answers, strict=True)]

    def _fetched(self, item: RemoteItem, answer: Any) -> Fetched:
        if isinstance(answer, ErrorItemNotFound):
            return Fetched(item.id, None)
        if isinstance(answer, Exception) or not answer.mime_content:
            return self._described(item)
        return Fetched(item.id, bytes(answer.mime_content), utc(answer.datetime_received))

    def describe(self, item: RemoteItem) -> Fetched:
        with self._told():
            return self._described(item)

    def _described(self, item: RemoteItem) -> Fetched:
        (answer,) = self._connected().fetch([ItemId(id=item.id)], only_fields=list(_HEAD))
        if isinstance(answer, ErrorItemNotFound):
            return Fetched(item.id, None)
        if isinstance(answer, Exception):
            raise answer
        return Fetched(item.id, item_as_message(answer), utc(answer.datetime_received))

    def backlog(self) -> Backlog:
        with self._told():
            folder = self._folder(self.source.folder)
            waiting = FolderCollection(account=self._connected(), folders=[folder]).filter(is_read=False)
            oldest = next(iter(waiting.order_by("datetime_received").only("datetime_received")[:1]), None)
            folder.refresh()
            return backlog(int(folder.unread_count or 0), utc(oldest.datetime_received) if oldest is not None else None)

    # --- filing and sending ------------------------------------------------------------------------------------------

    def file(self, ids: Sequence[str], place: Place | None) -> dict[str, str] | None:
        path = self.source.folder_for(place) if place is not None else None
        with self._told():
            account = self._connected()
            if path is not None:
                answers = account.bulk_move([ItemId(id=one) for one in ids], to_folder=self._folder(path))
            else:
                marked = [(Message(account=account, id=one, changekey=None, is_read=True), ["is_read"]) for one in ids]
                answers = account.bulk_update(
                    marked, send_meeting_invitations_or_cancellations="SendToNone", conflict_resolution="AlwaysOverwrite"
                )
            for answer in answers:
                # Somebody else moved or deleted it meanwhile: what we wanted of it is done.
                if isinstance(answer, Exception) and not isinstance(answer, ErrorItemNotFound):
                    raise answer
            if path is None or path == self.source.processed:
                return None
            return {old: new[0] for old, new in zip(ids, answers, strict=True) if isinstance(new, tuple) and new[0]}

    def find(self, place: Place, message_id: str) -> list[str]:
        path = self.source.folder_for(place)
        if path is None:
            return []
        with self._told():
            return [item.id for item in self._folder(path).filter(message_id=f"<{message_id}>").only("message_id")]

    def send(self, mime: bytes) -> None:
        with self._told():
            account = self._connected()
            for answer in account.bulk_create(
                folder=None, items=[Message(account=account, mime_content=mime)], message_disposition="SendOnly"
            ):
                if isinstance(answer, Exception):
                    raise answer

    # --- folders and the account -----------------------------------------------------------------------------------

    def check(self, fix: bool) -> list[str]:
        places = (self.source.processed, self.source.failed)
        right, words = ("delete", "taken out of") if self.source.processed is not None else ("modify", "marked as read in")
        with self._told():
            folder = self._folder(self.source.folder)
            problems = check_folders(places, self._folder, self._create, (ErrorFolderNotFound, DoesNotExist), fix)
            for path in dict.fromkeys(filter(None, places)):
                if path in self._folders:
                    self._folders[path].refresh()
                    if not _may(self._folders[path], "create_contents"):
                        problems.append(f"no mail may be put into {path}{RIGHTS}")
            waiting = [ItemId(id=item.id) for item in folder.filter(is_read=False).only("message_id")[:1]]
            items = self._connected().fetch(waiting, only_fields=["effective_rights"])
            if not all(_may(item, right) for item in items):
                problems.append(f"no mail may be {words} {self.source.folder}{RIGHTS}")
        return problems

    def _folder(self, path: str) -> Any:
        if path not in self._folders:
            names = path.strip("/").split("/")
            is_below = names[0].casefold() == "inbox"
            folder = self._top(Inbox if is_below else MsgFolderRoot)
            for name in names[is_below:]:
                folder = folder // name
            self._folders[path] = folder
        return self._folders[path]

    def _top(self, kind: type[Folder]) -> Any:
        """Not by the account's own attributes: their locks are those of all accounts, and one whose server is silent would hold them."""
        return self._connected().root.get_default_folder(kind)

    def _create(self, path: str) -> None:
        above, _, name = path.strip("/").rpartition("/")
        parent = self._folder(above) if above else self._top(MsgFolderRoot)
        # Not `Folder.save`: it lists all folders of the mailbox.
        CreateFolder(account=self._connected()).get(parent_folder=parent, folders=[Folder(parent=parent, name=name)])

    def _connected(self) -> Any:
        if self._account is None:
            source = self.source
            # An application has no mailbox of its own: it reads as the owner.
            as_owner = source.auth == "oauth2" or source.access == "impersonation"
            config = Configuration(
                service_endpoint=source.endpoint,
                credentials=self._credentials(),
                auth_type=_AUTH[source.auth],
                version=Version(build=EXCHANGE_2016) if source.endpoint is not None else None,
                retry_policy=Policy(),
                max_connections=1,
            )
            account: Any = Account(
                self.address,
                config=config,
                autodiscover=source.endpoint is None,
                access_type=IMPERSONATION if as_owner else DELEGATE,
                default_timezone=EWSTimeZone("UTC"),
            )
            # Its folders are found without it, and whoever was shown an inbox may not look at the root above.
            account.root = Root(account=account)
            self._account = account
        return self._account

    def _credentials(self) -> Any:
        source = self.source

        def secret(reference: str | None) -> str | None:
            return resolve(reference) if reference is not None else None

        if source.auth == "kerberos":
            if find_spec("requests_gssapi") is None:
                raise SignInFailed("auth: kerberos needs more: pip install requests-gssapi")
            import_module("engine.sources.kerberos")  # exchangelib uses it from now on
            return None
        if source.auth == "oauth2":
            self.bearer = Bearer(
                Application(
                    source.token_url or token_url(ENTRA, source.tenant or "common"),
                    "https://outlook.office365.com/.default",
                    source.client_id or "",
                    source.client_secret,
                    source.certificate,
                )
            )
            return OAuth2(self.bearer, secret(source.client_id) or "", Identity(primary_smtp_address=self.address))
        return Credentials(secret(source.username) or "", secret(source.password) or "")

    def close(self) -> None:
        account, self._account = self._account, None
        self._folders.clear()
        with suppress(Exception):
            if account is not None:
                account.protocol.close()


def _may(thing: Any, right: str) -> bool:
    """Whether the server says that we have this right to a folder or an item; also where it says nothing of rights."""
    rights = getattr(thing, "effective_rights", None)
    return rights is None or bool(getattr(rights, right))
