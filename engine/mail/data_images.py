"""Pictures that stand in the HTML itself, as `data:` addresses (RFC 2397): what people paste into a page on which they write mail."""

from __future__ import annotations

import re
from itertools import islice

from engine.late import late
from engine.mail.transfer import from_letters

_START = b"data:image/"
_MOST = 1_000
_WHITE = b" \t\r\n\v\f"
_NOTHING = b"data:,"  # an address of nothing: the picture has none any more
# Each letter is looked at once: no part can begin within another, and behind the comma stands none of the marks around an address.
_IMAGE = late(
    lambda: re.compile(rb"data:(image/[A-Za-z0-9.+-]{1,40})(?:;[A-Za-z0-9=._+-]{1,60}){0,4};base64,([A-Za-z0-9+/\s]*={0,2})")
)


def without_images(html: bytes, smallest: int) -> tuple[bytes, list[tuple[str, bytes]]]:
    """The HTML without them, and the media type and the bytes of those that have at least `smallest`."""
    if _START not in html:
        return html, []
    images: list[tuple[str, bytes]] = []
    pieces: list[bytes] = []
    end = 0
    for found in islice(_IMAGE.finditer(html), _MOST):
        pieces += (html[end : found.start()], _NOTHING)
        end = found.end()
        if len(found[2]) >= smallest and len(image := from_letters(found[2].translate(None, _WHITE))) >= smallest:
            images.append((found[1].decode().lower(), image))
    return b"".join((*pieces, html[end:])), images
