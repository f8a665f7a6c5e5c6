"""Mail addresses and domains as they are compared: in lower case, a domain as DNS has it (RFC 5891).

`müller.example` and `xn--mller-kva.example` are one domain. Administrators write the one, mail mostly has the other.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.normal import normalized

_ENCODED = "xn--"
_OTHER_DOTS = frozenset("。．｡")  # IDNA takes them for a dot, and mail does not
PLAIN = r"[^@\s<>,;:()\"]+@[^@\s<>,;:()\"]+"  # a pattern of one address, as administrators write it: without a name or quotes
LONGEST_DOMAIN = 255  # RFC 1035 2.3.4; longer ones are none, and would take the library long


def comparable(address: str) -> str:
    """An address or a domain. What is no domain stays as it is, in lower case.

    Nothing but case and composed letters is made alike: letters that only look alike are other domains.
    """
    address = address.lower()
    return address if address.isascii() else _with_domain(address, _encoded)


def tagged_forms(address: str) -> tuple[str, ...]:
    """The address, and then `ana@x` where it is `ana+anything@x`."""
    local, _, domain = address.rpartition("@")
    base, tag, _ = local.partition("+")
    return (address, f"{base}@{domain}") if base and tag else (address,)


def in_letters(address: str) -> str:
    """As people write it: `müller.example`. The same where there is no such form."""
    return _with_domain(address, _decoded) if _ENCODED in address else address


def _with_domain(address: str, change: Callable[[str], str]) -> str:
    local, at, domain = address.rpartition("@")
    if len(domain) > LONGEST_DOMAIN:
        return address
    try:
        return f"{local}{at}{change(domain)}"
    except ValueError:
        return address


def _encoded(domain: str) -> str:
    if domain.isascii() or _OTHER_DOTS.intersection(domain):
        return domain
    import idna  # seldom needed, and slow to import

    return idna.encode(normalized("NFC", domain)).decode("ascii")


def _decoded(domain: str) -> str:
    import idna

    return idna.decode(domain)
