"""Parts that are no body to attachments with safe names."""

from __future__ import annotations

import hashlib
import re

from engine.late import late_pattern
from engine.mail.message import Attachment
from engine.normal import normalized

LONGEST_NAME = 120
_RESERVED = late_pattern(r"^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\..*)?$", re.IGNORECASE)
_UNSAFE = late_pattern(r"[\x00-\x1f\x7f<>:\"/\\|?*\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]+")
# Of what scanners, telephones and voice mail send without a name. A closed list: Python's own is not the same on every machine.
_EXTENSIONS = {
    "text/plain": ".txt",
    "text/html": ".html",
    "text/calendar": ".ics",
    "text/csv": ".csv",
    "text/rtf": ".rtf",
    "text/vcard": ".vcf",
    "text/x-vcard": ".vcf",
    "text/xml": ".xml",
    "image/bmp": ".bmp",
    "image/gif": ".gif",
    "image/heic": ".heic",
    "image/jpeg": ".jpg",
    "image/jpg": ".jpg",
    "image/png": ".png",
    "image/tiff": ".tif",
    "image/webp": ".webp",
    "audio/mpeg": ".mp3",
    "audio/wav": ".wav",
    "audio/x-wav": ".wav",
    "video/mp4": ".mp4",
    "application/gzip": ".gz",
    "application/json": ".json",
    "application/msword": ".doc",
    "application/pdf": ".pdf",
    "application/rtf": ".rtf",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.ms-powerpoint": ".ppt",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/x-zip-compressed": ".zip",
    "application/xml": ".xml",
    "application/zip": ".zip",
    "message/rfc822": ".eml",
    "message/global": ".eml",
    "message/news": ".eml",
}


def safe_name(name: str, content_type: str, number: int) -> str:
    """A file name that no system takes for a path, a device or an option, and that does not lie about its ending."""
    name = normalized("NFC", name)
    name = re.split(r"[/\\]", name)[-1] if re.search(r"[/\\]", name) else name
    name = _UNSAFE.sub("_", name).strip(" .").lstrip("-~")
    if not name or name == "_":
        name = f"attachment-{number}{_extension(content_type)}"
    if _RESERVED.match(name):
        name = f"_{name}"
    if len(name) > LONGEST_NAME:
        stem, dot, ending = name.rpartition(".")
        keep = f"{dot}{ending}" if stem and len(ending) <= 10 else ""
        name = name[: LONGEST_NAME - len(keep)] + keep
    return name


def _extension(content_type: str) -> str:
    return _EXTENSIONS.get(content_type) or (".txt" if content_type.startswith("text/") else ".bin")


def attachment(name: str, content_type: str, data: bytes, *, inline: bool, number: int) -> Attachment:
    return Attachment(safe_name(name, content_type, number), content_type, data, hashlib.sha256(data).hexdigest(), inline)
