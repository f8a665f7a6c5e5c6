"""OpenPGP within a plain text (RFC 9580 6.2 and 7): what is signed is read without what is around it, and what is encrypted is a file."""

from __future__ import annotations

import re

from msgspec import Struct

_SIGNED = "-----BEGIN PGP SIGNED MESSAGE-----\n"
_SIGNATURE = "\n-----BEGIN PGP SIGNATURE-----\n"
_END_OF_SIGNATURE = "\n-----END PGP SIGNATURE-----"
_ENCRYPTED = "-----BEGIN PGP MESSAGE-----\n"
_END_OF_ENCRYPTED = "\n-----END PGP MESSAGE-----"
_LONGEST_HEADER = 500  # characters: `Hash: SHA256` and the like
_HEADER = re.compile(r"[A-Za-z-]{1,30}: ")
_MOST = 10  # signed texts in one


class Unarmoured(Struct, frozen=True):
    """`encrypted`: what stood first and cannot be read, in the letters that it came in; empty where nothing is."""

    text: str
    encrypted: str = ""


def unarmoured(text: str) -> Unarmoured:
    """What is not whole, or stands in a quotation, stays as it is."""
    if "-----BEGIN PGP " not in text:
        return Unarmoured(text)
    start = text.lstrip()
    if start.startswith(_ENCRYPTED):
        end = start.find(_END_OF_ENCRYPTED)
        if end >= 0:
            behind = end + len(_END_OF_ENCRYPTED)
            return Unarmoured(start[behind:].lstrip(), f"{start[:behind]}\n")
    return Unarmoured(_without_signatures(text))


def _without_signatures(text: str) -> str:
    """A signed text may be in another: it is found where that one began."""
    begin = 0
    for _ in range(_MOST):
        begin = text.find(_SIGNED, begin)
        if begin < 0:
            break
        if begin and text[begin - 1] != "\n":
            begin += 1
            continue
        headers = text.find("\n\n", begin + len(_SIGNED) - 1, begin + len(_SIGNED) + _LONGEST_HEADER)
        signature = text.find(_SIGNATURE, headers)
        end = text.find(_END_OF_SIGNATURE, signature)
        if min(headers, signature, end) < 0 or not all(map(_HEADER.match, text[begin + len(_SIGNED) : headers].splitlines())):
            break
        said = text[headers + 1 : signature].replace("\n- ", "\n")[1:]
        text = f"{text[:begin]}{said}{text[end + len(_END_OF_SIGNATURE) :]}"
    return text
