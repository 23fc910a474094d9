"""What the SDK says to the person who runs the agent: each thing once, through ``logging.getLogger("midwatch")``."""

from __future__ import annotations

import logging

log = logging.getLogger("midwatch")

_MOST_NOTES = 200
_said: set[str] = set()


def note_once(message: str) -> None:
    """Logs a warning the first time it is given; a loop that repeats its mistake all night does not fill the disk."""
    if message in _said or len(_said) >= _MOST_NOTES:
        return
    _said.add(message)
    log.warning(message)
