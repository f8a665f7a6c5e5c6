"""Where mail comes from and how notifications leave, as frozen values. Secrets in them are still references."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import ClassVar, Literal

from msgspec import Struct

ENTRA = "https://login.microsoftonline.com"


class SmtpSending(Struct, frozen=True):
    """A mail server. `username` and `password` are still references."""

    host: str
    port: int
    tls: Literal["starttls", "implicit", "none"]
    ca_file: str | None
    username: str | None
    password: str | None
    timeout: timedelta


class FolderSending(Struct, frozen=True):
    """Notifications become files, for trying out."""

    folder: Path


class ExchangeTls(Struct, frozen=True):
    """How Exchange's certificate is checked, and how long an answer may take. `verify` False: not at all."""

    ca_file: str | None
    verify: bool
    timeout: timedelta


class Expectations(Struct, frozen=True):
    """How old the oldest unread message of a mailbox may be: beyond `slow` status tells, beyond `late` it is a failure."""

    slow: timedelta
    late: timedelta


class NotificationLimit(Struct, frozen=True):
    """At most so many messages to one address within a time."""

    messages: int
    within: timedelta


class Polled(Struct, frozen=True):
    """What is read every so often, and where it is filed: `None` is marked as read; what failed goes with the rest then.

    `mailbox`: the address of the mailbox on the server whose folder it is; `None`: that of the mailbox file.

    Without `kw_only`: such a record is pickled by a function, and the configuration kept ready may name none.
    """

    folder: str
    processed: str | None
    failed: str | None
    every: timedelta
    mailbox: str | None

    def folder_for(self, place: Literal["processed", "failed"]) -> str | None:
        return self.failed or self.processed if place == "failed" else self.processed


class ExchangeSource(Polled, frozen=True):
    """A mailbox on Exchange, by EWS. User names, passwords and secrets are still references."""

    endpoint: str | None
    auth: Literal["basic", "ntlm", "kerberos", "oauth2"]
    access: Literal["delegate", "impersonation"] | None
    username: str | None
    password: str | None
    tenant: str | None
    client_id: str | None
    client_secret: str | None
    certificate: str | None
    token_url: str | None

    @property
    def by_token(self) -> bool:
        """Whether it signs in with a token, which ends by itself and may be withdrawn before."""
        return self.auth == "oauth2"

    def place(self, owner: str, folder: str | None = None) -> tuple[str, ...]:
        """Where `folder` of this owner's is, or what is read: two mailboxes must not share it.

        Where `mailbox` or `access` is said, or no user's name, whose folder it is is known. Else it may be the user's own, by one of his addresses.
        """
        return (
            self.endpoint or "",
            "" if self.username and self.access is None and self.mailbox is None else owner,
            self.username or self.client_id or "",
            _comparable(folder or self.folder),
        )


class GraphSource(Polled, frozen=True):
    """A mailbox in Exchange Online, by Microsoft Graph. Secrets are still references."""

    tenant: str
    client_id: str
    client_secret: str | None
    certificate: str | None
    endpoint: str
    authority: str
    by_token: ClassVar[bool] = True

    def place(self, owner: str, folder: str | None = None) -> tuple[str, ...]:
        return (self.endpoint, owner, _comparable(folder or self.folder))


def _comparable(folder: str) -> str:
    return folder.strip("/").casefold()
