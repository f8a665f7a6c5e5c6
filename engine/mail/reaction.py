"""A reaction: somebody clicked on a thumb below a message, and his mail program wrote a mail about it.

Gmail's have a part of their own (Google: Gmail, Email reactions, Format). Outlook's have no sign but their words; its users react to what does
not forbid it (`X-MS-Reactions`).
"""

from __future__ import annotations

import re

from engine.late import late_pattern
from engine.mail.message import Headers
from engine.mail.quotes import strip_reply

REACTION = "text/vnd.google.email-reaction+json"
_LONGEST = 200
_SAID = late_pattern(
    r"^\S.{1,100} (?:reacted to your message|hat auf (?:ihre|deine) nachricht reagiert|a réagi à (?:votre|ton) message"
    r"|(?:ha reaccionado|reaccionó) a (?:tu|su) mensaje|ha reagito al (?:tuo|suo) messaggio|reagiu à (?:sua|tua) mensagem"
    r"|heeft op (?:uw|je) bericht gereageerd|heeft gereageerd op (?:uw|je) bericht)[ \u00a0]?:$",
    re.IGNORECASE,
)


def reaction(headers: Headers, text: str, types: list[str]) -> str:
    """What tells that the message is one; empty where it is none."""
    if REACTION in types:
        return f"a part {REACTION}"
    if not ("In-Reply-To" in headers or "References" in headers):
        return ""
    first = text.lstrip()[:_LONGEST].partition("\n")[0].strip()
    # Who writes such a line himself writes more.
    if first.endswith(":") and _SAID.match(first) and strip_reply(text).text.strip() == first:
        return f"text: {first[:80]}"
    return ""
