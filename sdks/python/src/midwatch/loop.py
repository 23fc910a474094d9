"""The iterators behind ``watch.cycles()`` and ``watch.acycles()``.

    enter ──► beat `starting` ──► turn ──► beat (ends the turn) ──► wait for the pace ──► turn …
                                              │ told to pause: beat `paused`, wait, again until resumed
                                              └ told to stop, or shutdown announced: beat `stopped`, end

What happens between two turns is written once, as a generator that yields its waits; the two iterators differ only in
how they wait. A ``for`` statement does not tell its iterator whether the body left by ``break`` or by an exception, so
leaving says nothing by itself: the next loop simply starts, and when the program ends instead, the watch says so then.
As a context manager (``with watch.cycles() as cycles:``) the iterator sees the exception, and beats ``error``.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Iterator, Optional

from .cycle import Cycle
from .waiting import TaskWaker, ThreadWaker, Wait

if TYPE_CHECKING:
    from .watch import Midwatch

# How often a held loop asks whether it may go on, at most.
HOLD_S = 5.0
# The loop waits for the answer to its beat for at most this part of the turn, so that a directive that is already on its
# way comes before the next turn, and a quick loop is not slowed.
_PART_OF_TURN = 1 / 20


class _Turns:
    """What both iterators share."""

    def __init__(self, watch: "Midwatch", every_s: Optional[float], kind: Optional[str]) -> None:
        self.every_s = every_s
        self.is_over = False
        self._watch = watch
        self._kind = kind
        self._entered = False
        self._next_start = 0.0

    def wake(self) -> None:
        """Makes a waiting loop look again."""
        raise NotImplementedError

    def _between(self) -> Iterator[Wait]:
        """Everything from the end of one turn to the start of the next."""
        watch = self._watch
        if self._entered:
            turn_s, pending = watch.end_turn(self._wait_left())
            if pending is not None and not watch.must_leave:
                patience = min(watch.patience_s, turn_s * _PART_OF_TURN)
                yield Wait(patience, lambda: pending.settled)
        else:
            self._entered = True
            first = watch.enter(self)
            if first is not None:
                # Once, before anything is spent: an agent whose budget is used up learns it here.
                yield Wait(watch.patience_s, lambda: first.settled)
        while not watch.must_leave:
            left = self._wait_left()
            if watch.directive.kind == "pause":
                yield from self._hold()
            elif left > 0:
                yield Wait(left, lambda: watch.must_leave or watch.directive.kind == "pause")
            else:
                self._next_start = time.monotonic() + (self.every_s or 0.0)
                return
        self.is_over = True
        last = watch.leave()
        if last is not None:
            yield Wait(watch.patience_s, lambda: last.settled)

    def _hold(self) -> Iterator[Wait]:
        watch = self._watch

        def is_resumed() -> bool:
            return watch.must_leave or watch.directive.kind != "pause"

        pending = watch.hold()
        yield Wait(watch.hold_s, is_resumed)
        # One beat on its way is enough: a queue of them would say no more.
        while pending is not None and not pending.settled and not is_resumed():
            yield Wait(watch.hold_s, lambda: pending.settled or is_resumed())

    def _wait_left(self) -> float:
        return max(0.0, self._next_start - time.monotonic())


class Loop(_Turns):
    """``for cycle in watch.cycles(…)``."""

    def __init__(self, watch: "Midwatch", every_s: Optional[float], kind: Optional[str]) -> None:
        super().__init__(watch, every_s, kind)
        self._waker = ThreadWaker()

    def wake(self) -> None:
        self._waker.wake()

    def __iter__(self) -> "Loop":
        return self

    def __next__(self) -> Cycle:
        if not self.is_over:
            for wait in self._between():
                self._waker.wait(wait)
        if self.is_over:
            raise StopIteration
        return self._watch.begin_turn(self._kind)

    def __enter__(self) -> "Loop":
        return self

    def __exit__(self, kind: object, error: Optional[BaseException], trace: object) -> None:
        if error is not None:
            self._watch.fail(error)


class AsyncLoop(_Turns):
    """``async for cycle in watch.acycles(…)``."""

    def __init__(self, watch: "Midwatch", every_s: Optional[float], kind: Optional[str]) -> None:
        super().__init__(watch, every_s, kind)
        self._waker = TaskWaker()

    def wake(self) -> None:
        self._waker.wake()

    def __aiter__(self) -> "AsyncLoop":
        return self

    async def __anext__(self) -> Cycle:
        if not self.is_over:
            for wait in self._between():
                await self._waker.wait(wait)
        if self.is_over:
            raise StopAsyncIteration
        return self._watch.begin_turn(self._kind)

    async def __aenter__(self) -> "AsyncLoop":
        return self

    async def __aexit__(self, kind: object, error: Optional[BaseException], trace: object) -> None:
        if error is not None:
            self._watch.fail(error)
