"""What tests share: where configurations are, and a copy of one to break."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from engine.config.load import load_config
from engine.decide.setup import Setup, prepare

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
# Whoever starts the tests, and from where, changes nothing. A shell that starts them in the background has SIGINT ignored, and so
# would the commands that tests interrupt; the servers of tests are here or nowhere, not behind a company's proxy; a developer's
# database and configuration are his; and git runs hooks with variables of its own.
signal.signal(signal.SIGINT, signal.default_int_handler)
for _name in [name for name in os.environ if name.startswith(("POSTROOM_", "GIT_")) or name.lower() == "no_proxy"]:
    del os.environ[_name]
for _name in ("no_proxy", "NO_PROXY"):
    os.environ[_name] = "127.0.0.1,localhost,.invalid"
# No test fails because its machine is busy: how fast something is, is a benchmark's matter.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def _no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test takes a configuration that another has kept, or leaves one in the developer's home."""
    monkeypatch.setenv("POSTROOM_CACHE", "off")


@pytest.fixture(autouse=True)
def _no_tokens() -> Iterator[None]:
    """No test takes a token that was given to another, by a server that had the same port."""
    yield
    if (tokens := sys.modules.get("engine.sources.tokens")) is not None:
        tokens.forget_all()


@pytest.fixture(scope="session")
def shipped() -> Path:
    return ROOT / "rules"


@pytest.fixture(scope="session")
def setup(shipped: Path) -> Setup:
    return prepare(load_config(shipped))


@pytest.fixture
def rules(tmp_path: Path, shipped: Path) -> Path:
    """A copy of the shipped configuration, to change."""
    return Path(shutil.copytree(shipped, tmp_path / "rules"))


@pytest.fixture(scope="session")
def example() -> Path:
    """The example configuration, where it is at hand."""
    path = SHARED / "example-rules"
    if not path.is_dir():
        pytest.skip("../shared/example-rules is not here")
    return path


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Real mail, where it is at hand."""
    path = SHARED / "corpus"
    if not path.is_dir():
        pytest.skip("../shared/corpus is not here")
    return path
