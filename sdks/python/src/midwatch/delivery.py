"""Carries beats that the loop made to the server, one after the other, in a background thread.

The loop only appends to a queue. The thread tries the oldest beat until the server has kept it: a beat that was tried
may have been counted although its answer never came, so every try sends the same bytes, and the server knows it by its
``run_id``, ``instance`` and ``seq``. Beats that were never tried wait behind it. When more than a thousand wait, two
neighbours among them are folded into one: the pair that used least, so that what is told late does not look like a
burst. A beat the server refuses is sent once more without its details; failing that, its tokens are handed back. The thread never makes a beat, and it is a daemon: it keeps no process alive.

The queue is a ``SimpleQueue`` because its ``put`` may be called from a signal handler that interrupted another ``put``.
"""

from __future__ import annotations

import http.client
import random
import threading
import time
from collections import deque
from queue import Empty, SimpleQueue
from typing import Any, Callable, Deque, Dict, List, Optional, Union

from .answer import Directive, read_answer
from .connection import Connection, Response
from .fields import MOST_TOOLS, encode
from .notes import log, note_once
from .tally import merge_rows
from .usage import MAX_COUNT

MOST_WAITING = 1000
# Far more than a thread that is stuck in one request can let pile up; past it, usage waits in the tally instead.
_MOST_UNSEEN = 10_000
_FIRST_BACKOFF_S = 0.25
_LONGEST_BACKOFF_S = 30.0
_LONGEST_RETRY_AFTER_S = 300.0
# What happens again and again; an announcement or a last word is folded only into its like.
_FOLDABLE = ("ok", "warning", "error", "paused")
# What remains of a beat that the server finds fault with: its identity and its tokens.
_PLAIN_FIELDS = ("agent", "status", "tokens_used", "ts", "run_id", "instance", "seq")


Body = Dict[str, Any]


class Pending:
    """A beat on its way. ``settled`` turns true when the server has kept it, or refused it for good."""

    __slots__ = ("body", "settled", "tried")

    def __init__(self, body: Body) -> None:
        self.body = body
        self.settled = False
        self.tried: Optional[bytes] = None


class _Mark:
    """Stands behind the beats it waits for; answers True when they were kept, False when they were given up on."""

    def __init__(self, last_call: bool) -> None:
        self.last_call = last_call
        self.reached: "SimpleQueue[bool]" = SimpleQueue()


class Delivery:
    """The queue and its thread, in which ``on_settled`` is called for each beat that was kept, with what the server told
    the agent, or refused for good, with None."""

    def __init__(self, url: str, key: str, on_settled: Callable[[Body, Optional[Directive]], None]) -> None:
        self._url = url
        self._key = key
        self._on_settled = on_settled
        self.after_fork()

    def after_fork(self) -> None:
        """Starts with nothing in a forked child: what waits is the parent's, and so is the connection."""
        self.failing = False
        self._inbox: "SimpleQueue[Union[Pending, _Mark]]" = SimpleQueue()
        self._waiting: Deque[Union[Pending, _Mark]] = deque()
        self._thread: Optional[threading.Thread] = None
        self._starting = threading.Lock()

    @property
    def is_full(self) -> bool:
        """True when even the queue before the queue is long; the caller then keeps its usage for a later beat."""
        return self._inbox.qsize() > _MOST_UNSEEN

    def send(self, body: Body) -> Pending:
        """Takes a beat. Returns at once, whatever the server does."""
        pending = Pending(body)
        self._inbox.put(pending)
        if self._thread is None or not self._thread.is_alive():
            self._start()
        return pending

    def flush(self, timeout_s: float, last_call: bool = False) -> bool:
        """Waits until everything sent so far is settled; False when time ran out first.

        On a ``last_call`` the first failed try ends the wait: the process is about to end, and a server that refuses
        connections would not change its mind in time.
        """
        if self._thread is None or not self._thread.is_alive():
            return False
        mark = _Mark(last_call)
        self._inbox.put(mark)
        try:
            return mark.reached.get(timeout=timeout_s)
        except Empty:
            return False

    def _start(self) -> None:
        # Not waited for: a signal handler that interrupts this very method must not wait for what it interrupted.
        if not self._starting.acquire(blocking=False):
            return
        try:
            thread = threading.Thread(target=self._run, name="midwatch-delivery", daemon=True)
            thread.start()
            self._thread = thread
        except RuntimeError as error:  # No more threads, or the interpreter is going down.
            note_once(f"beats cannot be delivered: {error}")
        finally:
            self._starting.release()

    def _run(self) -> None:
        connection = Connection(self._url, self._key)
        failures = 0
        not_before = 0.0
        waiting = self._waiting
        while True:
            self._receive(not_before if waiting else None)
            head = waiting[0] if waiting else None
            if isinstance(head, _Mark):
                waiting.popleft()
                head.reached.put(True)
            elif head is not None and (time.monotonic() >= not_before or self._is_last_call()):
                pause_s = self._try(connection, head, failures)
                if pause_s is None:
                    failures = 0
                    waiting.popleft()
                    continue
                failures += 1
                not_before = time.monotonic() + pause_s
                self._give_up_marks()

    def _receive(self, until: Optional[float]) -> None:
        """Takes everything from the inbox; waits for more while there is nothing to do before ``until``."""
        wait = not self._waiting or (until is not None and until > time.monotonic())
        while True:
            try:
                if wait:
                    timeout = None if until is None else max(0.0, until - time.monotonic())
                    item = self._inbox.get(timeout=timeout)
                else:
                    item = self._inbox.get_nowait()
            except Empty:
                return
            wait = False
            self._waiting.append(item)
            if len(self._waiting) > MOST_WAITING:
                fold_cheapest(self._waiting)

    def _is_last_call(self) -> bool:
        return any(isinstance(item, _Mark) and item.last_call for item in self._waiting)

    def _give_up_marks(self) -> None:
        """After a failed try: who makes the last call need not wait any longer."""
        for item in [item for item in self._waiting if isinstance(item, _Mark) and item.last_call]:
            self._waiting.remove(item)
            item.reached.put(False)

    def _try(self, connection: Connection, pending: Pending, failures: int) -> Optional[float]:
        """One try. None when the beat is settled, else how many seconds to wait before the next."""
        if pending.tried is None:
            pending.tried = encode(pending.body)
        try:
            response = connection.post(pending.tried)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._note_failure(f"{self._url} cannot be reached ({error})")
            return _backoff(failures)
        answer = read_answer(response.body) if response.status == 200 else None
        if answer is None and not self._is_refused(pending, response):
            self._note_failure(_explain(self._url, response))
            return max(_backoff(failures), min(response.retry_after_s or 0.0, _LONGEST_RETRY_AFTER_S))
        if answer is None and pending.tried != encode(_plain(pending.body)):
            # It was not kept, so it may be changed: without what was wrong in it, its tokens still count.
            pending.body = _plain(pending.body)
            pending.tried = None
            return 0.0
        if answer is not None and self.failing:
            self.failing = False
            log.info("beats reach %s again", self._url)
        pending.settled = True
        self._on_settled(pending.body, answer)
        return None

    def _is_refused(self, pending: Pending, response: Response) -> bool:
        """True when the server will never take this beat as it is."""
        if response.status not in (400, 413, 422):
            return False
        note_once(f"the server refused a beat of {pending.body.get('agent')} ({response.status}: {response.body})")
        return True

    def _note_failure(self, what: str) -> None:
        if not self.failing:
            self.failing = True
            log.warning("beats are kept until they can be delivered: %s", what)


