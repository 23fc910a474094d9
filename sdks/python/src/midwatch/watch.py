"""The object an agent holds: says what the loop, the process and the agent itself have to say."""

from __future__ import annotations

import threading
import weakref
from typing import Any, Dict, Optional, Tuple, Union

from . import process
from .answer import CONTINUE, Directive
from .cycle import Cycle, describe
from .delivery import Pending
from .fields import metrics_of, status_of, text_of
from .last_death import LastDeath, read_last_death
from .loop import HOLD_S, AsyncLoop, Loop
from .notes import note_once
from .reporter import LAST_WORDS, Reporter
from .settings import Duration, pace_of, promised_interval, resolve_settings, seconds_of
from .stack import offer_stack

_LONGEST_WAIT_S = 0.25


class Midwatch:
    """Beats for one agent, from its own loop.

    ``agent``, ``url``, ``key``, ``run_id`` and ``interval`` default to MIDWATCH_AGENT, MIDWATCH_URL, MIDWATCH_KEY,
    MIDWATCH_RUN_ID and MIDWATCH_INTERVAL, so inside a supervised agent none is needed. Without a server or a key
    nothing is sent, which is said once, and the loop runs as it would.

    ``interval`` is the promise: the longest time between two beats, in seconds or as ``"60s"``, at least 1 s. Without it
    the server learns it. ``patience`` bounds every wait of the loop for the server (default 250 ms).

    One watch serves one loop at a time. It may be used from any thread and after a fork.
    """

    def __init__(
        self,
        agent: Optional[str] = None,
        *,
        url: Optional[str] = None,
        key: Optional[str] = None,
        interval: Optional[Duration] = None,
        run_id: Optional[str] = None,
        patience: Duration = _LONGEST_WAIT_S,
    ) -> None:
        promised = promised_interval(interval)
        self.patience_s = seconds_of(patience, "patience") or 0.0
        self.hold_s = min(HOLD_S, promised or HOLD_S)
        self._reporter = Reporter(resolve_settings(agent, url, key, run_id), promised, self._wake)
        self._cycle: Optional[Cycle] = None
        self._cycles_begun = 0
        self._loop: Optional["weakref.ref[Union[Loop, AsyncLoop]]"] = None
        self._thread_id: Optional[int] = None
        self._is_announced = False
        self._is_signalled = False
        self._has_stopped = False
        self._farewell: Optional[str] = None
        self._told_error: Optional[int] = None
        # Whether this process has beaten from a loop and not yet said how it ended.
        self._owes_farewell = False
        # Why the run before this one ended, as its supervisor tells it; None where nothing died.
        self.last_death: Optional[LastDeath] = read_last_death()
        process.know(self)
        offer_stack()

    # ---- what an agent calls -------------------------------------------------------------------------------------

    def cycles(self, every: Optional[Duration] = None, kind: Optional[str] = None) -> Loop:
        """The agent's main loop. ``every`` paces it, start to start; ``kind`` names its turns.

        Each turn ends in a beat, sent from this loop. The iterator ends after ``shutdown``, ``stopped``, SIGTERM or the
        directive ``stop``, and holds the loop while the directive is ``pause``. Raises ValueError for an ``every`` that
        cannot be read.
        """
        return Loop(self, pace_of(every), text_of("cycle_kind", kind))

    def acycles(self, every: Optional[Duration] = None, kind: Optional[str] = None) -> AsyncLoop:
        """The same for ``async for``; other tasks run while it waits."""
        return AsyncLoop(self, pace_of(every), text_of("cycle_kind", kind))

    def beat(
        self,
        status: str = "ok",
        *,
        tokens_used: Optional[int] = None,
        usage: object = None,
        message: Optional[str] = None,
        progress: object = None,
        cycle_kind: Optional[str] = None,
        cycle_ms: Optional[float] = None,
        lease_s: Optional[Duration] = None,
        lease_reason: Optional[str] = None,
        metrics: Optional[Dict[str, float]] = None,
    ) -> Directive:
        """One beat, for a loop of one's own. Returns at once, whatever the server does, with what it last told the agent.

        ``usage`` is one usage of any known shape, or a list of them. ``tokens_used`` beside it is the total of both.
        """
        self._reporter.count(tokens_used, usage)
        lease = seconds_of(lease_s, "a lease")
        self._emit(
            status_of(status),
            message=text_of("message", message),
            progress=text_of("progress", progress),
            cycle_kind=text_of("cycle_kind", cycle_kind),
            cycle_ms=cycle_ms if isinstance(cycle_ms, (int, float)) and 0 <= cycle_ms < 1e12 else None,
            lease_s=lease,
            lease_reason=text_of("lease_reason", lease_reason) if lease is not None else None,
            metrics=metrics_of(metrics),
        )
        if status in LAST_WORDS:
            self._is_announced = False
        return self.directive

    def tokens(self, count: int) -> None:
        """Counts tokens for the next beat. Not negative."""
        self._reporter.tokens(count)

    def usage(self, usage: object) -> int:
        """Counts the usage of an LLM call for the next beat: a provider's usage or its whole answer, dict or object.

        Returns the tokens that were found in it.
        """
        return self._reporter.usage(usage)

    def tool(self, name: str, args: object = None) -> None:
        """Tells a tool call with the next beat, by name and a digest of its arguments; the last 64 per beat."""
        self._reporter.tool(name, args)

    def shutdown(self, reason: Optional[str] = None) -> None:
        """Announces now that the agent is shutting down; the loop ends in ``stopped`` after its current turn.

        Cost and silence are judged more gently from here on. Until ``stopped`` every beat says ``shutting_down``.
        """
        self._announce(text_of("message", reason))

    def stopped(self, reason: Optional[str] = None) -> None:
        """Says now that the agent has ended on purpose, which closes the turn that is open. The last word of a loop."""
        reason = text_of("message", reason)
        if self._running_loop() is None or not self._has_stopped:
            self.say_last("stopped", reason if reason is not None else self._farewell, even_unasked=True)
        self._has_stopped = True
        self._is_announced = False
        self._wake()

    @property
    def directive(self) -> Directive:
        """What the server last told this agent, why, and what it warns of."""
        return self._reporter.directive

    def flush(self, timeout: float = _LONGEST_WAIT_S, last_call: bool = False) -> bool:
        """Waits up to ``timeout`` seconds until what was beaten is with the server; True when it is.

        Needed only before an end that Python does not see, such as ``os._exit``.
        """
        return self._reporter.flush(timeout, last_call)

    # ---- what the loop calls -------------------------------------------------------------------------------------

    @property
    def must_leave(self) -> bool:
        """True when no further turn may begin."""
        return self._is_announced or self._has_stopped or self.directive.kind == "stop"

    def enter(self, loop: Union[Loop, AsyncLoop]) -> Optional[Pending]:
        """A loop begins. Turns that an earlier loop left open are forgotten; their usage is not."""
        self._loop = weakref.ref(loop)
        self._thread_id = threading.get_ident()
        self._cycle = None
        self._reporter.every_s = loop.every_s
        self._has_stopped = False
        if self.directive.kind == "stop":
            self._reporter.directive = CONTINUE
        if not self._reporter.is_watched or self._is_announced:
            return None
        process.guard()
        return self._emit("starting", in_loop=True)

    def begin_turn(self, kind: Optional[str]) -> Cycle:
        """A turn begins."""
        self._cycles_begun += 1
        self._cycle = Cycle(self, self._cycles_begun, kind)
        return self._cycle

    def end_turn(self, wait_s: float) -> Tuple[float, Optional[Pending]]:
        """A turn ends in its beat; ``wait_s`` is how long the pace makes the next one wait."""
        cycle = self._cycle
        if cycle is None or self._has_stopped:
            return 0.0, None
        elapsed_s = cycle.elapsed_s
        if self._is_announced:
            return elapsed_s, self.say_last("stopped", self._farewell)
        status = "ok" if cycle._error is None else "error"
        # A pace slower than the promise is a wait the server is told of.
        is_long = self._reporter.interval_s is not None and wait_s > self._reporter.interval_s
        pending = self._emit(
            status,
            in_loop=True,
            closes=True,
            message=cycle._error if cycle._error is not None else None,
            lease_s=round(wait_s, 3) if is_long else None,
            lease_reason="waiting for its next turn" if is_long else None,
        )
        return elapsed_s, pending

    def hold(self) -> Optional[Pending]:
        """The loop is held where it is."""
        return self._emit("paused", in_loop=True)

    def leave(self) -> Optional[Pending]:
        """The loop has ended as it should. What was used after the last word goes out in one more."""
        last = self.say_last("stopped", self._farewell)
        if last is None and self._reporter.has_unsaid:
            return self._emit("stopped")
        return last

    def fail(self, error: BaseException) -> None:
        """The loop's body raised. Whether the program ends is seen when it does.

        Told once per exception, also when both the iterator and the process see it. Leaving by ``sys.exit`` or by the
        cancellation of a task is no error.
        """
        if not self._owes_farewell or id(error) == self._told_error:
            return
        self._told_error = id(error)
        if isinstance(error, KeyboardInterrupt):
            self.say_last("stopped", "interrupted from the keyboard")
        elif isinstance(error, Exception):
            self._emit("error", in_loop=True, closes=True, message=describe(error))

    # ---- what the process calls ----------------------------------------------------------------------------------

    @property
    def is_of_this_thread(self) -> bool:
        """True when the loop was entered in the thread that asks."""
        return self._thread_id == threading.get_ident()

    def on_signal(self, name: str) -> bool:
        """Announces the shutdown; True when a running loop will end because of it, the first time it is told."""
        if self._running_loop() is None or self._is_signalled:
            return False
        self._is_signalled = True
        self._announce(name)
        return True

    def say_last(self, status: str, reason: Optional[str], even_unasked: bool = False) -> Optional[Pending]:
        """Says the last word of a loop, unless it was said; ends the turn that is open."""
        if not (self._owes_farewell or even_unasked):
            return None
        pending = self._emit(status, in_loop=True, closes=self._cycle is not None, message=reason)
        self._owes_farewell = False
        return pending

    def on_exit(self) -> None:
        """The process ends, and nobody said so."""
        if self.say_last("exited", None) is None and self._has_stopped and self._reporter.has_unsaid:
            self._emit("stopped")

    def after_fork(self) -> None:
        """In a child everything unsent is the parent's to tell, and so is how the loop ended."""
        self._owes_farewell = False
        self._reporter.after_fork()

    # ---- beats ---------------------------------------------------------------------------------------------------

    def _announce(self, reason: Optional[str]) -> None:
        if not self._is_announced:
            self._farewell = reason if reason is not None else self._farewell
            self._is_announced = True
            self._emit("shutting_down", message=reason)
        self._wake()

    def _emit(self, status: str, *, in_loop: bool = False, closes: bool = False, **fields: Any) -> Optional[Pending]:
        """Beats, unless nobody listens. Never raises; safe in a signal handler."""
        try:
            return self._say(status, in_loop, closes, fields)
        except Exception as error:
            note_once(f"a beat could not be made: {describe(error)}; please report this")
            return None

    def _say(self, status: str, in_loop: bool, closes: bool, fields: Dict[str, Any]) -> Optional[Pending]:
        if not self._reporter.can_beat:
            return None
        is_last = status in LAST_WORDS
        if self._is_announced and not is_last:
            status = "shutting_down"
        cycle = self._cycle if closes or self._running_loop() is not None else None
        if closes:
            self._cycle = None
        process.hold_until_exit(self)
        self._owes_farewell = (self._owes_farewell or in_loop) and not is_last
        return self._reporter.beat(status, cycle, closes, fields)

    def _running_loop(self) -> Optional[Union[Loop, AsyncLoop]]:
        """The loop whose turns these are: None when it ended, and when it was left and is held by nobody."""
        loop = self._loop() if self._loop is not None else None
        return None if loop is None or loop.is_over else loop

    def _wake(self) -> None:
        # Also a loop that is over: it waits a moment for its last beat.
        loop = self._loop() if self._loop is not None else None
        if loop is not None:
            loop.wake()
