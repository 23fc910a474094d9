"""What the server says back in the answer to a beat."""

from __future__ import annotations

from typing import Any, Mapping, NamedTuple, Optional


class Directive(NamedTuple):
    """What the server last told the agent.

    ``kind`` is ``continue``, ``pause`` or ``stop``, ``reason`` says why, in words, and ``warning`` is ``loop_detected``
    or ``cost_exceeded`` while that is so.
    """

    kind: str
    reason: Optional[str]
    warning: Optional[str]


CONTINUE = Directive("continue", None, None)


def read_answer(body: object) -> Optional[Directive]:
    """None when this is not the answer of a Midwatch server: only a readable one proves that the beat was kept."""
    if not isinstance(body, Mapping) or body.get("ok") is not True:
        return None
    kind = body.get("directive")
    if kind not in ("pause", "stop"):
        kind = "continue"
    return Directive(kind, _text(body, "reason"), _text(body, "warning"))


def _text(body: Mapping[str, Any], name: str) -> Optional[str]:
    value = body.get(name)
    return value if isinstance(value, str) else None