def _plain(body: Body) -> Dict[str, Any]:
    return {name: body[name] for name in _PLAIN_FIELDS if name in body}


def _backoff(failures: int) -> float:
    """Doubles from a quarter of a second to half a minute, less up to a half, so that a fleet does not knock at once."""
    return min(_LONGEST_BACKOFF_S, _FIRST_BACKOFF_S * 2 ** min(failures, 10)) * random.uniform(0.5, 1.0)


def _explain(url: str, response: Response) -> str:
    if response.status in (401, 403):
        return f"{url} does not take the key ({response.status}); check MIDWATCH_KEY"
    if response.status == 404:
        return f"{url} does not know this agent or is no Midwatch server (404); check MIDWATCH_URL"
    if response.status == 200:
        return f"{url} answered something that is no answer to a beat; check MIDWATCH_URL"
    return f"{url} answered {response.status}"


def fold_cheapest(waiting: "Deque[Union[Pending, _Mark]]") -> None:
    """Folds one of two neighbours that were never tried into the later one: the pair that used least."""
    items: List[Union[Pending, _Mark]] = list(waiting)
    best: Optional[int] = None
    least = (True, 0)
    for index, (earlier, later) in enumerate(zip(items, items[1:])):
        if not isinstance(earlier, Pending) or not isinstance(later, Pending) or earlier.tried is not None:
            continue
        status = earlier.body["status"]
        # Announcements and last words only when there is nothing else: the queue has a bound.
        is_news = status not in _FOLDABLE and status != later.body["status"]
        cost = (is_news, earlier.body["tokens_used"] + later.body["tokens_used"])
        if best is None or cost < least:
            best, least = index, cost
    if best is None:
        return
    earlier, later = items[best], items[best + 1]
    assert isinstance(earlier, Pending) and isinstance(later, Pending)
    _fold(earlier.body, later.body)
    earlier.settled = True
    del waiting[best]


def _fold(earlier: Dict[str, Any], later: Dict[str, Any]) -> None:
    later["tokens_used"] = min(earlier["tokens_used"] + later["tokens_used"], MAX_COUNT)
    rows, _overflow = merge_rows(earlier.get("usage", []) + later.get("usage", []))
    if rows:
        later["usage"] = rows
    tools = (earlier.get("tools", []) + later.get("tools", []))[-MOST_TOOLS:]
    if tools:
        later["tools"] = tools
