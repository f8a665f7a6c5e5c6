"""What a mailbox's sign-in lacks, and what stands there for another way of signing in."""

from __future__ import annotations

from collections.abc import Iterator

from engine.config.connections import ExchangeSource
from engine.config.model import Config
from engine.errors import Problem, warn

_PERSON: tuple[str, ...] = ("username", "password")
_APPLICATION: tuple[str, ...] = ("tenant", "client_id", "client_secret", "certificate", "token_url")
_USED = {"basic": _PERSON, "ntlm": _PERSON, "kerberos": (), "oauth2": _APPLICATION}
# One of each is needed. `token_url` is Microsoft's, by the tenant, where it is left out.
_NEEDED = {
    _PERSON: ({"username"}, {"password"}),
    (): (),
    _APPLICATION: ({"tenant", "token_url"}, {"client_id"}, {"client_secret", "certificate"}),
}


def check_sign_in(config: Config) -> Iterator[Problem]:
    for mailbox in config.mailboxes.values():
        source = mailbox.source
        if not mailbox.active or source is None:
            continue
        kind, way, used, remedy = "graph", "source: graph", _APPLICATION, "write it beside"
        if isinstance(source, ExchangeSource):
            kind, way, used, remedy = "exchange", f"auth: {source.auth}", _USED[source.auth], "write it beside, or another `auth`"
        given = [key for key in (*_PERSON, *_APPLICATION) if getattr(source, key, None) is not None]

        for keys in _NEEDED[used]:
            if not keys.intersection(given):
                named = " or ".join(f"`{key}`" for key in used if key in keys)
                message = f"nobody can sign in to {mailbox.address}: `{way}` needs {named}"
                yield warn("PR123", mailbox.where("source", kind, "auth"), message, remedy)

        idle = [(key, way) for key in given if key not in used]
        if used == _APPLICATION and {"client_secret", "certificate"} <= {*given}:
            idle.append(("client_secret", "certificate"))
        if used == _APPLICATION and getattr(source, "access", None) == "delegate":  # an application has no mailbox of its own
            idle.append(("access", way))
        for key, beside in idle:
            where = mailbox.where("source", kind, key)
            if where.file == mailbox.file:  # what another mailbox wrote (`extends`) is told there
                yield warn("PR116", where, f"`{key}` does nothing with `{beside}`", "leave it out")
