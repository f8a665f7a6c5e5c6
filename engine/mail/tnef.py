"""Outlook's `winmail.dat` (TNEF) to the files in it."""

from __future__ import annotations

from collections.abc import Iterator

from engine.mail.decode import decode_bytes


def unpack_tnef(data: bytes) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of each file. Nothing where the data is no TNEF: the caller then keeps it as it is."""
    from tnefparse import TNEF  # seldom needed

    try:
        parsed = TNEF(data, do_checksum=False)
        for found in parsed.attachments:
            name = found.long_filename() or found.name or ""
            yield (name if isinstance(name, str) else decode_bytes(name, None)), bytes(found.data)
    except Exception:  # a damaged winmail.dat is kept whole
        return
