"""Where the beats go and under which name: from the arguments, else from the ``MIDWATCH_*`` variables."""

from __future__ import annotations

import math
import os
import re
import uuid
from dataclasses import dataclass
from typing import Optional, Union
from urllib.parse import urlsplit

from .notes import note_once

Duration = Union[int, float, str]

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")
_NAME = re.compile(r"[\w.\-/:@]{1,128}")

_SHORTEST_INTERVAL_S = 1.0
# The longest the wire takes.
LONGEST_S = 31 * 86_400.0
# Names this life of the process: several watches in it are one run. A forked child shares it, as another instance.
_PROCESS_RUN_ID = uuid.uuid4().hex


@dataclass(frozen=True)
class Settings:
    """A complete address: who beats, to where, with which key."""

    agent: str
    url: str
    key: str
    run_id: str


def seconds_of(value: Optional[Duration], what: str) -> Optional[float]:
    """Reads a duration: a number of seconds, or ``"500ms"``, ``"60s"``, ``"5m"``, ``"1h"``, ``"2d"``; at most 31 days.

    Anything else is noted once and counts as not given: a typing error in a monitoring option must not stop an agent.
    """
    if value is None or value == "":
        return None
    seconds = _seconds(value)
    if seconds is None:
        note_once(f"{what} must be seconds or a text such as \"60s\" or \"5m\", got {value!r}; it is ignored")
    return seconds


def promised_interval(interval: Optional[Duration]) -> Optional[float]:
    """The longest time between two beats, in seconds: as given, else from MIDWATCH_INTERVAL.

    None where there is neither; the server then learns it.
    """
    from_environment = os.environ.get("MIDWATCH_INTERVAL")
    promised = seconds_of(interval, "interval") or seconds_of(from_environment, "MIDWATCH_INTERVAL")
    if promised is not None and promised < _SHORTEST_INTERVAL_S:
        note_once(f"an interval is at least {_SHORTEST_INTERVAL_S:g} s, got {promised:g} s; it is ignored")
        return None
    return promised


def pace_of(every: Optional[Duration]) -> Optional[float]:
    """Reads the pace of a loop; None for a loop without one.

    Raises ValueError for what cannot be read: without its pace the loop would spend money at full speed.
    """
    if every is None:
        return None
    seconds = _seconds(every)
    if seconds is None:
        raise ValueError(f'every must be seconds or a text such as "60s", at most 31 days, got {every!r}')
    return seconds or None


def _seconds(value: object) -> Optional[float]:
    seconds: Optional[float] = None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        seconds = float(value)
    elif isinstance(value, str):
        match = _DURATION.fullmatch(value.strip())
        if match:
            seconds = float(match.group(1)) * _UNITS[match.group(2)]
    return seconds if seconds is not None and math.isfinite(seconds) and 0 <= seconds <= LONGEST_S else None


def resolve_settings(
    agent: Optional[str], url: Optional[str], key: Optional[str], run_id: Optional[str]
) -> Optional[Settings]:
    """Completes the arguments from the environment; None (said once) where beats cannot be sent at all."""
    agent = agent or os.environ.get("MIDWATCH_AGENT")
    url = url or os.environ.get("MIDWATCH_URL")
    key = key or os.environ.get("MIDWATCH_KEY")
    run_id = run_id or os.environ.get("MIDWATCH_RUN_ID") or _PROCESS_RUN_ID
    problem = _problem(agent, url, key)
    if problem is not None:
        note_once(f"no beats are sent: {problem}")
        return None
    assert agent is not None and url is not None and key is not None
    return Settings(agent, url.rstrip("/"), key, run_id[:128])


def _problem(agent: object, url: object, key: object) -> Optional[str]:
    if not isinstance(url, str) or not url:
        return "there is no server; set MIDWATCH_URL or pass url="
    if not isinstance(key, str) or not key:
        return "there is no key; set MIDWATCH_KEY or pass key="
    if not isinstance(agent, str) or not agent:
        return "the agent has no name; set MIDWATCH_AGENT or pass agent="
    if not _NAME.fullmatch(agent):
        return f"an agent's name is 1 to 128 letters, digits and . _ - / : @, got {agent!r}"
    try:
        parts = urlsplit(url)
        parts.port  # Reading it is what checks it.
    except ValueError as error:
        return f"the server's address {url!r} cannot be read: {error}"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return f"the server's address must start with http:// or https://, got {url!r}"
    if not all(32 <= ord(letter) < 127 for letter in key):
        return "the key holds characters that no key has; copy it again"
    return None
