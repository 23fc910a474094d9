"""What was used and not yet told.

A signal handler may beat while the loop is in the middle of counting, and several threads may count at once. So there
is no lock to deadlock on: entries are appended to and popped from a deque, each of which is one atomic step, and whoever
pops an entry tells it. Each entry is told exactly once.
"""

from __future__ import annotations

from collections import deque
from typing import Deque, Dict, List, NamedTuple, Tuple, Union

from .usage import MAX_COUNT, Row

# Past this many entries they are folded into few, so that a turn of a million calls stays small.
_FOLD_AT = 512
MOST_ROWS = 64


class Used(NamedTuple):
    """All that was used since the last beat. ``tokens`` includes those of ``rows``."""

    tokens: int
    rows: List[Row]


class Tally:
    """Counts plain tokens (ints) and usage (rows) until a beat takes them along."""

    def __init__(self) -> None:
        self._entries: Deque[Union[int, Row]] = deque()

    def add(self, entry: Union[int, Row]) -> None:
        """Counts ``entry``. Safe from any thread and from signal handlers."""
        self._entries.append(entry)
        if len(self._entries) > _FOLD_AT:
            plain, rows = self._take()
            self._entries.extend([plain, *rows] if plain else rows)

    def take(self) -> Used:
        """Hands over everything that was counted; the caller must now tell it."""
        plain, rows = self._take()
        return Used(min(plain + sum(row["input_tokens"] + row["output_tokens"] for row in rows), MAX_COUNT), rows)

    @property
    def has_entries(self) -> bool:
        """True when something was used that no beat has told."""
        return bool(self._entries)

    def _take(self) -> Tuple[int, List[Row]]:
        plain = 0
        rows: List[Row] = []
        while True:
            try:
                entry = self._entries.popleft()
            except IndexError:  # Empty; asking first would race with another thread.
                break
            if isinstance(entry, int):
                plain += entry
            else:
                rows.append(entry)
        kept, overflow = merge_rows(rows)
        return plain + overflow, kept


def merge_rows(rows: List[Row]) -> Tuple[List[Row], int]:
    """Adds up rows of equal provider and model; a priced and an unpriced row are never added up.

    Returns at most 64 rows, and the tokens of those beyond as plain tokens.
    """
    merged: Dict[Tuple[object, object, bool], Row] = {}
    overflow = 0
    for row in rows:
        place = (row.get("provider"), row.get("model"), "cost_usd" in row)
        into = merged.get(place)
        if into is not None:
            for name, value in row.items():
                if name not in ("provider", "model"):
                    into[name] = min(into[name] + value, MAX_COUNT)
        elif len(merged) < MOST_ROWS:
            merged[place] = dict(row)
        else:
            overflow += row["input_tokens"] + row["output_tokens"]
    return list(merged.values()), overflow
