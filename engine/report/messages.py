"""Messages a line each: when and from whom, and what became of it."""

from __future__ import annotations

from engine.printable import one_line
from engine.state.messages import MessageLine

_LONGEST = 60


def message_line(one: MessageLine) -> str:
    match one.outcome:
        case "created":
            what = f"opened {one.number}"
        case "appended":
            what = f"on {one.number}"
        case _:
            about = f", about {one.number}" if one.number and one.number not in one.why else ""
            what = f"{one.outcome} ({one.why.replace('_', ' ')}{about})"
    received = one.received_at[:16].replace("T", " ")
    said = one.subject[:_LONGEST] or "(no subject)"
    return one_line(f"message {one.id}  {received}  {one.mailbox}  {one.sender or 'nobody'}: {said}: {what}")
