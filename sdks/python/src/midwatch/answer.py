"""What the server says back in the answer to a beat."""

from __future__ import annotations

from typing import Any, Mapping, NamedTuple, Optional


class Directive(NamedTuple):
    """What the agent was last told: ``continue``, ``pause`` or ``stop``, and why, in words."""

    name: str
    reason: Optional[str]


CONTINUE = Directive("continue", None)


class Answer(NamedTuple):
    """The parts of an answer that an agent acts on."""

    directive: Directive
    warning: Optional[str]


def read_answer(body: object) -> Optional[Answer]:
    """None when this is not the answer of a Midwatch server: only a readable one proves that the beat was kept."""
    if not isinstance(body, Mapping) or body.get("ok") is not True:
        return None
    name = body.get("directive")
    if name not in ("pause", "stop"):
        name = "continue"
    return Answer(Directive(name, _text(body, "reason")), _text(body, "warning"))


def _text(body: Mapping[str, Any], name: str) -> Optional[str]:
    value = body.get(name)
    return value if isinstance(value, str) else None
