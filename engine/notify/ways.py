"""By which way the notifications of each mailbox leave: through its own server, or by `sending` of settings.yaml."""

from __future__ import annotations

from engine.config.connections import FolderSending
from engine.config.mailbox import Mailbox
from engine.config.model import Config
from engine.notify.mailbox import MailboxTransport
from engine.notify.transport import Transport, transport_of
from engine.sources.servers import remote_of


class Ways:
    """Each is made when it is first asked for. `folder`: all as files there, whatever the configuration says.

    `mailboxes`: those whose notifications leave at all; None: all.
    """

    def __init__(self, config: Config, folder: FolderSending | None = None) -> None:
        self.mailboxes = None if folder else config.sending_mailboxes
        self._config = config
        self._folder = folder
        self._made: dict[str, Transport] = {}

    def of(self, mailbox: str) -> Transport:
        """For one of `mailboxes`."""
        found = None if self._folder else self._config.mailboxes.get(mailbox)
        key = mailbox if found is not None and found.sends_itself else ""
        if key not in self._made:
            self._made[key] = self._make(found if key else None)
        return self._made[key]

    def _make(self, mailbox: Mailbox | None) -> Transport:
        if mailbox is not None:
            return MailboxTransport(mailbox.id, remote_of(mailbox, self._config))
        sending = self._folder or self._config.settings.sending
        assert sending is not None
        return transport_of(sending)

    def close(self) -> None:
        """Ends all sessions."""
        for one in self._made.values():
            one.close()
