"""A Kerberos realm of our own on loopback (Debian's krb5-kdc), with what a client and a server need to know of it."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

_PROGRAMS = ("kdb5_util", "krb5kdc", "kadmin.local")
_SBIN = "/usr/sbin:/sbin"
REALM = "DESK.EXAMPLE"
IS_THERE = all(shutil.which(name, path=_SBIN) for name in _PROGRAMS) and find_spec("requests_gssapi") is not None


class Realm:
    """`environment`: where the realm's configuration is. `keytab` makes an account and gives the file with its keys."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        (folder / "krb5.conf").write_text(
            f"[libdefaults]\ndefault_realm = {REALM}\ndns_lookup_kdc = false\ndns_canonicalize_hostname = false\nrdns = false\n"
            f"[realms]\n{REALM} = {{\n kdc = 127.0.0.1:{self._port}\n}}\n"
        )
        (folder / "kdc.conf").write_text(
            f"[kdcdefaults]\nkdc_listen = 127.0.0.1:{self._port}\nkdc_tcp_listen = 127.0.0.1:{self._port}\n"
            f"[realms]\n{REALM} = {{\n database_name = {folder}/principal\n key_stash_file = {folder}/stash\n}}\n"
            f"[logging]\nkdc = FILE:{folder}/kdc.log\n"
        )
        self.environment = {"KRB5_CONFIG": str(folder / "krb5.conf"), "KRB5_KDC_PROFILE": str(folder / "kdc.conf")}
        self._call("kdb5_util", "-r", REALM, "-P", "a-master-key", "create", "-s")

    def keytab(self, principal: str, *, lifetime: str = "1 hour") -> Path:
        keys = self._folder / f"{principal.replace('/', '-')}.keytab"
        self._call("kadmin.local", "-r", REALM, "addprinc", "-randkey", "-maxlife", lifetime, principal)
        self._call("kadmin.local", "-r", REALM, "ktadd", "-k", keys, principal)
        return keys

    def change_keys(self, principal: str) -> None:
        """Those that it had are of no use any more."""
        self._call("kadmin.local", "-r", REALM, "cpw", "-randkey", principal)

    @contextmanager
    def running(self) -> Iterator[None]:
        process = subprocess.Popen([self._path("krb5kdc"), "-n", "-r", REALM], env=self.environment)
        try:
            while process.poll() is None:
                with socket.socket() as found:
                    if found.connect_ex(("127.0.0.1", self._port)) == 0:
                        break
                time.sleep(0.02)
            yield
        finally:
            process.kill()
            process.wait()

    def tickets_of(self, account: str) -> int:
        """How often the KDC has let it in."""
        return sum("AS_REQ" in line and f" {account}@" in line for line in (self._folder / "kdc.log").read_text().splitlines())

    def _call(self, name: str, *words: str | Path) -> None:
        subprocess.run([self._path(name), *map(str, words)], env=self.environment, check=True, capture_output=True)

    @staticmethod
    def _path(name: str) -> str:
        found = shutil.which(name, path=_SBIN)
        assert found is not None
        return found
