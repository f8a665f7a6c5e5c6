"""What Graph answers, as the rest of postroom takes it: its errors as ours, and a message made of an item's properties."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import httpx

from engine.sources.remote import (
    RIGHTS,
    Denied,
    NeverTaken,
    NotTheItem,
    RemoteError,
    SignInFailed,
    StateLost,
    errors_as,
    in_short,
    rebuilt,
    retry_after,
)
from engine.sources.unreachable import asked_for, why_unreachable


class Gone(NotTheItem):
    """There is no such item or folder (any more). Of an item that is no error, so only a folder's is told."""


class NoMime(RemoteError):
    """It has an item, and can make no MIME of it: of opaque S/MIME and reports about it, of broken ones."""


_NO_MIME = ("ErrorMimeContentConversionFailed", "ErrorContentConversionFailed", "ErrorCorruptData", "ErrorItemCorrupt")


def fault_of(answer: httpx.Response) -> RemoteError:
    """What an answer of 400 and above means for us. Microsoft Graph's error codes: its own, and those of Exchange behind it."""
    code, words = _error(answer)
    if answer.status_code == 410 or code in ("syncStateNotFound", "SyncStateNotFound", "resyncRequired", "SyncStateInvalid"):
        return StateLost("the server no longer knows the sync state")
    if code in _NO_MIME:
        return NoMime(words)
    if code == "ErrorQuotaExceeded":
        return NotTheItem(words)
    if code in ("ErrorInvalidRecipients", "ErrorMessageSizeExceeded"):
        return NeverTaken(words)
    if answer.status_code == 404:
        return Gone(words)
    if answer.status_code in (401, 403):
        said = f"the server does not let us in: {words}"
        return SignInFailed(said) if answer.status_code == 401 else Denied(f"{said.rstrip('.')}{RIGHTS}")
    return RemoteError(f"the server answered {answer.status_code}: {words}", retry_after(answer.headers))


def _error(answer: httpx.Response) -> tuple[str, str]:
    try:
        error = answer.json()["error"]
        return str(error["code"]), in_short(f"{error['code']}: {error['message']}")
    except (ValueError, KeyError, TypeError):
        return "", answer.reason_phrase


def moment(text: Any) -> datetime | None:
    """None where it is no time: one odd item must not keep out all that are listed beside it."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC).replace(microsecond=0)
    except (ValueError, TypeError, OverflowError):
        return None


def as_message(found: dict[str, Any]) -> bytes:
    """What Graph says of an item's properties, as a message."""

    def addresses(many: Any) -> str:
        known = (one["emailAddress"].get("address") for one in many or () if one and one.get("emailAddress"))
        return ", ".join(f"<{address}>" for address in known if address)

    # With the Date it is the same message by its identity as when it was read through Exchange.
    sent = moment(found.get("sentDateTime")) or moment(found.get("receivedDateTime"))
    fields = {
        "From": addresses([found.get("from")]),
        "To": addresses(found.get("toRecipients")),
        "Cc": addresses(found.get("ccRecipients")),
        "Subject": str(found.get("subject") or ""),
        "Message-ID": str(found.get("internetMessageId") or ""),
        "Date": format_datetime(sent) if sent else "",
    }
    text = (found.get("body") or {}).get("content") or found.get("bodyPreview")
    headers = ((one.get("name"), one.get("value")) for one in found.get("internetMessageHeaders") or ())
    return rebuilt(fields, headers, str(text or ""), bool(found.get("hasAttachments")))


def told() -> AbstractContextManager[None]:
    """Errors of httpx, and those below it, as ours."""
    return errors_as(_meaning)


def _meaning(error: Exception) -> RemoteError | None:
    # Answers that are no JSON, or of another shape, end in all of these.
    if not isinstance(error, httpx.HTTPError | OSError | ValueError | LookupError | TypeError | AttributeError):
        return None
    words = f"{type(error).__name__}: {in_short(error)}"
    return RemoteError(why_unreachable(error, asked_for(error)) or words)
