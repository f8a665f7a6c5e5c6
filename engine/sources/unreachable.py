"""Why there was no connection to a server, in words for who wrote its address; requests, urllib3 and httpx say it in theirs."""

from __future__ import annotations

import re

import httpx

_UNTRUSTED = re.compile(r"certificate verify failed: ([^(\[]+)")
_HEADER = re.compile(r"InvalidHeader|Illegal header value")
_AT = re.compile(r"host='([^']+)', port=(\d+)")
_WHY = (
    (
        re.compile(r"ProxyError.*\b407\b", re.DOTALL),
        "the proxy (HTTPS_PROXY) asks for a sign-in that it takes: http://name:password@its-host",
    ),
    # So urllib3 words it too where the server behind the proxy does that.
    (
        re.compile(r"ProxyError.*RemoteDisconnected", re.DOTALL),
        "{at}, or the proxy (HTTPS_PROXY), closed the connection without an answer",
    ),
    (re.compile(r"ProxyError|Unable to connect to proxy"), "the proxy (HTTPS_PROXY) lets nothing through to {at}"),
    (
        re.compile(r"NameResolutionError|ame or service not known|name resolution|getaddrinfo failed|No address associated"),
        "no name server knows the host of {at}",
    ),
    (re.compile(r"onnection refused"), "{at} refuses the connection: no server listens there"),
    (re.compile(r"Too many open files"), "we may open no more files; let the process have more (ulimit -n, LimitNOFILE=)"),
    (re.compile(r"No route to host|etwork is unreachable"), "no way leads to {at}"),
    (re.compile(r"WRONG_VERSION_NUMBER|RECORD_LAYER|HTTP_REQUEST|UNKNOWN_PROTOCOL"), "{at} speaks no TLS"),
    # OpenSSL's own limits: Debian and Red Hat take no TLS before 1.2 and no short keys, and since OpenSSL 3 nobody an old renegotiation.
    (
        re.compile(r"PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|sigalg|LEGACY_RENEGOTIATION|KEY_TOO_SMALL", re.IGNORECASE),
        "{at} knows only ways of TLS that are not safe any more (before 1.2, or with short keys); they are mended there",
    ),
    (re.compile(r"CERTIFICATE_REQUIRED"), "{at} wants a certificate of ours, and none can be given here"),
    (
        re.compile(r"HANDSHAKE_FAILURE|NO_SHARED_CIPHER"),
        "{at} ends the handshake of TLS: no cipher in common, or it wants a certificate of ours",
    ),
    (
        re.compile(r"RemoteDisconnected|ConnectionResetError|onnection reset|without sending|EOF occurred"),
        "{at} closed the connection without an answer",
    ),
    (re.compile(r"timed out|(?:Read|Write|Connect|Pool)Timeout"), "{at} gave no answer in time"),
)


def asked_for(error: Exception) -> str:
    """Host and port of what httpx asked for; empty where it never did."""
    try:
        url = error.request.url if isinstance(error, httpx.RequestError) else None
    except RuntimeError:  # it was never sent
        url = None
    return f"{url.host}:{url.port or 443}" if url else ""


def why_unreachable(error: Exception, at: str = "") -> str | None:
    """`at`: host and port, where the error does not say them. None where it is of another kind."""
    text = f"{type(error).__name__}: {error}"
    if _HEADER.search(text):
        return "the sign-in gave what no header can carry"  # and that is not shown
    untrusted = _UNTRUSTED.search(text)
    if untrusted:
        return f"the server's certificate is not trusted: {untrusted[1].strip()}; a private CA is named with exchange.ca_file"
    named = _AT.search(text)
    place = ":".join(named.groups()) if named else at or "the server"
    return next((words.format(at=place) for reason, words in _WHY if reason.search(text)), None)
