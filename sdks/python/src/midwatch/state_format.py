"""The bytes of a state file: a header that says what follows, then that.

    {"midwatch_state":1,"generation":12,"saved_at":"2026-11-24T03:12:06.000Z","bytes":17,"sha256":"…","check":"…"}⏎
    {"position":1840}⏎

So a file that was cut or changed anywhere is known for what it is. ``bytes`` and ``sha256`` are of the payload, the JSON of
the value, without its final newline. ``check`` is the first 16 hex digits of the SHA-256 of the header before ``,"check"``:
without it a flipped bit in ``generation`` would make an old state the newest. A header without a ``check`` is taken as
well. A file that is nothing but JSON is legacy: an agent wrote it before it kept its state here. The TypeScript SDK writes
and reads the same bytes; examples are in packages/protocol/golden/state/.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Dict, NamedTuple, Optional, Union

from .storage_error import StorageError

VERSION = 1
# Enough for every header, also for one that a later version adds fields to.
LONGEST_HEADER = 1024
# Far beyond any real count, and with room above it: a damaged header must not use the numbers up.
_MOST_GENERATION = 2**52
_LARGEST_COUNT = 2**53 - 1
_CHECKED = re.compile(rb'(.*),"check":"([0-9a-f]{16})"\}', re.DOTALL)
_NOTHING = object()


class Whole(NamedTuple):
    """A state that can be gone on from. Legacy: generation 0 and no ``saved_at``."""

    value: Any
    generation: int
    saved_at: Optional[str]


class Newer(NamedTuple):
    """Written by a later SDK: neither damaged nor ours to write over."""

    version: int


class Damaged(NamedTuple):
    """``reason`` is a clause about "it"; ``generation`` as far as the header could be read."""

    reason: str
    generation: Optional[int]


def encode_json(value: object) -> bytes:
    """The JSON of a value, as both SDKs write it. Raises StorageError (``not_json``)."""
    try:
        try:
            text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
            return text.encode("utf-8")
        except UnicodeEncodeError:  # A lone surrogate is JSON, but not UTF-8.
            return json.dumps(value, separators=(",", ":"), allow_nan=False).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        raise StorageError("not_json", f"the state cannot be written as JSON: {error}") from error


def encode_state(payload: bytes, generation: int, saved_at: str) -> bytes:
    """The whole file."""
    facts = {
        "midwatch_state": VERSION,
        "generation": generation,
        "saved_at": saved_at,
        "bytes": len(payload),
        "sha256": hashlib.sha256(payload).hexdigest(),
    }
    body = json.dumps(facts, separators=(",", ":"))[:-1].encode("ascii")
    return b'%s,"check":"%s"}\n%s\n' % (body, _check_of(body), payload)


def decode_state(content: bytes) -> Union[Whole, Newer, Damaged]:
    """What a file holds. Never raises."""
    if not content:
        return Damaged("it is empty", None)
    line, newline, rest = content.partition(b"\n")
    fields = _json_of(line)
    if not _is_header_like(fields):
        whole = _json_of(content)
        return Damaged("it is neither a state file nor JSON", None) if whole is _NOTHING else Whole(whole, 0, None)
    generation = _generation_of(fields.get("generation"))
    if not newline or not _is_header(line, fields):
        return Damaged("its header is damaged", generation)
    if fields["midwatch_state"] != VERSION:
        return Newer(fields["midwatch_state"])
    length: int = fields["bytes"]
    if len(rest) <= length:
        return Damaged(f"it is cut off: {len(rest)} of {length + 1} bytes are left", generation)
    if len(rest) != length + 1 or not rest.endswith(b"\n"):
        return Damaged("its end is damaged", generation)
    payload = rest[:length]
    if hashlib.sha256(payload).hexdigest() != fields["sha256"]:
        return Damaged("its checksum does not match", generation)
    value = _json_of(payload)
    if value is _NOTHING:
        return Damaged("its content is no JSON", generation)
    return Whole(value, fields["generation"], fields["saved_at"])


def claimed_generation(start: bytes) -> Optional[int]:
    """The generation that a header claims, given the first bytes of a file; None when they hold none."""
    line, newline, _ = start.partition(b"\n")
    fields: Any = _json_of(line) if newline else _NOTHING
    return _generation_of(fields.get("generation")) if _is_header_like(fields) else None


def _is_header_like(value: Any) -> bool:
    return isinstance(value, dict) and "midwatch_state" in value


def _is_header(line: bytes, fields: Dict[str, Any]) -> bool:
    if "check" in fields:
        checked = _CHECKED.fullmatch(line)
        if checked is None or checked.group(2) != _check_of(checked.group(1)):
            return False
    return (
        _is_count(fields["midwatch_state"])
        and _generation_of(fields.get("generation")) is not None
        and isinstance(fields.get("saved_at"), str)
        and _is_count(fields.get("bytes"))
        and isinstance(fields.get("sha256"), str)
    )


def _generation_of(value: Any) -> Optional[int]:
    return value if _is_count(value) and value <= _MOST_GENERATION else None


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _LARGEST_COUNT


def _json_of(content: bytes) -> Any:
    """The value, or ``_NOTHING``. NaN is no JSON, whatever Python thinks of it."""
    try:
        return json.loads(content.decode("utf-8-sig"), parse_constant=_refuse)
    except (ValueError, RecursionError):
        return _NOTHING


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")


def _check_of(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest()[:16].encode("ascii")
