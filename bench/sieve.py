"""The same mail through postroom and through Dovecot's sieve-filter, with as many rules of two literals: `make bench-sieve`.

Both run as whole processes on one core, and both have their rules compiled before: sieve-filter by `sievec`, postroom by a
run over an empty Maildir. postroom stores each message durably in SQLite; sieve-filter files each into a folder.
Rules match nearly nothing, so both pay for looking. Installs dovecot-sieve where it is missing (Debian, as root).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from bench import storing
from bench.generate import configure, maildir
from bench.process import run

MESSAGES = 2_000


def postroom(folder: Path, source: Path, count: int) -> tuple[float, float]:
    """Messages a second, and how many there would be if all but the start and the SQL took no time."""
    rules = configure(folder / f"rules-{count}", rules=count)
    none = maildir(folder / "none", "plain", 0)
    run(none, rules, folder / "compiled.db")
    start = run(none, rules, folder / "compiled.db").seconds
    taken = run(source, rules, folder / f"{count}.db").seconds
    return MESSAGES / taken, MESSAGES / (start + storing.seconds(source, rules, folder))


def sieve(folder: Path, source: Path, count: int, last: str) -> float:
    """`last` is what becomes of a message that no rule takes: it is kept where it is, or filed elsewhere."""
    home = folder / f"sieve-{count}-{last.split()[0]}"
    home.mkdir()
    shutil.copytree(source, home / "Maildir")
    tests = "".join(
        f'if allof (header :contains "subject" "s{n}y", body :text :contains "b{n}y") {{ fileinto "Junk"; stop; }}\n'
        for n in range(count)
    )
    script = home / "rules.sieve"
    script.write_text(f'require ["fileinto", "body", "mailbox"];\n{tests}{last};\n')
    config = home / "dovecot.conf"
    # Dovecot reads no mail as root: it runs as nobody then.
    uid = 65534 if os.getuid() == 0 else os.getuid()
    config.write_text(
        f"mail_location = maildir:{home}/Maildir\nmail_home = {home}\nmail_uid = {uid}\nmail_gid = {uid}\nfirst_valid_uid = 0\n"
        "first_valid_gid = 0\nlog_path = /dev/stderr\nplugin {\n  sieve_max_script_size = 0\n  sieve_max_actions = 0\n  sieve_max_cpu_time = 0\n}\n"
        "passdb {\n  driver = static\n  args = nopassword=y\n}\nuserdb {\n  driver = static\n"
        f"  args = uid={uid} gid={uid} home={home}\n}}\n"
    )
    subprocess.run(["sievec", "-c", str(config), str(script)], check=True, capture_output=True)
    become = []
    if uid != os.getuid():
        folder.chmod(0o755)
        subprocess.run(["chown", "-R", str(uid), str(home)], check=True)
        become = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]
    command = [*become, "sieve-filter", "-c", str(config), "-e", "-W", str(script), "INBOX"]
    os.sync()
    began = time.perf_counter()
    done = subprocess.run(
        ["taskset", "-c", "0", *command],
        capture_output=True,
        check=False,
        env={**os.environ, "HOME": str(home), "USER": "nobody"},
    )
    took = time.perf_counter() - began
    filed = len(list((home / "Maildir/.Done").glob("*/*"))) if (home / "Maildir/.Done").is_dir() else 0
    if done.returncode or (last != "keep" and filed < MESSAGES):
        raise SystemExit(f"sieve-filter filed {filed} of {MESSAGES}: {done.stderr.decode()[-500:]}")
    return MESSAGES / took


def main() -> None:
    if shutil.which("sieve-filter") is None:
        subprocess.run(["apt-get", "install", "-y", "-qq", "dovecot-sieve"], check=True)
    print("| rules | postroom | its start and SQL alone | sieve-filter, kept | ratio | sieve-filter, filed | ratio |")
    print("|--:|--:|--:|--:|--:|--:|--:|")
    for count in (100, 1_000):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            source = maildir(folder / "Maildir", "plain", MESSAGES)
            ours, most = postroom(folder, source, count)
            kept, filed = sieve(folder, source, count, "keep"), sieve(folder, source, count, 'fileinto :create "Done"')
        ratios = f"{kept:,.0f} | {ours / kept:.2f} | {filed:,.0f} | {ours / filed:.2f}"
        print(f"| {count:,} | {ours:,.0f} | {most:,.0f} | {ratios} |", flush=True)


if __name__ == "__main__":
    main()
