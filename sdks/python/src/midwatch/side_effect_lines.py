"""The lines of a side-effect journal.

``<16 hex> <json>⏎``, the first being the start of the SHA-256 of the second, so that a line that was cut off or changed is
known for what it is.

    {"op":"begin","key":"mail-118","at":"2026-11-24T03:12:06.000Z","note":"to the customer"}
    {"op":"done","key":"mail-118","at":"2026-11-24T03:12:08.000Z","result":{"id":7}}
    {"op":"abandon","key":"mail-118","at":"2026-11-24T03:12:08.000Z"}

The TypeScript SDK writes and reads the same; examples are in packages/protocol/golden/side-effects/.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

_LINE = re.compile(rb"([0-9a-f]{16}) (\{.*\})", re.DOTALL)


class InFlight(NamedTuple):
    """A side effect that was begun; whether it happened is not known. ``begun_at`` is RFC 3339, UTC."""

    key: str
    note: Optional[str]
    begun_at: str


class Step(NamedTuple):
    """One line: ``op`` is ``begin``, ``done`` or ``abandon``; a note belongs to a begin, a result to a done."""

    op: str
    key: str
    at: str
    note: Optional[str] = None
    result: Any = None


class DamagedLine(NamedTuple):
    """What is no line of ours; the last one is a torn tail when no newline ends it. Lines count from 1."""

    line: int
    content: bytes


class Ledger:
    """What the lines come to, in the order in which things happened."""

    def __init__(self, keep: int) -> None:
        self.in_flight: Dict[str, InFlight] = {}
        self.done: Dict[str, Tuple[str, Any]] = {}
        self._keep = keep

    def enter(self, step: Step) -> None:
        """Enters a step. What is done stays done; of the done ones only the last ``keep`` are remembered."""
        if step.op == "begin":
            if step.key not in self.done:
                self.in_flight[step.key] = InFlight(step.key, step.note, step.at)
            return
        self.in_flight.pop(step.key, None)
        if step.op == "done":
            self.done.pop(step.key, None)
            self.done[step.key] = (step.at, step.result)
            while len(self.done) > self._keep:
                del self.done[next(iter(self.done))]

    def lines(self) -> List[bytes]:
        """The fewest lines that come to the same."""
        done = [line_of(Step("done", key, at, result=result)) for key, (at, result) in self.done.items()]
        begun = [line_of(Step("begin", one.key, one.begun_at, one.note)) for one in self.in_flight.values()]
        return done + begun


def line_of(step: Step) -> bytes:
    """The bytes of a step, with its newline."""
    fields = {"op": step.op, "key": step.key, "at": step.at, "note": step.note, "result": step.result}
    told = {name: value for name, value in fields.items() if value is not None}
    try:
        text = json.dumps(told, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode("utf-8")
    except UnicodeEncodeError:  # A lone surrogate is JSON, but not UTF-8.
        text = json.dumps(told, separators=(",", ":"), allow_nan=False).encode("ascii")
    return _checksum_of(text) + b" " + text + b"\n"


def read_lines(content: bytes) -> Tuple[List[Step], List[DamagedLine]]:
    """The steps in order, and what is damaged. Never raises."""
    steps: List[Step] = []
    damaged: List[DamagedLine] = []
    for number, line in enumerate(io.BytesIO(content), 1):
        step = _step_of(line[:-1]) if line.endswith(b"\n") else None
        if step is None:
            damaged.append(DamagedLine(number, line))
        else:
            steps.append(step)
    return steps, damaged


def _step_of(line: bytes) -> Optional[Step]:
    matched = _LINE.fullmatch(line)
    if matched is None or _checksum_of(matched.group(2)) != matched.group(1):
        return None
    try:
        fields = json.loads(matched.group(2))
    except (ValueError, RecursionError):
        return None  # Its checksum is right and it is no JSON: somebody else's line.
    op, key, at, note = fields.get("op"), fields.get("key"), fields.get("at"), fields.get("note")
    if op not in ("begin", "done", "abandon") or not isinstance(key, str) or not isinstance(at, str):
        return None
    return Step(op, key, at, note if isinstance(note, str) else None, fields.get("result"))


def _checksum_of(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest()[:16].encode("ascii")
