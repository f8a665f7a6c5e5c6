"""The same mail through postroom and through Dovecot's sieve-filter, with as many rules of two literals: `make bench-sieve`.

Both run as whole processes on one core, and both have their rules compiled before: sieve-filter by `sievec`, postroom by a
run over an empty Maildir. Rules match nearly nothing, so both pay for looking.

postroom stores each message durably in SQLite: once with the rules alone, and once as a whole service desk, with tags, duplicates
and notifications. What sieve-filter has to do depends on two things, so each is measured: what becomes of mail that no rule takes,
and which literal a rule asks for first, for it reads no body where the subject has not what is asked.
Each runs several times, all of them in turns, for one run may take half as long again as the next: the medians are shown, of the
ratios too, which are those of one turn. Installs dovecot-sieve where it is missing (Debian, as root).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median

from bench import storing
from bench.generate import configure, rules_alone
from bench.mail import maildir
from bench.process import run

MESSAGES = 2_000
TURNS = 3


def prepared(rules: Path, none: Path) -> float:
    """The seconds of a start, once the rules are compiled. `none`: a Maildir without mail."""
    run(none, rules, rules.with_name("compiled.db"))
    return run(none, rules, rules.with_name("compiled.db")).seconds


def postroom(rules: Path, source: Path, folder: Path) -> float:
    """Messages a second, into a new database."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        return MESSAGES / run(source, rules, Path(name) / "p.db").seconds


KEPT, FILED = "keep", 'fileinto :create "Done"'
SUBJECT_FIRST, BODY_FIRST = "subject first", "body first"
_SUBJECT, _BODY = 'header :contains "subject" "s{n}y"', 'body :text :contains "b{n}y"'
VARIANTS = ((KEPT, SUBJECT_FIRST), (KEPT, BODY_FIRST), (FILED, SUBJECT_FIRST))
_TESTS = {SUBJECT_FIRST: f"{_SUBJECT}, {_BODY}", BODY_FIRST: f"{_BODY}, {_SUBJECT}"}


def sieve(folder: Path, source: Path, count: int, last: str, order: str) -> float:
    """Messages a second. `last` is what becomes of a message that no rule takes: it is kept where it is, or filed elsewhere."""
    home = folder / "sieve"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    shutil.copytree(source, home / "Maildir")
    tests = "".join(f'if allof ({_TESTS[order].format(n=n)}) {{ fileinto "Junk"; stop; }}\n' for n in range(count))
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
    if done.returncode or (last != KEPT and filed < MESSAGES):
        raise SystemExit(f"sieve-filter filed {filed} of {MESSAGES}: {done.stderr.decode()[-500:]}")
    return MESSAGES / took


def main() -> None:
    if shutil.which("sieve-filter") is None:
        subprocess.run(["apt-get", "install", "-y", "-qq", "dovecot-sieve"], check=True)
    print("| rules | sieve-filter | messages/s | postroom, rules alone | ratio | whole desk | ratio |")
    print("|--:|---|--:|--:|--:|--:|--:|")
    for count in (100, 1_000):
        with tempfile.TemporaryDirectory() as name:
            measure(Path(name), count)


def measure(folder: Path, count: int) -> None:
    source, none = maildir(folder / "Maildir", "plain", MESSAGES), maildir(folder / "none", "plain", 0)
    alone, whole = rules_alone(configure(folder / "alone", rules=count)), configure(folder / "whole", rules=count)
    start, _ = prepared(alone, none), prepared(whole, none)
    turns = [
        (postroom(alone, source, folder), postroom(whole, source, folder), *theirs(folder, source, count)) for _ in range(TURNS)
    ]
    for place, (last, order) in enumerate(VARIANTS, 2):
        words = f"{count:,} | {'keeps' if last == KEPT else 'files'}, {order} | {median(turn[place] for turn in turns):,.0f}"
        ours = (
            f"{median(turn[who] for turn in turns):,.0f} | {median(turn[who] / turn[place] for turn in turns):.2f}"
            for who in (0, 1)
        )
        print(f"| {words} | {' | '.join(ours)} |", flush=True)
    most = MESSAGES / (start + storing.seconds(source, alone, folder))
    print(f"| {count:,} | (postroom's start and SQL alone) | {most:,.0f} | | | | |", flush=True)


def theirs(folder: Path, source: Path, count: int) -> list[float]:
    return [sieve(folder, source, count, last, order) for last, order in VARIANTS]


if __name__ == "__main__":
    main()
