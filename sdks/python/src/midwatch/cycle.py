"""One turn of the agent's main loop."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Optional

from .fields import text_of

if TYPE_CHECKING:
    from .watch import Midwatch


class Cycle:
    """What the loop's body says about its turn. Nothing in here raises, and only ``lease`` beats at once."""

    def __init__(self, watch: "Midwatch", number: int, kind: Optional[str]) -> None:
        self.number = number
        self._watch = watch
        self._started = time.monotonic()
        self._kind = kind
        self._message: Optional[str] = None
        self._progress: Optional[str] = None
        self._error: Optional[str] = None

    def tokens(self, count: int) -> None:
        """Counts tokens of this turn, where no usage object is at hand. Adds up."""
        self._watch.tokens(count)

    def usage(self, usage: object) -> None:
        """Counts the usage of an LLM call: the provider's usage or its whole answer, as a dict or an object. Adds up."""
        self._watch.usage(usage)

    def tool(self, name: str, args: object = None) -> None:
        """Tells a tool call by its name and a digest of its arguments; the arguments stay here."""
        self._watch.tool(name, args)

    def message(self, text: str) -> None:
        """Sets the line that is shown beside the agent; told with the beat that ends the turn. At most 2,000 letters."""
        self._message = text_of("message", text)

    def progress(self, value: object) -> None:
        """Names how far the work is, such as a batch; an agent whose progress never changes is stuck."""
        self._progress = text_of("progress", value)

    def kind(self, kind: str) -> None:
        """Names the kind of this turn, such as ``poll`` or ``act``: its cost is judged among its like."""
        self._kind = text_of("cycle_kind", kind)

    def error(self, error: object) -> None:
        """Ends this turn as an error. Three of them in a row open an incident; the loop goes on."""
        self._error = describe(error)

    def lease(self, seconds: float, reason: Optional[str] = None) -> None:
        """Beats now and declares: nothing from me for up to ``seconds``, because of ``reason``. Ends with the next beat."""
        self._watch.beat(lease_s=seconds, lease_reason=reason)

    @property
    def elapsed_s(self) -> float:
        """Seconds since the turn began, by a clock that nobody sets."""
        return time.monotonic() - self._started


def describe(error: object) -> str:
    """An exception as one line: its type and its words."""
    if isinstance(error, BaseException):
        words = text_of("message", error) or ""
        return f"{type(error).__name__}: {words}" if words else type(error).__name__
    return text_of("message", error) or ""
