"""The client by which Graph is asked, and whoever gives tokens."""

from __future__ import annotations

import ssl

import httpx

from engine.config.connections import ExchangeTls

USER_AGENT = "postroom"


def http_client(tls: ExchangeTls, context: ssl.SSLContext) -> httpx.Client:
    """`context`: what certificates are checked with."""
    return httpx.Client(timeout=tls.timeout.total_seconds(), headers={"User-Agent": USER_AGENT}, verify=context)
