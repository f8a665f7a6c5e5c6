"""Ways to Exchange Online that Microsoft ends: it has told when, and nothing here would say so before mail stays out."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from engine.config.connections import ExchangeSource, SmtpSending
from engine.config.model import Config
from engine.errors import Problem, warn

_ONLINE = ("outlook.office365.com", "outlook.office.com", "smtp.office365.com", "smtp-mail.outlook.com", "smtp.outlook.com")


def check_ending(config: Config) -> Iterator[Problem]:
    for mailbox in config.mailboxes.values():
        source = mailbox.source
        if mailbox.active and isinstance(source, ExchangeSource) and _is_online(urlsplit(source.endpoint or "").hostname):
            message = "Exchange Online is read by EWS: blocked by default since October 2026, switched off on 1 April 2027"
            yield warn(
                "PR121", mailbox.where("source", "exchange", "endpoint"), message, "read it by source: graph: (docs/exchange.md)"
            )
    sending = config.settings.sending
    if isinstance(sending, SmtpSending) and sending.username and _is_online(sending.host):
        message = "Exchange Online takes passwords by SMTP until the end of December 2026 by default"
        fix = "send through the mailbox: notify: {via: mailbox} in mailboxes that are read by source: graph:"
        yield warn("PR121", config.settings.where("sending"), message, fix)


def _is_online(host: str | None) -> bool:
    return host is not None and host.casefold() in _ONLINE
