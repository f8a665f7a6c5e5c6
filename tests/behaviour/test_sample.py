"""The trace of each message of the sample, word by word: it is what administrators read first."""

from __future__ import annotations

from difflib import unified_diff

from tests.behaviour.sample_traces import KEPT, written


def test_why_each_message_of_the_sample_became_what_it_did() -> None:
    changed = "\n".join(unified_diff(KEPT.read_text("utf-8").splitlines(), written().splitlines(), lineterm="", n=1))
    assert not changed, f"where this is meant: python -m tests.behaviour.sample_traces\n{changed}"
