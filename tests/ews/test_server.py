"""The small Exchange server itself: what the real exchangelib sees of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from exchangelib import DELEGATE, Account, Configuration, Credentials, EWSTimeZone, Version
from exchangelib.errors import ErrorFolderNotFound, ErrorItemNotFound, ErrorServerBusy, UnauthorizedError
from exchangelib.protocol import FailFast
from exchangelib.version import EXCHANGE_2016

from tests.ews.server import Server
from tests.ews.store import Store


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server(Store("help@x.example"))
    found.endpoint = found.start()
    yield found
    found.stop()


def account(server: Server, password: str = "secret") -> Any:
    config = Configuration(
        service_endpoint=server.endpoint,
        credentials=Credentials("help", password),
        auth_type="basic",
        version=Version(build=EXCHANGE_2016),
        retry_policy=FailFast(),
    )
    return Account("help@x.example", config=config, access_type=DELEGATE, default_timezone=EWSTimeZone("UTC"))


def test_an_inbox_can_be_read_synced_and_searched(server: Server) -> None:
    for number in range(5):
        server.store.add(f"Subject: {number}\r\n\r\nx".encode(), is_read=number == 0)
    inbox = account(server).inbox
    assert (inbox.name, inbox.total_count, inbox.unread_count) == ("Inbox", 5, 4)
    changes = list(inbox.sync_items(only_fields=["size", "is_read"], max_changes_returned=2))
    assert [(kind, item.id, item.is_read) for kind, item in changes][:2] == [
        ("create", "item-1", True),
        ("create", "item-2", False),
    ]
    assert len(changes) == 5 and server.calls["SyncFolderItems"] == 3
    server.store.delete("item-3")
    assert [(kind, item.id) for kind, item in inbox.sync_items(only_fields=["size"])] == [("delete", "item-3")]
    assert inbox.filter(is_read=False).count() == 3


def test_items_move_with_a_new_id_and_what_is_gone_is_told(server: Server) -> None:
    item = server.store.add(b"Subject: a\r\n\r\nx")
    here = account(server)
    with pytest.raises(ErrorFolderNotFound):
        _ = here.inbox // "Done"
    server.store.add_folder("Done", "inbox")
    (moved, missing) = here.bulk_move([(item.id, "k"), ("item-99", "k")], to_folder=here.inbox // "Done")
    assert moved[0] != item.id and isinstance(missing, ErrorItemNotFound)
    (found,) = here.fetch([moved], only_fields=["mime_content"])
    assert found.mime_content == b"Subject: a\r\n\r\nx"


def test_it_fails_as_it_is_told_and_only_so_often(server: Server) -> None:
    server.fail("GetFolder", "busy", seconds=2)
    with pytest.raises(ErrorServerBusy) as found:
        _ = account(server).inbox
    assert found.value.back_off == 2
    assert account(server).inbox.name == "Inbox"
    with pytest.raises(UnauthorizedError):
        _ = account(server, "wrong").inbox
