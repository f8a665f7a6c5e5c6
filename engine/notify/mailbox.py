"""A way out through a mailbox's own server (`notify_via: mailbox`)."""

from __future__ import annotations

from engine.notify.compose import Outgoing
from engine.notify.transport import SIGN_IN_WAIT, Broken, Rejected, Unavailable, composed
from engine.sources.remote import NeverTaken, NotTheItem, Remote, RemoteError, SignInFailed


class MailboxTransport:
    """Exchange or Graph. Mostly both say of a message that they do not take what they say where they cannot: the next one tells."""

    def __init__(self, mailbox: str, remote: Remote) -> None:
        self.name = f"mailbox {mailbox}"
        self._remote = remote

    def send(self, one: Outgoing) -> None:
        message = composed(one)
        try:
            self._remote.send(message.as_bytes())
        except RemoteError as error:
            raise _as_ours(error) from error

    def close(self) -> None:
        self._remote.close()


def _as_ours(error: RemoteError) -> Broken | Rejected | Unavailable:
    if isinstance(error, NeverTaken):
        return Rejected(str(error))
    if isinstance(error, SignInFailed):
        return Unavailable(str(error), SIGN_IN_WAIT)
    if error.wait is not None:
        return Unavailable(str(error), error.wait)
    return Unavailable(str(error)) if isinstance(error, NotTheItem) else Broken(str(error))
