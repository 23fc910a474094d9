"""The one way in which keeping or reading something on disk fails."""

from __future__ import annotations

from typing import Optional


class StorageError(Exception):
    """State or a side effect could not be kept or read. ``__cause__`` is the system's error, where there is one.

    ``code`` says which way:

    - ``unreadable``: a file is there and the system does not let it be read; writing over it might lose it
    - ``unwritable``: a file could not be written, moved or flushed; what was there before is still there
    - ``newer_format``: the file was written by a later SDK
    - ``not_json``: the value cannot be written as JSON
    - ``too_many_in_flight``: so many side effects are begun and not done that one more is refused
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def unreadable(path: str, cause: Optional[OSError] = None, words: str = "") -> StorageError:
    why = words or str(cause)
    help_ = "Nothing was changed; make it readable, or move it away to begin without it."
    return StorageError("unreadable", f"cannot read {path}: {why}. {help_}")


def unwritable(path: str, cause: OSError) -> StorageError:
    return StorageError("unwritable", f"cannot write {path}: {cause}. What was kept before is still there.")
