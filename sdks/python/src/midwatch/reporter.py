"""Makes the beats of one agent and one instance: numbers them, fills in what was used, and hands them to the delivery."""

from __future__ import annotations

import itertools
import os
import secrets
import time
from collections import deque
from typing import Any, Callable, Deque, Dict, List, Optional

from .answer import CONTINUE, Directive
from .cycle import Cycle
from .delivery import Delivery, Pending
from .fields import MOST_TOOLS, tool_of
from .notes import note_once
from .settings import Settings
from .tally import Tally
from .usage import count_of, read_usage

# With these an agent has said its last word of a loop.
LAST_WORDS = ("stopped", "exited")
_MEGABYTE = 1_000_000


class Reporter:
    """``on_news`` is called, in the thread that delivers, when the server has answered.

    Without ``settings`` nothing is counted and nothing can be sent.
    """

    def __init__(self, settings: Optional[Settings], interval_s: Optional[float], on_news: Callable[[], None]) -> None:
        self.directive: Directive = CONTINUE
        self.interval_s = interval_s
        # The pace of the loop, told where no interval was promised.
        self.every_s: Optional[float] = None
        self._settings = settings
        self._on_news = on_news
        self._delivery = None if settings is None else Delivery(settings.url, settings.key, self._on_settled)
        self._begin_instance()

    def after_fork(self) -> None:
        """In a child everything unsent is the parent's to tell, and the child is an instance of its own."""
        self._begin_instance()
        if self._delivery is not None:
            self._delivery.after_fork()

    def _begin_instance(self) -> None:
        self._instance = secrets.token_hex(6)
        self._seq = itertools.count(1)
        self._tally = Tally()
        self._tools: Deque[Dict[str, str]] = deque(maxlen=MOST_TOOLS)

    @property
    def is_watched(self) -> bool:
        """True when there is somebody to beat to."""
        return self._delivery is not None

    @property
    def can_beat(self) -> bool:
        """True when a beat can be made now; else what was used waits for a later one."""
        return self._delivery is not None and not self._delivery.is_full

    @property
    def has_unsaid(self) -> bool:
        """True when something was used that no beat has told."""
        return self._tally.has_entries

    def count(self, tokens_used: Optional[int], usage: object) -> None:
        """Counts one usage or a list of them, and ``tokens_used`` as the total of both."""
        counted = 0
        if usage is not None:
            for entry in usage if isinstance(usage, (list, tuple)) else [usage]:
                counted += self.usage(entry)
        if tokens_used is not None:
            self.tokens(max(0, tokens_used - counted) if counted and count_of(tokens_used) is not None else tokens_used)

    def tokens(self, count: int) -> None:
        """Counts tokens for the next beat. Not negative."""
        counted = count_of(count)
        if counted is None:
            note_once(f"tokens are whole numbers from 0, got {count!r}; it is not counted")
        elif counted and self._delivery is not None:
            self._tally.add(counted)

    def usage(self, usage: object) -> int:
        """Counts the usage of an LLM call for the next beat. Returns the tokens that were found in it."""
        row = read_usage(usage)
        if row is None:
            note_once(f"no token counts are recognised in a usage of type {type(usage).__name__}; it is not counted")
            return 0
        if self._delivery is not None:
            self._tally.add(row)
        return int(row["input_tokens"] + row["output_tokens"])

    def tool(self, name: str, args: object) -> None:
        """Tells a tool call with the next beat."""
        tool = tool_of(name, args)
        if tool is not None:
            self._tools.append(tool)

    def flush(self, timeout: float, last_call: bool) -> bool:
        """Waits up to ``timeout`` seconds until what was beaten is with the server; True when it is."""
        return self._delivery is None or self._delivery.flush(timeout, last_call)

    def beat(self, status: str, cycle: Optional[Cycle], closes: bool, fields: Dict[str, Any]) -> Optional[Pending]:
        """Makes a beat of all that is untold. ``closes``: it ends the turn ``cycle``."""
        delivery, settings = self._delivery, self._settings
        if delivery is None or settings is None:
            return None
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
        if self.interval_s is not None:
            body["interval_s"] = self.interval_s
        elif self.every_s is not None:
            body["every_s"] = self.every_s
        if used.rows:
            body["usage"] = used.rows
        tools = self._take_tools()
        if tools:
            body["tools"] = tools
        if cycle is not None:
            body.update(_facts_of(cycle, closes))
        body.update((name, value) for name, value in fields.items() if value is not None)
        return delivery.send(body)

    def _take_tools(self) -> List[Dict[str, str]]:
        taken = []
        while True:
            try:
                taken.append(self._tools.popleft())
            except IndexError:  # Empty; asking first would race with a signal handler's beat.
                return taken

    def _on_settled(self, body: Dict[str, Any], directive: Optional[Directive]) -> None:
        """Called by the delivery thread; assigns, and wakes the loop."""
        if directive is None:
            # Refused for good, so not counted: its tokens go into the next beat.
            self.tokens(body["tokens_used"])
        elif body["status"] not in LAST_WORDS:
            # The answer to a last word has nothing to tell; the directive goes on saying why the loop ended.
            self.directive = directive
        self._on_news()


def _facts_of(cycle: Cycle, closes: bool) -> Dict[str, Any]:
    """What a beat says of the turn it comes from; all of it with the one that ends the turn."""
    facts: Dict[str, Any] = {"cycle": cycle.number}
    if cycle._kind is not None:
        facts["cycle_kind"] = cycle._kind
    if not closes:
        return facts
    facts["cycle_ms"] = round(cycle.elapsed_s * 1000, 3)
    if cycle._progress is not None:
        facts["progress"] = cycle._progress
    if cycle._message is not None:
        facts["message"] = cycle._message
    memory = _resident_bytes()
    if memory is not None:
        facts["metrics"] = {"rss_mb": round(memory / _MEGABYTE, 1)}
    return facts


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
