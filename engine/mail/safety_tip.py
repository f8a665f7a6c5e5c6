"""What Exchange Online writes on top of mail from somebody who seldom writes to the mailbox: `[You don't often get email from ...]`.

It is not the sender's, and a line of indicators below it would be no first line. In all languages it has this address in it, and the sender's.
"""

from __future__ import annotations

import re

from engine.late import late_pattern

_SIGN = "LearnAboutSenderIdentification"
_NEAR = 20_000  # characters: it stands on top, below a head of styles at the most
_LONGEST = 600
_ADDRESS = r"aka\.ms(?:/|%2F)LearnAboutSenderIdentification"
# As it writes it into plain text; and as it makes plain text of HTML.
_IN_TEXT = late_pattern(
    rf"\s*+(?:\[(?=[^\[\]]{{1,{_LONGEST}}}{_ADDRESS})(?=[^\[\]@]{{1,{_LONGEST}}}@)[^\[\]]{{1,{_LONGEST}}}+\]"
    rf"|(?:[^\n<>@]{{1,200}}\n){{0,2}}[^\n<>]{{1,200}}@(?:[^\n<>]{{1,200}}\n){{0,2}}[^\n<>]{{0,200}}<[^\s<>]{{0,300}}{_ADDRESS}[^\s<>]{{0,300}}>)\s*+"
)
_IN_HTML = late_pattern(_ADDRESS)
_TAG = re.compile(r"<[^<>]*>")
_BLANK = re.compile(r"(?:\s|&nbsp;|&#160;|\u200b)*+")


def without_tip(text: str) -> str:
    """A message's text without it."""
    if text.find(_SIGN, 0, _NEAR) < 0:
        return text
    found = _IN_TEXT.match(text)
    return text[found.end() :] if found else text


def without_tip_in_html(html: str) -> str:
    """The same for HTML, in which it is a table above all else."""
    if html.find(_SIGN, 0, _NEAR) < 0:
        return html
    sign = _IN_HTML.search(html, 0, _NEAR + len(_SIGN))
    if sign is None:
        return html
    start, end = html.rfind("<table", 0, sign.start()), html.find("</table>", sign.end(), sign.end() + _NEAR)
    if min(start, end) < 0:
        return html
    above = html[:start]
    if not _BLANK.fullmatch(_TAG.sub("", above[max(above.lower().find("<body"), 0) :])):
        return html
    table = html[start:end]
    if len(_TAG.sub("", table)) > _LONGEST or "@" not in table:
        return html  # who hides more behind it writes it himself
    return html[:start] + html[end + len("</table>") :]
