"""exchangelib's Autodiscover (MS-OXWSADISC) as postroom needs it: nothing kept, nothing believed that came in the clear, and servers that tell less or more than it thinks."""

from __future__ import annotations

from typing import Any

from exchangelib.autodiscover import AutodiscoverCache, discovery
from exchangelib.autodiscover.discovery import Autodiscovery
from exchangelib.errors import AutoDiscoverFailed
from exchangelib.properties import UserResponse
from exchangelib.services import get_user_settings
from exchangelib.version import Version


class _Nothing(AutodiscoverCache):  # type: ignore[misc]
    """In the place of what exchangelib has found: it is asked for at each connection anew.

    It would stand in /tmp, as a pickle, where anybody could lay one beforehand that runs his code as us. One lock would be held until a
    server has answered, and all other mailboxes would wait for a silent one. And where a password was wrong, it would be tried twice.
    """

    def __contains__(self, key: object) -> bool:
        return False

    def __setitem__(self, key: object, protocol: object) -> None:
        pass

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass


class Response(UserResponse):  # type: ignore[misc]
    """What a server tells of one mailbox."""

    @property
    def autodiscover_smtp_address(self) -> str | None:
        found: str | None = self.user_settings.get("auto_discover_smtp_address")
        return found

    @autodiscover_smtp_address.setter
    def autodiscover_smtp_address(self, address: str) -> None:
        """exchangelib sets it where the server does not tell it, and cannot."""
        self.user_settings["auto_discover_smtp_address"] = address

    @property
    def ews_url(self) -> str:
        """An Exchange that is not published has the one for the inside alone."""
        found: str | None = self.user_settings.get("external_ews_url") or self.user_settings.get("internal_ews_url")
        if not found:
            raise AutoDiscoverFailed("the server tells no address of EWS")
        return found

    @property
    def version(self) -> Version | None:
        """The newest that both know; None: exchangelib finds it out."""
        told = {one.strip() for one in (self.user_settings.get("ews_supported_schemas") or "").split(",")}
        return next((one for one in Version.all_versions() if one.api_version in told), None)


def _no_further(steps: Autodiscovery, hostname: str) -> Any:
    """The steps left out ask in the clear, HTTP and then DNS, where the password shall go: whoever stands between could say, to him."""
    return steps._step_6()


# For the whole process, from the import on.
discovery.autodiscover_cache = _Nothing()
get_user_settings.UserResponse = Response
Autodiscovery._step_3 = _no_further
