"""The server of a mailbox, as its configuration names it. What its library takes to load is paid where a mailbox needs it."""

from __future__ import annotations

from engine.config.connections import ExchangeSource, GraphSource
from engine.config.mailbox import Mailbox
from engine.config.model import Config
from engine.sources.remote import Remote


def remote_of(mailbox: Mailbox, config: Config) -> Remote:
    """Not yet connected."""
    source, tls = mailbox.source, config.settings.exchange
    if isinstance(source, ExchangeSource):
        from engine.sources.ews_client import use_tls
        from engine.sources.exchange import ExchangeMailbox

        use_tls(tls)
        return ExchangeMailbox(mailbox.owner, source)
    assert isinstance(source, GraphSource)
    from engine.sources.graph import GraphMailbox

    return GraphMailbox(mailbox.owner, source, tls)
