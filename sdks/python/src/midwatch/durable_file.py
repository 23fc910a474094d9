"""Files that are whole or absent, also after a crash in the middle of a write.

Written beside their place under a name of their own, flushed, renamed over it, and the folder flushed so that the rename
itself lasts.
"""

from __future__ import annotations

import os
import re
import time
import uuid
from typing import Optional

try:
    import fcntl
except ImportError:  # Windows
    _FULL_FLUSH = None
else:
    # On a Mac fsync alone leaves the bytes in the drive's own memory.
    _FULL_FLUSH = getattr(fcntl, "F_FULLFSYNC", None)

_TEMPORARY = re.compile(r"\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp")
_MOST_NAMES = 10_000


def temporary_name(file: str) -> str:
    """A name beside ``file`` that nobody else uses, so that two processes never write into one file."""
    return f"{file}.{uuid.uuid4()}.tmp"


def is_temporary_of(base: str, name: str) -> bool:
    """True when ``name`` is a temporary name of the file called ``base``."""
    return name.startswith(base) and _TEMPORARY.fullmatch(name[len(base) :]) is not None


def write_new(path: str, content: bytes) -> None:
    """Writes a new file (mode 0600) and flushes it. When that fails nothing is left of it."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            flush_to_disk(file.fileno())
    except BaseException:  # Also a KeyboardInterrupt leaves nothing behind.
        remove(path)
        raise


def remove(path: str) -> None:
    """Removes a file, if it is there."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass  # What was asked for.


def flush_to_disk(descriptor: int) -> None:
    """Returns once the bytes of an open file outlast a power failure."""
    if _FULL_FLUSH is not None:
        try:
            fcntl.fcntl(descriptor, _FULL_FLUSH)
            return
        except OSError:
            pass  # Not every volume can; what it can is next.
    os.fsync(descriptor)


def sync_folder_of(path: str) -> None:
    """Makes new, renamed and deleted names beside ``path`` last."""
    if os.name == "nt":
        return  # Windows cannot open a folder; renames there are flushed with the volume.
    folder = os.open(os.path.dirname(path), os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_whole(path: str) -> "Optional[tuple[bytes, os.stat_result]]":
    """A whole file and which one it was; None when there is none."""
    try:
        with open(path, "rb") as file:
            return file.read(), os.fstat(file.fileno())
    except FileNotFoundError:
        return None


def free_name(stem: str) -> str:
    """``<stem>-1``, or the first number that is free."""
    for number in range(1, _MOST_NAMES + 1):
        name = f"{stem}-{number}"
        if not os.path.lexists(name):
            return name
    raise FileExistsError(f"there are already {_MOST_NAMES} files called {stem}-…; move them away")


def utc_name() -> str:
    """The time as part of a file name: ``20261124T031206Z``."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())


def utc_now() -> str:
    """The time as RFC 3339 with milliseconds: ``2026-11-24T03:12:06.000Z``."""
    milliseconds = time.time_ns() // 1_000_000
    seconds, rest = divmod(milliseconds, 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{rest:03d}Z"
