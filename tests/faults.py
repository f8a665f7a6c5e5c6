"""Where `tools.faults` can let calls fail."""

from __future__ import annotations

import shutil
import sys

import pytest

needs_faults = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("cc") is None, reason="needs LD_PRELOAD and a C compiler"
)
