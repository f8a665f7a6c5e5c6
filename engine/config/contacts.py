"""A directory's contacts as the next start takes them: who has an address is found without one of them, and each is made when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import msgpack

from engine.config.people import Addresses, Contact, Organization


def addresses_of(contacts: Mapping[str, Contact], organizations: Mapping[str, Organization]) -> Addresses:
    primary: dict[str, str] = {}
    more: dict[str, list[tuple[int, str]]] = {}
    there = {one.id for one in organizations.values() if one.active}
    for contact in contacts.values():
        if contact.active and contact.organization in there:
            for level, address in enumerate(contact.emails):
                if address and (level or primary.setdefault(address, contact.id) != contact.id):
                    more.setdefault(address, []).append((level, contact.id))
    return Addresses(primary, {address: tuple(others) for address, others in more.items()})


_encode = msgpack.Encoder().encode
_decode = msgpack.Decoder(Contact).decode


def packed(contacts: Mapping[str, Contact]) -> dict[str, bytes]:
    return {identity: _encode(one) for identity, one in contacts.items()}


class Packed(Mapping[str, Contact]):
    """Contacts by id, of which each is made anew when it is asked for: with a hundred thousand that is a fifth of a start."""

    def __init__(self, rows: dict[str, bytes]) -> None:
        self._rows = rows

    def __getitem__(self, identity: str) -> Contact:
        return _decode(self._rows[identity])

    def __contains__(self, identity: object) -> bool:
        return identity in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)
