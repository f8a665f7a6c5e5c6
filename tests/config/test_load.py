"""What loads, and what is in it then."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from engine.config.load import load_config


def test_the_example_configuration_loads_unchanged(example: Path) -> None:
    config = load_config(example)
    assert set(config.mailboxes) == {"alerts", "former", "support", "vip"}
    assert [rule.name for rule in config.rules.rules][:2] == [
        "Newsletters never open tickets",
        "A premium customer's outage is critical",
    ]
    assert config.mailboxes["vip"].ticket.priority == "Critical"


def test_a_mailbox_that_extends_another_has_its_keys_and_their_places(shipped: Path) -> None:
    priority = load_config(shipped).mailboxes["priority"]
    assert priority.ticket.due == timedelta(hours=1)
    assert priority.ticket.queue == "Front desk"
    assert str(priority.where("defaults", "ticket", "due")).startswith("mailboxes/priority.yaml:10")
    assert str(priority.where("defaults", "ticket", "queue")).startswith("mailboxes/help.yaml:23")
    assert priority.source is not None and priority.source.folder == "Inbox/Priority"
    assert priority.source.endpoint == "https://mail.harbourhill.example/EWS/Exchange.asmx"


def test_rules_stand_in_the_order_of_priority_file_and_line(shipped: Path) -> None:
    orders = [rule.order for rule in load_config(shipped).rules.rules]
    assert orders == sorted(orders)


def test_the_digest_names_the_very_files(rules: Path) -> None:
    before = load_config(rules).digest
    assert load_config(rules).digest == before
    with (rules / "tags.yaml").open("a") as file:
        file.write("# a remark\n")
    assert load_config(rules).digest != before


def test_yaml_is_read_as_editors_read_it(rules: Path) -> None:
    path = rules / "picklists.yaml"
    path.write_text(path.read_text("utf-8").replace("queues: [Front desk,", "queues: [Front desk, on, 1:30,"), "utf-8")
    assert load_config(rules).picklists.queues[1:3] == ("on", "1:30")
