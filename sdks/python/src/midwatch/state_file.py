"""The state of an agent in one file, whole or as it was before."""

from __future__ import annotations

import os
import threading
from typing import Any, Callable, List, NamedTuple, Optional, TypeVar, Union

from .durable_file import read_whole, remove, sync_folder_of, temporary_name, utc_name, utc_now, write_new
from .generations import generations_of, keep_current, quarantine, read_start, remove_abandoned
from .notes import log
from .state_format import (
    LONGEST_HEADER,
    Damaged,
    Newer,
    Whole,
    claimed_generation,
    decode_state,
    encode_json,
    encode_state,
)
from .storage_error import StorageError, unreadable, unwritable

_MOST_KEPT = 100
_MOST_LOOKS = 5
_T = TypeVar("_T")


class QuarantinedFile(NamedTuple):
    """A damaged file that was put aside: where it was, where it is now, why, and the generation its header claims."""

    path: str
    moved_to: str
    reason: str
    generation: Optional[int]


class LoadedState(NamedTuple):
    """What an agent goes on from.

    ``generation`` rises with every save; a plain JSON file from before the agent kept its state here is generation 0 and
    has no ``saved_at`` (RFC 3339, UTC). ``quarantined`` names what this load put aside; not empty: what was saved last may
    be lost, and this is the newest that is whole.
    """

    value: Any
    generation: int
    saved_at: Optional[str]
    quarantined: List[QuarantinedFile]


class StateFile:
    """The state of an agent in one file, as JSON, with a checksum and its earlier generations beside it.

    ``keep`` is how many generations stay on disk, the current one included: 1 to 100; ``state.json.1`` is the one before,
    then ``.2`` …

    A save is whole or did not happen, also when the process is killed or the power fails in the middle of it. A damaged
    file is moved to ``state.json.corrupt-<UTC time>-<n>`` and never deleted or written over: such files pile up, and are
    yours to look at and to remove. Any thread may save, and a signal handler too, one after the other; two processes on
    one file do not damage it, the last one wins.
    """

    def __init__(self, path: "Union[str, os.PathLike[str]]", keep: int = 3) -> None:
        """Reads and writes nothing yet. Raises ValueError for a ``keep`` that is not a whole number from 1 to 100."""
        if not isinstance(keep, int) or isinstance(keep, bool) or not 1 <= keep <= _MOST_KEPT:
            raise ValueError(f"keep must be a whole number from 1 to {_MOST_KEPT}, got {keep!r}")
        # Now, because an agent may change its folder later.
        self._path = os.path.abspath(os.fspath(path))
        self._keep = keep
        # The highest generation seen, also among the damaged.
        self._highest = 0
        # True once everything there was could be read; before that nothing is written.
        self._has_looked = False
        self._newest: Optional[bytes] = None
        # The damaged files that the last look put aside; also when nothing whole was left, and load answered None.
        self.quarantined: List[QuarantinedFile] = []
        # Reentrant, because a signal handler may save while the main program does.
        self._lock = threading.RLock()

    def load(self) -> Optional[LoadedState]:
        """The newest whole generation; None when there never was one, or none is whole.

        Damaged files are moved to quarantine, each with a line in the log. Raises StorageError for a file that is there and
        cannot be read (``unreadable``), cannot be moved to quarantine (``unwritable``) or comes from a later SDK
        (``newer_format``): saving over it might lose it.
        """
        with self._lock:
            return self._look()

    def save(self, value: object) -> None:
        """Replaces the state; once this returns it is on disk.

        Raises StorageError: ``not_json``, or ``unwritable`` (disk full, no permission), or what ``load`` raises; the state
        saved before is then still there.
        """
        payload = encode_json(value)
        with self._lock:
            self._newest = payload
            self._store(payload)
            # A signal handler may have saved in the middle of that; what it saved is newer.
            while self._newest is not payload:
                payload = self._newest
                self._store(payload)

    def _look(self) -> Optional[LoadedState]:
        # Behind a link to a file lies the file: replacing the link would leave the state behind on the other volume.
        file = os.path.realpath(self._path)
        if not self._has_looked:
            _reading(file, lambda: remove_abandoned(file))
        aside: List[QuarantinedFile] = []
        self.quarantined = aside
        for _ in range(_MOST_LOOKS):
            newest: Optional[LoadedState] = None
            for path in _reading(file, lambda: generations_of(file)):
                found = self._examine(path, file, aside)
                if found is False:
                    break
                # Of two with one generation the first counts, which is the current file.
                if isinstance(found, Whole) and (newest is None or found.generation > newest.generation):
                    newest = LoadedState(found.value, found.generation, found.saved_at, aside)
            else:
                self._has_looked = True
                return newest
        raise unreadable(file, words="other processes keep replacing it")

    def _examine(self, path: str, file: str, aside: List[QuarantinedFile]) -> Union[Whole, None, bool]:
        """What one file holds; None when that is nothing, False when everything must be looked at again."""
        found = _reading(path, lambda: read_whole(path))
        if found is None:
            return None
        content, identity = found
        state = decode_state(content)
        if isinstance(state, Newer):
            raise StorageError(
                "newer_format",
                f"{path} has format {state.version}, which this SDK does not know. Install the SDK that wrote it, or move"
                " the file away to begin without it.",
            )
        self._highest = max(self._highest, state.generation or 0)
        if isinstance(state, Whole):
            return state
        return self._put_aside(path, file, identity, state, aside)

    def _put_aside(
        self, path: str, file: str, identity: os.stat_result, state: Damaged, aside: List[QuarantinedFile]
    ) -> Optional[bool]:
        try:
            moved_to = quarantine(path, f"{file}.corrupt-{utc_name()}", identity)
        except OSError as error:
            raise unwritable(path, error) from error
        if moved_to is None:
            return False
        log.warning("%s is damaged (%s); it was moved to %s", path, state.reason, moved_to)
        aside.append(QuarantinedFile(path, moved_to, state.reason, state.generation))
        return None

    def _store(self, payload: bytes) -> None:
        if not self._has_looked:
            self._look()
        file = os.path.realpath(self._path)
        start = _reading(file, lambda: read_start(file, LONGEST_HEADER))
        # Another process may have saved meanwhile.
        self._highest = max(self._highest, claimed_generation(start) or 0) + 1
        content = encode_state(payload, self._highest, utc_now())
        temporary = temporary_name(file)
        try:
            write_new(temporary, content)
            try:
                keep_current(file, self._keep)
                os.replace(temporary, file)
            except BaseException:
                remove(temporary)
                raise
            sync_folder_of(file)
        except OSError as error:
            raise unwritable(file, error) from error


def _reading(path: str, task: Callable[[], _T]) -> _T:
    try:
        return task()
    except OSError as error:
        raise unreadable(path, error) from error
