"""Why the agent's last life ended, as the supervisor that started this one tells it."""

from __future__ import annotations

import json
import os
from typing import Any, NamedTuple, Optional, Tuple

# A tombstone holds a few lines of output; anything larger is none.
_LONGEST_BYTES = 1_000_000


class LastDeath(NamedTuple):
    """How the run before this one ended. Everything but ``reason`` is as far as it was seen, else None.

    ``reason`` is in words: "it hung and was stopped". ``code`` is the exit status, ``signal`` such as ``SIGKILL``, ``oom``
    how sure it is that memory ran out (``certain``, ``likely``), ``stopped_for`` why the supervisor ended it (``hung``,
    ``command``, ``budget`` …). ``attempt`` counts automatic restarts in a row: 1 for the first. Times are RFC 3339, UTC.
    """

    reason: str
    attempt: Optional[int] = None
    code: Optional[int] = None
    signal: Optional[str] = None
    oom: Optional[str] = None
    stopped_for: Optional[str] = None
    run_id: Optional[str] = None
    started_at: Optional[str] = None
    died_at: Optional[str] = None
    last_lines: Tuple[str, ...] = ()


def read_last_death() -> Optional[LastDeath]:
    """From MIDWATCH_TOMBSTONE, else in one line from MIDWATCH_RESTART_REASON; None where nothing died. Never raises."""
    tombstone = _tombstone(os.environ.get("MIDWATCH_TOMBSTONE"))
    reason = os.environ.get("MIDWATCH_RESTART_REASON") or _text(tombstone.get("reason"))
    if not reason:
        return None
    lines = tombstone.get("last_lines")
    return LastDeath(
        reason=reason,
        attempt=_count(tombstone.get("attempt")),
        code=_count(tombstone.get("code")),
        signal=_text(tombstone.get("signal")),
        oom=_text(tombstone.get("oom")),
        stopped_for=_text(tombstone.get("stopped_for")),
        run_id=_text(tombstone.get("run_id")),
        started_at=_text(tombstone.get("started_at")),
        died_at=_text(tombstone.get("died_at")),
        last_lines=tuple(line for line in lines if isinstance(line, str)) if isinstance(lines, list) else (),
    )


def _tombstone(path: Optional[str]) -> "dict[str, Any]":
    if not path:
        return {}
    try:
        with open(path, "rb") as file:
            fields = json.loads(file.read(_LONGEST_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}  # Gone, or another life's by now; the reason in the environment is this one's.
    return fields if isinstance(fields, dict) else {}


def _text(value: Any) -> Optional[str]:
    return value if isinstance(value, str) else None


def _count(value: Any) -> Optional[int]:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
