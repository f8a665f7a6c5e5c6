"""Passwords and mail that would travel unencrypted, where anybody between can read them."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from engine.config.connections import GraphSource, SmtpSending
from engine.config.model import Config
from engine.errors import Problem, warn


def check_transport(config: Config) -> Iterator[Problem]:
    for mailbox in config.mailboxes.values():
        source = mailbox.source
        if not mailbox.active or source is None:
            continue
        kind, names = (
            ("graph", ("endpoint", "authority")) if isinstance(source, GraphSource) else ("exchange", ("endpoint", "token_url"))
        )
        for name in names:
            address: str | None = getattr(source, name)
            if address is not None and address.startswith("http://") and not _is_here(urlsplit(address).hostname or ""):
                where = mailbox.where("source", kind, name)
                yield warn("PR114", where, f"passwords and mail would travel in the clear: {address[:80]}", "write https://")
    sending = config.settings.sending
    if isinstance(sending, SmtpSending) and sending.tls == "none" and not _is_here(sending.host):
        message = f"notifications{' and the password' if sending.password else ''} would travel in the clear to {sending.host}"
        yield warn("PR114", config.settings.where("sending"), message, "write tls: starttls, or tls: implicit")


def _is_here(host: str) -> bool:
    """Whether it is this machine."""
    if host.casefold() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
