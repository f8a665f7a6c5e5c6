"""What of the directory finds nobody: allowed, but mostly not meant. A table has no comments to allow it, so these are no warnings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from engine.decide.book import AddressBook
from engine.printable import one_line
from engine.quantity import counted, further

_MOST = 5


def of_nobody(book: AddressBook) -> Iterator[str]:
    """A line for what several contacts, or several organizations, have alike, and for domains that are a mail provider's."""
    addresses = [
        f"{address} ({_first([f'{one.id}: {one.position}' for one in contacts])})" for address, contacts in book.ambiguous()
    ]
    nobodys = "of several organizations, and an unknown sender from there of none of them"
    public = "a mail provider's, and an unknown sender from there nobody's"
    for found, one, many, so in (
        (addresses, "address is", "addresses are", "of several contacts, and mail from there of none of them"),
        (_with_owners(book.shared()), "domain is", "domains are", nobodys),
        (_with_owners(book.owned_but_public()), "domain is", "domains are", public),
    ):
        if found:
            yield f"{counted(len(found), one, many)} {so}: {_first(found)}"


def _with_owners(domains: Iterable[tuple[str, list[str]]]) -> list[str]:
    return [f"{domain} ({_first(owners)})" for domain, owners in domains]


def _first(found: Sequence[str]) -> str:
    """Hundreds of customers may write from one provider."""
    return " ".join([one_line(", ".join(found[:_MOST])), *further(len(found), _MOST)])
