"""Collects the tools that one answer asks to call, whole ones and those whose arguments come in pieces."""

from __future__ import annotations

import json
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

# As many as a beat tells.
_MOST_CALLS = 64
_MOST_LETTERS = 256 * 1024


class CalledTool(NamedTuple):
    """A tool that an answer asks to call."""

    name: str
    args: Any


class CalledTools:
    """Never raises; what it cannot read it leaves out."""

    def __init__(self) -> None:
        self._whole: List[CalledTool] = []
        self._growing: Dict[str, Tuple[str, List[str]]] = {}

    def whole(self, name: object, args: object) -> None:
        """A call whose arguments are a value."""
        if isinstance(name, str) and name and len(self._whole) < _MOST_CALLS:
            self._whole.append(CalledTool(name, args))

    def text(self, name: object, text: object) -> None:
        """A call whose arguments are a JSON text that is complete; one that broke off was never made."""
        if isinstance(text, dict):
            self.whole(name, text)
            return
        written = text.strip() if isinstance(text, str) else ""
        if len(written) > _MOST_LETTERS:
            return
        try:
            # No text means no arguments, which is what `{}` says.
            self.whole(name, json.loads(written) if written else {})
        except (ValueError, RecursionError):
            return

    def piece(self, place: str, name: Optional[object], text: object) -> None:
        """A piece of the call at this place: its name, with the first one, and some of its arguments."""
        if place not in self._growing and len(self._growing) >= _MOST_CALLS:
            return
        known, pieces = self._growing.get(place, ("", []))
        if isinstance(text, str) and sum(map(len, pieces)) <= _MOST_LETTERS:
            pieces.append(text)
        self._growing[place] = (name if isinstance(name, str) and name else known, pieces)

    def take(self) -> List[CalledTool]:
        """All of them."""
        for name, pieces in self._growing.values():
            self.text(name, "".join(pieces))
        self._growing = {}
        return self._whole
