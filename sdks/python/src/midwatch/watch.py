"""The object an agent holds: makes beats from what the loop says."""

from __future__ import annotations

import itertools
import os
import secrets
import threading
import time
import weakref
from collections import deque
from typing import Any, Deque, Dict, Optional, Tuple, Union

from . import process
from .answer import CONTINUE, Directive
from .cycle import Cycle, describe
from .delivery import Delivery, Pending
from .fields import MOST_TOOLS, metrics_of, status_of, text_of, tool_of
from .loop import HOLD_S, AsyncLoop, Loop
from .notes import note_once
from .settings import SHORTEST_INTERVAL_S, Duration, pace_of, resolve_settings, seconds_of
from .tally import Tally
from .usage import count_of, read_usage

_LONGEST_WAIT_S = 0.25
_MEGABYTE = 1_000_000


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
        promised = seconds_of(interval, "interval") or seconds_of(
            os.environ.get("MIDWATCH_INTERVAL"), "MIDWATCH_INTERVAL"
        )
        self.patience_s = seconds_of(patience, "patience") or 0.0
        if promised is not None and promised < SHORTEST_INTERVAL_S:
            note_once(f"an interval is at least {SHORTEST_INTERVAL_S:g} s, got {promised:g} s; it is ignored")
            promised = None
        self.hold_s = min(HOLD_S, promised or HOLD_S)
        self._interval_s = promised
        self._settings = resolve_settings(agent, url, key, run_id)
        self._delivery: Optional[Delivery] = None
        if self._settings is not None:
            self._delivery = Delivery(self._settings.url, self._settings.key, self._on_settled)
        self._directive = CONTINUE
        self._cycle: Optional[Cycle] = None
        self._cycles_begun = 0
        self._every_s: Optional[float] = None
        self._loop: Optional["weakref.ref[Union[Loop, AsyncLoop]]"] = None
        self._thread_id: Optional[int] = None
        self._is_announced = False
        self._is_signalled = False
        self._has_stopped = False
        self._farewell: Optional[str] = None
        self._told_error: Optional[int] = None
        self.after_fork()
        process.know(self)

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
        counted = 0
        if usage is not None:
            for entry in usage if isinstance(usage, (list, tuple)) else [usage]:
                counted += self.usage(entry)
        if tokens_used is not None:
            self.tokens(max(0, tokens_used - counted) if counted and count_of(tokens_used) is not None else tokens_used)
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
        if status in ("stopped", "exited"):
            self._is_announced = False
        return self._directive

    def tokens(self, count: int) -> None:
        """Counts tokens for the next beat. Not negative."""
        counted = count_of(count)
        if counted is None:
            note_once(f"tokens are whole numbers from 0, got {count!r}; it is not counted")
        elif counted and self._delivery is not None:
            self._tally.add(counted)

    def usage(self, usage: object) -> int:
        """Counts the usage of an LLM call for the next beat: a provider's usage or its whole answer, dict or object.

        Returns the tokens that were found in it.
        """
        row = read_usage(usage)
        if row is None:
            note_once(f"no token counts are recognised in a usage of type {type(usage).__name__}; it is not counted")
            return 0
        if self._delivery is not None:
            self._tally.add(row)
        return int(row["input_tokens"] + row["output_tokens"])

    def tool(self, name: str, args: object = None) -> None:
        """Tells a tool call with the next beat, by name and a digest of its arguments; the last 64 per beat."""
        tool = tool_of(name, args)
        if tool is not None:
            self._tools.append(tool)

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
        return self._directive

    def flush(self, timeout: float = _LONGEST_WAIT_S, last_call: bool = False) -> bool:
        """Waits up to ``timeout`` seconds until what was beaten is with the server; True when it is.

        Needed only before an end that Python does not see, such as ``os._exit``.
        """
        return self._delivery is None or self._delivery.flush(timeout, last_call)

    # ---- what the loop calls -------------------------------------------------------------------------------------

    @property
    def must_leave(self) -> bool:
        """True when no further turn may begin."""
        return self._is_announced or self._has_stopped or self._directive.kind == "stop"

    def enter(self, loop: Union[Loop, AsyncLoop]) -> Optional[Pending]:
        """A loop begins. Turns that an earlier loop left open are forgotten; their usage is not."""
        self._loop = weakref.ref(loop)
        self._thread_id = threading.get_ident()
        self._cycle = None
        self._every_s = loop.every_s
        self._has_stopped = False
        if self._directive.kind == "stop":
            self._directive = CONTINUE
        if self._delivery is None or self._is_announced:
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
        is_long = self._interval_s is not None and wait_s > self._interval_s
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
        if last is None and self._tally.has_entries:
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
        if self.say_last("exited", None) is None and self._has_stopped and self._tally.has_entries:
            self._emit("stopped")

    def after_fork(self) -> None:
        """In a child everything unsent is the parent's to tell, and the child is an instance of its own."""
        self._instance = secrets.token_hex(6)
        self._seq = itertools.count(1)
        self._tally = Tally()
        self._tools: Deque[Dict[str, str]] = deque(maxlen=MOST_TOOLS)
        # Whether this process has beaten from a loop and not yet said how it ended.
        self._owes_farewell = False
        if self._delivery is not None:
            self._delivery.after_fork()

    # ---- beats ---------------------------------------------------------------------------------------------------

    def _announce(self, reason: Optional[str]) -> None:
        if not self._is_announced:
            self._farewell = reason if reason is not None else self._farewell
            self._is_announced = True
            self._emit("shutting_down", message=reason)
        self._wake()

    def _emit(self, status: str, *, in_loop: bool = False, closes: bool = False, **fields: Any) -> Optional[Pending]:
        """Makes a beat of all that is untold. Never raises; safe in a signal handler."""
        try:
            return self._make(status, in_loop, closes, fields)
        except Exception as error:
            note_once(f"a beat could not be made: {describe(error)}; please report this")
            return None

    def _make(self, status: str, in_loop: bool, closes: bool, fields: Dict[str, Any]) -> Optional[Pending]:
        delivery, settings = self._delivery, self._settings
        if delivery is None or settings is None or delivery.is_full:
            return None
        is_last = status in ("stopped", "exited")
        if self._is_announced and not is_last:
            status = "shutting_down"
        used = self._tally.take()
        body: Dict[str, Any] = {
            "agent": settings.agent,
            "status": status,
            "tokens_used": used.tokens,
            "ts": round(time.time(), 3),
            "run_id": settings.run_id,
            "instance": self._instance,
            "seq": next(self._seq),
        }
        if self._interval_s is not None:
            body["interval_s"] = self._interval_s
        elif self._every_s is not None:
            body["every_s"] = self._every_s
        if used.rows:
            body["usage"] = used.rows
        tools = self._take_tools()
        if tools:
            body["tools"] = tools
        self._add_cycle(body, closes, fields)
        body.update((name, value) for name, value in fields.items() if value is not None)
        process.hold_until_exit(self)
        self._owes_farewell = (self._owes_farewell or in_loop) and not is_last
        return delivery.send(body)

    def _add_cycle(self, body: Dict[str, Any], closes: bool, fields: Dict[str, Any]) -> None:
        cycle = self._cycle
        if cycle is None or not (closes or self._running_loop() is not None):
            return
        body["cycle"] = cycle.number
        if cycle._kind is not None:
            body["cycle_kind"] = cycle._kind
        if not closes:
            return
        self._cycle = None
        body["cycle_ms"] = round(cycle.elapsed_s * 1000, 3)
        if cycle._progress is not None:
            body["progress"] = cycle._progress
        if cycle._message is not None:
            body["message"] = cycle._message
        memory = _resident_bytes()
        if memory is not None:
            body["metrics"] = {"rss_mb": round(memory / _MEGABYTE, 1)}

    def _take_tools(self) -> "list[Dict[str, str]]":
        taken = []
        while True:
            try:
                taken.append(self._tools.popleft())
            except IndexError:  # Empty; asking first would race with a signal handler's beat.
                return taken

    def _running_loop(self) -> Optional[Union[Loop, AsyncLoop]]:
        """The loop whose turns these are: None when it ended, and when it was left and is held by nobody."""
        loop = self._loop() if self._loop is not None else None
        return None if loop is None or loop.is_over else loop

    def _wake(self) -> None:
        # Also a loop that is over: it waits a moment for its last beat.
        loop = self._loop() if self._loop is not None else None
        if loop is not None:
            loop.wake()

    def _on_settled(self, body: Dict[str, Any], directive: Optional[Directive]) -> None:
        """Called by the delivery thread; assigns, and wakes the loop."""
        if directive is None:
            # Refused for good, so not counted: its tokens go into the next beat.
            self.tokens(body["tokens_used"])
        elif body["status"] not in ("stopped", "exited"):
            # The answer to a last word has nothing to tell; the directive goes on saying why the loop ended.
            self._directive = directive
        self._wake()


def _resident_bytes() -> Optional[int]:
    """The memory this process holds; None where the system does not say it cheaply."""
    try:
        statm = os.open("/proc/self/statm", os.O_RDONLY)
    except OSError:
        return None
    try:
        return int(os.read(statm, 128).split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None
    finally:
        os.close(statm)
