"""How long a mailbox that failed is left alone."""

from __future__ import annotations

import pytest

from engine.errors import StoreError
from engine.notify.transport import SIGN_IN_WAIT
from engine.polling.poller import _wait
from engine.sources.remote import RemoteError, SignInFailed


@pytest.mark.parametrize(
    ("error", "failures", "seconds"),
    [
        *((RemoteError("no answer"), failures, wait) for failures, wait in ((1, 5), (2, 10), (3, 20), (7, 300), (5000, 300))),
        (ValueError("a fault of ours"), 2, 10),
        (StoreError.of("locked", ""), 1, 5),
        (RemoteError("busy", 42.0), 1, 42),
        (RemoteError("busy", 42.0), 9, 42),
        (RemoteError("busy", 0.0), 1, 0.1),
        (RemoteError("busy", 1e9), 1, 3600),
        (SignInFailed("the password is wrong"), 1, SIGN_IN_WAIT),
        (SignInFailed("the password is wrong"), 9, SIGN_IN_WAIT),
    ],
)
def test_the_wait_grows_but_for_what_the_server_says(error: Exception, failures: int, seconds: float) -> None:
    assert _wait(error, failures) == seconds


def test_after_a_refused_token_another_is_asked_for_soon_once() -> None:
    refused = SignInFailed("the server does not let us in")
    assert [_wait(refused, failures, by_token=True) for failures in (1, 2, 3)] == [5, SIGN_IN_WAIT, SIGN_IN_WAIT]


def test_a_refused_sign_in_is_not_tried_again_soon() -> None:
    assert SIGN_IN_WAIT == 15 * 60  # docs/operations.md
