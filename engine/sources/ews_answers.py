"""What Exchange answers, as the rest of postroom takes it: its errors as ours, and a message made of an item's properties."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from http import HTTPStatus
from http.client import responses
from typing import Any, cast

import requests
from exchangelib.errors import (
    AutoDiscoverFailed,
    DoesNotExist,
    ErrorAccessDenied,
    ErrorFolderNotFound,
    ErrorInvalidRecipients,
    ErrorInvalidSyncStateData,
    ErrorMessageSizeExceeded,
    ErrorNonExistentMailbox,
    ErrorQuotaExceeded,
    ErrorServerBusy,
    ErrorToFolderNotFound,
    EWSError,
    MalformedResponseError,
    RateLimitError,
    RedirectError,
    UnauthorizedError,
)
from oauthlib.oauth2 import InsecureTransportError
from requests.exceptions import RequestException

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
)
from engine.sources.unreachable import why_unreachable

_ENDPOINT = "is `endpoint` right? Mostly it is https://HOST/EWS/Exchange.asmx"
_FORBIDDEN = (
    "EWS is not allowed there for this mailbox or for `postroom` "
    "(Get-CASMailbox: EwsEnabled, EwsApplicationAccessPolicy); Exchange Online is read by `graph`"
)
_PAGE = re.compile(rb"\s*<(?:!doctype html|html)\b", re.IGNORECASE)
_STATUS = re.compile(r"Code: (\d{3}) headers")
_SENSITIVITY = {"Personal": "Personal", "Private": "Private", "Confidential": "Company-Confidential"}  # RFC 4021 2.1.55
# So exchangelib words what the connection raised.
_AGAIN = re.compile(r"Reraised from \w+\((?:Caused by )?(.+)\)$", re.DOTALL)


def is_whole(content: bytes) -> bool:
    """Whether XML is there to its end. Raises `requests.exceptions.ConnectionError` where it is no XML but a web page."""
    beginning = content[:200]
    if _PAGE.match(beginning):
        raise requests.exceptions.ConnectionError(f"no answer of Exchange came but a web page; {_ENDPOINT}")
    return b"<" not in beginning or content.rstrip().endswith(b"Envelope>")


def utc(moment: Any) -> datetime | None:
    if moment is None:
        return None
    found = datetime.fromtimestamp(moment.timestamp(), UTC)
    return found.replace(microsecond=0)


def item_as_message(item: Any) -> bytes:
    """What exchangelib says of an item's properties, as a message. Not every kind of item has all of them."""

    def addresses(*mailboxes: Any) -> str:
        return ", ".join(f"<{one.email_address}>" for one in mailboxes if one is not None and one.email_address)

    def known(name: str) -> Any:
        return getattr(item, name, None)

    sent = utc(known("datetime_sent") or known("datetime_received")) or datetime.now(UTC)
    fields = {
        "From": addresses(known("author")),
        "To": addresses(*(known("to_recipients") or ())),
        "Cc": addresses(*(known("cc_recipients") or ())),
        "Subject": str(known("subject") or ""),
        "Message-ID": str(known("message_id") or ""),
        "Date": format_datetime(sent),
        "Sensitivity": _SENSITIVITY.get(known("sensitivity"), ""),
    }
    headers = ((one.name, one.value) for one in known("headers") or ())
    return rebuilt(fields, headers, str(known("text_body") or ""), bool(known("has_attachments")))


def told(hint: str = "") -> AbstractContextManager[None]:
    """exchangelib's errors, and those below it, as ours. `hint`: what to look at where the sign-in is refused."""
    return errors_as(partial(_meaning, hint))


def _meaning(hint: str, error: Exception) -> RemoteError | None:
    match error:
        case ErrorInvalidSyncStateData():
            return StateLost("the server no longer knows the sync state")
        case AutoDiscoverFailed():
            return RemoteError(f"Autodiscover finds no server{_because(error)}; name it with `endpoint`")
        case ErrorAccessDenied():
            return Denied(f"the server does not let us in: {_words(error).rstrip('.')}{hint or RIGHTS}")
        case UnauthorizedError() | ErrorNonExistentMailbox():
            return SignInFailed(f"the server does not let us in: {_words(error)}{hint}")
        case UnicodeEncodeError(encoding="latin-1"):  # so are passwords sent; which letter is not told
            return SignInFailed(
                "the name or the password has letters that this sign-in cannot send; take others, or `auth: ntlm`"
            )
        case InsecureTransportError():
            return SignInFailed("no token leaves in the clear: `endpoint` must begin with https://")
        case ErrorServerBusy():
            return RemoteError(f"the server is busy: {_words(error)}", cast("float | None", error.back_off))
        case RateLimitError():
            return RemoteError("the server asks to wait", cast("float | None", error.wait))
        case ErrorInvalidRecipients() | ErrorMessageSizeExceeded():
            return NeverTaken(_other(error))
        case ErrorToFolderNotFound() | ErrorQuotaExceeded():
            return NotTheItem(_other(error))
        case ErrorFolderNotFound() | DoesNotExist():
            return NotTheItem(f"there is no such folder: {_words(error)}; `postroom poll --check` shows which")
        # Broken answers end in all of these within exchangelib.
        case EWSError() | RequestException() | OSError() | ValueError() | AttributeError() | KeyError() | TypeError():
            return RemoteError(why_unreachable(error) or _other(error))
    return None


def _other(error: Exception) -> str:
    if isinstance(error, RedirectError):
        return f"the server sends us on to {error.url}; `endpoint` must be the address itself"
    status = _STATUS.search(str(error)) if isinstance(error, MalformedResponseError) else None
    if status:
        code = int(status[1])
        hint = _FORBIDDEN if code == HTTPStatus.FORBIDDEN else _ENDPOINT if code < 500 else ""
        return "; ".join(filter(None, (f"the server answered {code} {responses.get(code, '')}".rstrip(), hint)))
    return _words(error) if _AGAIN.match(str(error)) else f"{type(error).__name__}: {_words(error)}"


def _because(error: AutoDiscoverFailed) -> str:
    """Nothing where no step led anywhere, which exchangelib words at length."""
    return "" if "All steps" in str(error) else f": {_words(error)}"


def _words(error: Exception) -> str:
    return in_short(_AGAIN.sub(r"\1", str(error))) or type(error).__name__
