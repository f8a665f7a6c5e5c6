"""A line in which those wait who want the same: so many at once, and who came first goes first."""

from __future__ import annotations

from collections import deque
from threading import Lock


class Line:
    """`with line:` waits for its turn. A semaphore lets whoever is awake in again, and others may wait for ever."""

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._waiting: deque[Lock] = deque()
        self._lock = Lock()

    def __enter__(self) -> None:
        turn = Lock()
        turn.acquire()
        with self._lock:
            if self._free:
                self._free -= 1
                return
            self._waiting.append(turn)
        turn.acquire()  # until somebody who leaves gives it away

    def __exit__(self, *_: object) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1
