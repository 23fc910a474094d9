"""The plain call of a home-made set-up: one function, no object."""

from __future__ import annotations

from typing import Any, Dict, Optional, Tuple

from .answer import CONTINUE, Directive
from .notes import note_once
from .watch import Midwatch

_MOST_AGENTS = 256
_watches: Dict[Tuple[object, object, object], Midwatch] = {}


def heartbeat(
    agent: Optional[str] = None,
    status: str = "ok",
    tokens_used: Optional[int] = None,
    *,
    url: Optional[str] = None,
    key: Optional[str] = None,
    **fields: Any,
) -> Directive:
    """Sends one beat: ``heartbeat("my-agent", status="ok", tokens_used=n)``. Takes the fields of ``Midwatch.beat``.

    Returns at once, with what the server last told the agent, and never raises because of monitoring. Call it from the
    loop itself.
    """
    place = (agent, url, key)
    watch = _watches.get(place)
    if watch is None:
        if len(_watches) >= _MOST_AGENTS:
            note_once(f"one process beats for at most {_MOST_AGENTS} agents; {agent!r} is not sent")
            return CONTINUE
        watch = _watches[place] = Midwatch(agent, url=url, key=key)
    return watch.beat(status, tokens_used=tokens_used, **fields)
