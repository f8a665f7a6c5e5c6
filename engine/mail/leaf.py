"""A part that is no text of the message itself: what its type and its name say that it is."""

from __future__ import annotations

import re

from msgspec import Struct

TEXTS = ("text/plain", "text/html")
SMALLEST_INLINE_IMAGE = 8 * 1024  # smaller ones are logos (`behaviour.md` 4.4)
ANY = "application/octet-stream"  # nobody says what it is
FOR_MACHINES = re.compile(r"(?:status|notification|report|headers)$")
# RFC 2046 4.1.4: text of a kind that a program does not know is shown as it stands. These are for programs.
_UNREADABLE = {"text/calendar", "text/css", "text/directory", "text/javascript", "text/rtf", "text/vcard", "text/x-vcard"}
_SMIME = {"application/pkcs7-mime", "application/x-pkcs7-mime"}  # RFC 8551 3.2.1
_CMS = _SMIME | {ANY}  # as some pass it on, under its name
# RFC 3156 4, where the multipart/encrypted around it is no sign, for Exchange takes it away; and Microsoft's own ([MS-OXORMMS]).
_ENCRYPTED = {"application/pgp-encrypted", "application/x-microsoft-rpmsg-message"}
_ENCRYPTED_FILES = {"message.rpmsg", "message_v2.rpmsg", "message_v3.rpmsg", "message_v4.rpmsg"}
_TNEF = {"application/ms-tnef", "application/vnd.ms-tnef"}


class Leaf(Struct, frozen=True):
    """`kind`: its media type; `name`: of the file, empty where it has none; `shown`: it is not said to be a file; `inline`: it stands in a text."""

    kind: str
    name: str
    shown: bool
    inline: bool
    data: bytes

    @property
    def is_nothing(self) -> bool:
        """Without bytes and without a name, or an image so small that it is a signature's."""
        if self.inline and self.kind.startswith("image/") and len(self.data) < SMALLEST_INLINE_IMAGE:
            return True
        return not self.data and not self.name

    @property
    def is_encrypted(self) -> bool:
        """S/MIME apart: it says so within."""
        return self.kind in _ENCRYPTED or self.name.lower() in _ENCRYPTED_FILES

    @property
    def is_smime(self) -> bool:
        return (self.name.lower() == "smime.p7m" and self.kind in _CMS) or (not self.name and self.kind in _SMIME)

    @property
    def is_tnef(self) -> bool:
        return self.kind in _TNEF or self.name.lower() == "winmail.dat"

    @property
    def can_be_read(self) -> bool:
        """By a person, as it stands: it may be the message itself."""
        if not self.shown or self.kind in TEXTS:
            return self.shown
        unnamed_text = not self.name and self.kind.startswith("text/")
        return unnamed_text and self.kind not in _UNREADABLE and not FOR_MACHINES.search(self.kind)
