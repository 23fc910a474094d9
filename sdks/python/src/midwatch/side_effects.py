"""At most once for what must not happen twice."""

from __future__ import annotations

import json
import os
import threading
from typing import Any, List, Optional, Tuple, Union

from .durable_file import (
    flush_to_disk,
    free_name,
    remove,
    sync_folder_of,
    temporary_name,
    utc_name,
    utc_now,
    write_new,
)
from .notes import log
from .side_effect_lines import InFlight, Ledger, Step, line_of, read_lines
from .state_format import encode_json
from .storage_error import StorageError, unreadable, unwritable

_KEPT = 10_000
_MOST_KEPT = 100_000
_MOST_IN_FLIGHT = 10_000
_LONGEST_KEY = 512
_LONGEST_NOTE = 2_000
_LONGEST_RESULT_BYTES = 4_096
# The file is written anew when it has this many lines beyond twice the fewest.
_SLACK_LINES = 250


class SideEffects:
    """At most once for what must not happen twice: mails, payments, posts.

    A key is on disk before its effect may begin, so after a crash the agent is told what was in flight, and asks the other
    side, or a human, whether it happened::

        for step in effects.in_flight(): ...          # at the start: begun by an earlier life, and not known to be done
        if effects.begin("mail-118") == "new":
            answer = send_mail()
            effects.done("mail-118", {"id": answer.id})

    ``keep`` is how many keys that are done are remembered, the latest: 1 to 100,000; an older one would be ``new`` again.

    The file holds a line with a checksum for each step. Damaged lines are moved to ``<file>.torn-<UTC time>-<n>``, which is
    yours to look at and to remove; a torn tail costs the last step, which was never confirmed. One process at a time: a
    second one sees what the first has written, but two that begin the same key in the same instant are not told apart.
    """

    def __init__(self, path: "Union[str, os.PathLike[str]]", keep: int = _KEPT) -> None:
        """Reads the file, if there is one.

        Raises StorageError (``unreadable``), and ValueError for a ``keep`` out of its range.
        """
        if not isinstance(keep, int) or isinstance(keep, bool) or not 1 <= keep <= _MOST_KEPT:
            raise ValueError(f"keep must be a whole number from 1 to {_MOST_KEPT}, got {keep!r}")
        # Behind a link to a file lies the file; and an agent may change its folder later.
        self._file = os.path.realpath(os.fspath(path))
        self._ledger = Ledger(keep)
        # Which file was read or written last, and how long it was: anything else has to be read first.
        self._known: Optional[Tuple[int, int]] = None
        self._lines = 0
        self._torn: List[bytes] = []
        self._must_rewrite = False
        # Reentrant, because a signal handler may note something while the main program does.
        self._lock = threading.RLock()
        self._refresh()

    def in_flight(self) -> List[InFlight]:
        """What was begun and is neither done nor abandoned, the oldest first."""
        return list(self._ledger.in_flight.values())

    def result_of(self, key: str) -> Any:
        """What ``done`` was told of this key; None when that was nothing, or the key is not done."""
        return self._ledger.done.get(key, ("", None))[1]

    def begin(self, key: str, note: Optional[str] = None) -> str:
        """``"new"``: it is on disk as begun, do it now. ``"in-flight"``: it was begun before, and whether it happened is not
        known. ``"done"``: it happened.

        A key is 1 to 512 characters; a note is for the one who reads it after a crash, its first 2,000 are kept. Raises
        StorageError when it could not be kept (``unwritable``, ``unreadable``, ``too_many_in_flight``): then do not do it.
        """
        _check_key(key)
        with self._lock:
            self._refresh()
            if key in self._ledger.done:
                return "done"
            if key in self._ledger.in_flight:
                return "in-flight"
            if len(self._ledger.in_flight) >= _MOST_IN_FLIGHT:
                raise StorageError(
                    "too_many_in_flight",
                    f"{_MOST_IN_FLIGHT} side effects in {self._file} are begun and not done; say done or abandon for those"
                    " that are over",
                )
            self._append(Step("begin", key, utc_now(), None if note is None else str(note)[:_LONGEST_NOTE]))
            return "new"

    def done(self, key: str, result: Any = None) -> None:
        """It happened; ``begin`` answers ``"done"`` from now on, also without having been asked before.

        ``result`` is kept for ``result_of`` when it is JSON of at most 4,096 bytes. Raises StorageError when that could not
        be kept; the key is then still in flight.
        """
        _check_key(key)
        kept = _result_to_keep(key, result)
        with self._lock:
            self._refresh()
            self._append(Step("done", key, utc_now(), result=kept))

    def abandon(self, key: str) -> None:
        """It did not happen, or nobody will ever know: ``begin`` answers ``"new"`` again.

        Does nothing for a key that is not in flight.
        """
        _check_key(key)
        with self._lock:
            self._refresh()
            if key in self._ledger.in_flight:
                self._append(Step("abandon", key, utc_now()))

    def _refresh(self) -> None:
        """Reads the file unless it is as this object left it.

        What is known already stays known, should somebody have deleted it.
        """
        try:
            try:
                stat = os.stat(self._file)
            except FileNotFoundError:
                self._must_rewrite = self._must_rewrite or self._known is not None
                self._known = None
                return
            if (stat.st_ino, stat.st_size) == self._known:
                return
            with open(self._file, "rb") as file:
                self._take(file.read(), os.fstat(file.fileno()).st_ino)
        except OSError as error:
            raise unreadable(self._file, error) from error

    def _take(self, content: bytes, inode: int) -> None:
        steps, damaged = read_lines(content)
        for step in steps:
            self._ledger.enter(step)
        if damaged:
            where = f"{len(damaged)} lines, the first is" if len(damaged) > 1 else "line"
            told = "%s is damaged in %s %d; it is put aside before the next step"
            log.warning(told, self._file, where, damaged[0].line)
        self._torn = [piece.content for piece in damaged]
        self._must_rewrite = bool(damaged)
        self._lines = len(steps)
        self._known = (inode, len(content))

    def _append(self, step: Step) -> None:
        fewest = len(self._ledger.in_flight) + len(self._ledger.done)
        try:
            if self._must_rewrite or self._lines > 2 * fewest + _SLACK_LINES:
                self._rewrite()
            self._write(line_of(step))
        except OSError as error:
            raise unwritable(self._file, error) from error
        self._lines += 1
        self._ledger.enter(step)

    def _write(self, line: bytes) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
        descriptor = os.open(self._file, flags, 0o600)
        try:
            before = os.fstat(descriptor)
            try:
                left = memoryview(line)
                while left:
                    left = left[os.write(descriptor, left) :]
                flush_to_disk(descriptor)
                if self._known is None:
                    sync_folder_of(self._file)
            except BaseException:
                # The caller is told that it was not kept, so it must not be found later. If even this fails, it is found in
                # flight, which is the safe side.
                try:
                    os.ftruncate(descriptor, before.st_size)
                except OSError:
                    pass
                raise
            self._known = (before.st_ino, before.st_size + len(line))
        finally:
            os.close(descriptor)

    def _rewrite(self) -> None:
        """Puts damaged lines aside and leaves the fewest lines that say the same."""
        if self._torn:
            write_new(free_name(f"{self._file}.torn-{utc_name()}"), b"".join(self._torn))
            sync_folder_of(self._file)
            self._torn = []
        lines = self._ledger.lines()
        temporary = temporary_name(self._file)
        write_new(temporary, b"".join(lines))
        try:
            os.replace(temporary, self._file)
        except BaseException:
            remove(temporary)
            raise
        sync_folder_of(self._file)
        self._lines = len(lines)
        self._must_rewrite = False


def _check_key(key: object) -> None:
    if not isinstance(key, str) or not 0 < len(key) <= _LONGEST_KEY:
        raise ValueError(f"the key of a side effect is a text of 1 to {_LONGEST_KEY} characters")


def _result_to_keep(key: str, result: Any) -> Any:
    """A copy, as it will be read; None, said once in the log, for what cannot be kept: it happened all the same."""
    if result is None:
        return None
    try:
        encoded = encode_json(result)
        if len(encoded) <= _LONGEST_RESULT_BYTES:
            return json.loads(encoded)
    except StorageError:
        pass  # No JSON; said below.
    told = "the result of the side effect %s is no JSON of at most %d bytes; it is not kept"
    log.warning(told, key, _LONGEST_RESULT_BYTES)
    return None
