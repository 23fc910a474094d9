"""How a loop waits: until something is true or time is up, and no longer than that."""

from __future__ import annotations

import asyncio
import time
from queue import Empty, SimpleQueue
from typing import Callable, NamedTuple, Optional


class Wait(NamedTuple):
    """Wait at most ``seconds``, and only while ``until`` is false."""

    seconds: float
    until: Callable[[], bool]


class ThreadWaker:
    """Wakes a waiting thread. ``wake`` may be called from any thread and from a signal handler.

    Not a ``threading.Event``: its ``set`` takes a lock that the interrupted ``wait`` may hold.
    """

    def __init__(self) -> None:
        self._calls: "SimpleQueue[None]" = SimpleQueue()

    def wake(self) -> None:
        """Makes the waiter look again."""
        if self._calls.empty():
            self._calls.put(None)

    def wait(self, wait: Wait) -> None:
        """Blocks this thread."""
        deadline = time.monotonic() + wait.seconds
        while not wait.until():
            left = deadline - time.monotonic()
            if left <= 0:
                return
            try:
                self._calls.get(timeout=min(left, 3600.0))
            except Empty:
                pass  # Time is up, or an hour of it: the loop looks again.


class TaskWaker:
    """Wakes a waiting asyncio task; the event loop runs other tasks meanwhile."""

    def __init__(self) -> None:
        self._event: Optional[asyncio.Event] = None
        self._loop: Optional[asyncio.AbstractEventLoop] = None

    def wake(self) -> None:
        """Makes the waiter look again."""
        loop, event = self._loop, self._event
        if loop is None or event is None:
            return
        try:
            loop.call_soon_threadsafe(event.set)
        except RuntimeError:
            pass  # The event loop is closed: nobody waits any more.

    async def wait(self, wait: Wait) -> None:
        """Suspends this task."""
        deadline = time.monotonic() + wait.seconds
        self._loop = asyncio.get_running_loop()
        event = self._event = asyncio.Event()
        try:
            while not wait.until():
                left = deadline - time.monotonic()
                if left <= 0:
                    return
                try:
                    await asyncio.wait_for(event.wait(), min(left, 3600.0))
                except asyncio.TimeoutError:
                    continue
                event.clear()
        finally:
            self._event = None
