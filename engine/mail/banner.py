"""What Exchange Online and Proofpoint write on top of mail: `[You don't often get email from ...]`, `This Message Is From an External Sender`.

It is not the sender's, and a line of indicators below it would be no first line. Only what they mark is known: in all languages Exchange
Online's has an address of Microsoft's in it, and the sender's; Proofpoint's stands between marks.
"""

from __future__ import annotations

from engine.late import late_pattern

_MARKS = ("ZjQcmQRYFpfptBannerStart", "ZjQcmQRYFpfptBannerEnd")
_MARKS_IN_HTML = ("<!-- BaNnErBlUrFlE-BoDy-start -->", "<!-- BaNnErBlUrFlE-BoDy-end -->")
_LONGEST_BETWEEN, _LONGEST_IN_HTML = 2_000, 20_000  # with Proofpoint's own words for it, its buttons and styles
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
_TAG = late_pattern(r"<[^<>]*>")
_BLANK = late_pattern(r"(?:\s|&nbsp;|&#160;|\u200b)*+")


def without_banner(text: str) -> str:
    """A message's text without it."""
    return _without_tip(_without(text, _MARKS, _LONGEST_BETWEEN))


def without_banner_in_html(html: str) -> str:
    """The same for HTML."""
    return _without_tip_in_html(_without(html, _MARKS_IN_HTML, _LONGEST_IN_HTML))


def _without(text: str, marks: tuple[str, str], longest: int) -> str:
    """Without what stands between the first two marks; in plain text the beginning of the mail may stand above them once more."""
    start = text.find(marks[0], 0, _NEAR)
    end = text.find(marks[1], start, start + longest) if start >= 0 else -1
    return text[:start] + text[end + len(marks[1]) :].lstrip("\n") if end >= 0 else text


def _without_tip(text: str) -> str:
    if text.find(_SIGN, 0, _NEAR) < 0:
        return text
    found = _IN_TEXT.match(text)
    return text[found.end() :] if found else text


def _without_tip_in_html(html: str) -> str:
    """It is a table above all else."""
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
