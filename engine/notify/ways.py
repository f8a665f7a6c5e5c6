"""By which way the notifications of each mailbox leave: through its own server, or by `sending` of settings.yaml."""

from __future__ import annotations

from engine.config.connections import FolderSending
from engine.config.model import Config
from engine.notify.mailbox import MailboxTransport
from engine.notify.transport import Transport, transport_of
from engine.sources.servers import remote_of


class Ways:
    """Each is made when it is first asked for. `folder`: all as files there, whatever the configuration says."""

    def __init__(self, config: Config, folder: FolderSending | None = None) -> None:
        self._config = config
        self._sending = folder or config.settings.sending
        self._only = folder is not None
        self._made: dict[str, Transport] = {}

    def of(self, mailbox: str) -> Transport | None:
        """None where nothing says how."""
        key = mailbox if self._is_through_itself(mailbox) else ""
        if key not in self._made:
            if key:
                self._made[key] = MailboxTransport(key, remote_of(self._config.mailboxes[key], self._config))
            elif self._sending is not None:
                self._made[key] = transport_of(self._sending)
        return self._made.get(key)

    @property
    def is_any(self) -> bool:
        return self._sending is not None or any(map(self._is_through_itself, self._config.mailboxes))

    def _is_through_itself(self, mailbox: str) -> bool:
        found = None if self._only else self._config.mailboxes.get(mailbox)
        return found is not None and found.sends_itself

    def close(self) -> None:
        """Ends all sessions."""
        for one in self._made.values():
            one.close()
