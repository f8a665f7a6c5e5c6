"""The configuration as it was at a git ref, in a folder of its own for as long as it is needed."""

from __future__ import annotations

import io
import re
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.config.git import git_says, run_git
from engine.errors import PostroomError

_PATIENCE = 60.0  # seconds
MAIN_BRANCHES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")


def merge_base(root: Path) -> str:
    """The commit where the working tree's branch left the main branch. Raises `PostroomError` where there is none."""
    _inside(root)
    for branch in MAIN_BRANCHES:
        found = _git(root, "merge-base", "HEAD", branch)
        if found is not None:
            return found.decode().strip()
    raise PostroomError.of(
        "there is no main branch to compare with, or not its history",
        "name a commit or branch with --base; in CI, fetch the whole history",
    )


@contextmanager
def configuration_at(root: Path, ref: str) -> Iterator[Path]:
    """A folder with the files of `root` as they are at `ref`; gone afterwards. Raises `PostroomError`."""
    _inside(root)
    commit = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    if commit is None:
        raise PostroomError.of(f"git knows no '{ref}'", "name a commit, a tag or a branch; in CI, fetch the whole history")
    top = Path((_git(root, "rev-parse", "--show-toplevel") or b"").decode().strip())
    prefix = (_git(root, "rev-parse", "--show-prefix") or b"").decode().strip()
    words = ["archive", "--format=tar", commit.decode().strip(), *([prefix] if prefix else [])]
    archive = _git(top, *words)
    if archive is None:
        raise PostroomError.of(f"'{ref}' has no configuration in {prefix or 'its root'}", "name a ref that has one with --base")
    with tempfile.TemporaryDirectory(prefix="postroom-") as folder:
        _unpack(archive, Path(folder), ref)
        yield Path(folder) / prefix


def _unpack(archive: bytes, folder: Path, ref: str) -> None:
    """Its files, a link as the file that it names. `extractall` alone is not safe, and its filters are missing in Debian 12."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar:
            path = folder / member.name
            if not path.resolve().is_relative_to(folder.resolve()):
                raise PostroomError.of(f"'{ref}' has a file outside of its folders: {member.name!r}", "name another with --base")
            try:
                content = None if member.isdir() else tar.extractfile(member)
            except (KeyError, RecursionError):
                raise PostroomError.of(
                    f"at '{ref}', {member.name} is a link to {member.linkname!r}, which is not in the same folder",
                    "keep the file itself there, or name another ref with --base",
                ) from None
            if content is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content.read())


def _inside(root: Path) -> None:
    if not root.is_dir():
        raise PostroomError.of(f"there is no folder {root}", "name the configuration's with --rules")
    done = run_git(root, "rev-parse", "--git-dir", seconds=_PATIENCE)
    if done is None:
        raise PostroomError.of("git cannot be run", "install it: another version of the configuration is compared with")
    said = done.stderr.decode(errors="replace").strip()
    owned = re.search(r"git config --global --add safe\.directory .+", said)
    if done.returncode and owned:  # the checkout of a CI job often belongs to another user than the one that runs it
        raise PostroomError.of(f"git does not read {root}, for another user owns it", f"say `{owned[0].strip()}`")
    if done.returncode:
        raise PostroomError.of(f"{root} is in no git repository", "run this in one: another version of it is compared with")


def _git(root: Path, *words: str) -> bytes | None:
    return git_says(root, *words, seconds=_PATIENCE)
