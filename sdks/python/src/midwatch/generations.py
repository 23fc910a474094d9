"""The files around a state file.

``state.json``, its earlier generations ``state.json.1`` (the one before), ``.2`` …, and what was put aside because it is
damaged, ``state.json.corrupt-<UTC time>-<n>``. No step here leaves the current file missing, and none deletes what was put
aside.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from typing import List, Optional

from .durable_file import flush_to_disk, free_name, is_temporary_of, remove, temporary_name

# Old enough that no process still writes it.
_ABANDONED_S = 3600.0
_SLOT = re.compile(r"[0-9]{1,4}")


def generations_of(file: str) -> List[str]:
    """The current file and every generation that is there, by their names. A folder that is missing holds none."""
    base = os.path.basename(file) + "."
    slots = [name[len(base) :] for name in _names_beside(file) if name.startswith(base)]
    return [file, *(f"{file}.{slot}" for slot in sorted(filter(_SLOT.fullmatch, slots), key=int))]


def remove_abandoned(file: str) -> None:
    """Removes what killed processes left half-written, once it is an hour old."""
    for name in _names_beside(file):
        if not is_temporary_of(os.path.basename(file), name):
            continue
        path = os.path.join(os.path.dirname(file), name)
        try:
            if time.time() - os.stat(path).st_mtime > _ABANDONED_S:
                remove(path)
        except OSError:
            pass  # Another process has just removed or renamed it, or it is not ours to remove: it harms nobody.


def read_start(path: str, length: int) -> bytes:
    """The first ``length`` bytes of a file; none when it is not there."""
    try:
        with open(path, "rb") as file:
            return file.read(length)
    except FileNotFoundError:
        return b""


def keep_current(file: str, keep: int) -> None:
    """Makes the current file the first earlier generation and moves the others up; the oldest beyond ``keep`` is dropped.

    The current file stays where it is until it is replaced: a hard link, or a copy where there are no links.
    """
    current = _stat(file)
    first = _stat(f"{file}.1")
    # A save that was killed on its way has kept it already; moving again would drop an older one for nothing.
    if keep < 2 or current is None or (first is not None and os.path.samestat(current, first)):
        return
    free = 1
    while free < keep - 1 and _stat(f"{file}.{free}") is not None:
        free += 1
    for slot in range(free, 1, -1):
        _replace_if_there(f"{file}.{slot - 1}", f"{file}.{slot}")
    second = temporary_name(file)
    try:
        _link_or_copy(file, second)
        os.replace(second, f"{file}.1")
    finally:
        # Left not only by a failure: renaming to another name of the same file does nothing, should two processes save
        # at once.
        remove(second)


def quarantine(path: str, stem: str, identity: os.stat_result) -> Optional[str]:
    """Moves a damaged file out of the way, to ``<stem>-<n>``, a name that nobody has.

    None when another process has meanwhile put another file in its place; that one stays.
    """
    place = free_name(stem)
    if not _replace_if_there(path, place):
        return None
    moved = _stat(place)
    if moved is None or os.path.samestat(moved, identity):
        return place
    try:
        os.link(place, path)
        remove(place)
    except OSError:
        pass  # A still newer file is there by now; this one is kept under the name it has.
    return None


def _names_beside(file: str) -> List[str]:
    try:
        return os.listdir(os.path.dirname(file))
    except FileNotFoundError:
        return []


def _stat(path: str) -> Optional[os.stat_result]:
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None


def _replace_if_there(source: str, target: str) -> bool:
    try:
        os.replace(source, target)
        return True
    except FileNotFoundError:
        return False


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        # No links on this file system; if the reason is another one, the copy fails for it as well.
        with open(source, "rb") as original, open(target, "xb", opener=_private) as copy:
            shutil.copyfileobj(original, copy)
            copy.flush()
            flush_to_disk(copy.fileno())


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
