"""Where notification templates run: they include no other, change nothing that they are given, and miss no variable silently."""

from __future__ import annotations

from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

# No loader: a template includes no other.
ENVIRONMENT = ImmutableSandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=False)
