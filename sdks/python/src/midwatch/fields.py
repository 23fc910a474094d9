"""Puts what the agent said into the bounds of the wire, so that no beat is refused for a long message."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any, Dict, Mapping, Optional

from .notes import note_once

MOST_TOOLS = 64
_MOST_METRICS = 64
_LONGEST = {"message": 2000, "lease_reason": 500, "cycle_kind": 64, "progress": 256}
STATUSES = ("ok", "warning", "error", "starting", "shutting_down", "stopped", "exited", "paused")
_SAME_AS = {"shutdown": "shutting_down", "stopping": "shutting_down"}


def status_of(status: object) -> str:
    """One of the wire's words; an unknown one is noted once and becomes ``warning``, which hides nothing."""
    if isinstance(status, str):
        status = _SAME_AS.get(status, status)
        if status in STATUSES:
            return status
    note_once(f"a beat's status is one of {', '.join(STATUSES)}; got {status!r}, sent as warning")
    return "warning"


def text_of(name: str, value: object) -> Optional[str]:
    """Cuts a text to what the wire takes for this field; None stays away."""
    if value is None:
        return None
    try:
        text = value if isinstance(value, str) else str(value)
    except Exception:  # Somebody's __str__ may raise anything.
        text = f"({type(value).__name__})"
    # A lone surrogate cannot be written as UTF-8.
    text = text.encode("utf-8", "replace").decode("utf-8")[: _LONGEST[name]]
    return text if text or name in ("message", "lease_reason") else None


def tool_of(name: object, args: object) -> Optional[Dict[str, str]]:
    """A tool call as the wire has it: its name and a digest of its arguments, never the arguments."""
    if not isinstance(name, str) or not name:
        note_once(f"a tool's name must be a text, got {name!r}; the call is not told")
        return None
    tool = {"name": name[:128]}
    if args is None:
        return tool
    try:
        canonical = json.dumps(args, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        tool["args_hash"] = hashlib.sha256(canonical.encode("utf-8")).hexdigest()[:16]
    except Exception:  # Arguments that are no JSON have no canonical form; the name still counts.
        note_once(f"the arguments of the tool {name!r} are not JSON; they are not compared")
    return tool


def metrics_of(metrics: object) -> Optional[Dict[str, float]]:
    """The finite numbers among the metrics, at most 64."""
    if not isinstance(metrics, Mapping):
        return None
    kept: Dict[str, float] = {}
    for name, value in metrics.items():
        number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        if number and isinstance(name, str) and 0 < len(name) <= 64 and len(kept) < _MOST_METRICS:
            kept[name] = value
    return kept or None


def encode(body: Dict[str, Any]) -> bytes:
    """The bytes of a beat. Every try of the same beat sends the same bytes."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
