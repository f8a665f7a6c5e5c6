"""Two mailbox files that read folders of one mailbox on the server."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from engine.analysis.report import analyse
from engine.config.load import load_config
from engine.sources.remote import RemoteError
from engine.sources.servers import remote_of
from tests.edit import edit
from tests.graph.server import GraphServer
from tests.polling.conftest import ADDRESS, mail


def configure(rules: Path, graph: GraphServer, tmp_path: Path, more: str, folder: str = "Inbox/Priority") -> None:
    source = graph.source()
    keys = f"tenant: {source.tenant}, client_id: {source.client_id}, client_secret: '${{env:GRAPH_SECRET}}', folder: {folder}"
    (rules / "mailboxes/priority.yaml").write_text(
        "version: 1\nname: Priority line\naddress: priority@harbourhill.example\n"
        f"source:\n  graph: {{{keys}, endpoint: '{source.endpoint}', authority: '{source.authority}'{more}}}\n",
        "utf-8",
    )
    edit(rules / "settings.yaml", "edition: unlimited", f"edition: unlimited\nexchange: {{ca_file: '{tmp_path / 'ca.pem'}'}}")


def test_a_folder_of_another_mailbox_is_read(
    rules: Path, graph: GraphServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAPH_SECRET", "app-secret")
    graph.store.add_folder("Priority", "inbox", "priority")
    graph.store.add(mail(1), "priority")
    graph.store.add(mail(2))
    configure(rules, graph, tmp_path, f", mailbox: {ADDRESS.upper()}")
    config = load_config(rules)
    remote = remote_of(config.mailboxes["priority"], config)
    with closing(remote):
        assert len(remote.changes(None).items) == 1
    assert config.mailboxes["priority"].address == "priority@harbourhill.example"


def test_without_it_the_address_is_the_mailboxs(
    rules: Path, graph: GraphServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAPH_SECRET", "app-secret")
    configure(rules, graph, tmp_path, "")
    config = load_config(rules)
    remote = remote_of(config.mailboxes["priority"], config)
    with closing(remote), pytest.raises(RemoteError, match="NotFound"):
        remote.changes(None)


@pytest.mark.parametrize(
    ("first", "second", "warned"),
    [
        (f", mailbox: {ADDRESS}", f", mailbox: {ADDRESS}", True),
        (", mailbox: sales@harbourhill.example", "", True),
        ("", ", mailbox: priority@harbourhill.example", True),
        ("", "", False),
        (f", mailbox: {ADDRESS}", "", False),
    ],
)
def test_one_folder_read_twice_is_told(
    first: str, second: str, warned: bool, rules: Path, graph: GraphServer, tmp_path: Path
) -> None:
    configure(rules, graph, tmp_path, first, "Inbox")
    text = (rules / "mailboxes/priority.yaml").read_text("utf-8")
    other = text.replace("address: priority@", "address: sales@").replace(f"'{first}}}" if first else "'}", f"'{second}}}")
    (rules / "mailboxes/sales.yaml").write_text(other, "utf-8")
    assert ("PR112" in {one.code for one in analyse(load_config(rules))}) is warned
