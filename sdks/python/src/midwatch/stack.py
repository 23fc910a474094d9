"""Lets the supervisor ask a hung agent where it stands.

A supervisor names a file in MIDWATCH_STACK_FILE. Once SIGUSR1 makes ``faulthandler`` write the stacks of all threads into
it, which works even in ``while True: pass``, the file is there; the supervisor sends the signal only then, because a
process that does not catch it would die of it. An agent that handles SIGUSR1 itself is left alone.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
from typing import Optional

from .durable_file import remove, temporary_name

# Kept for the life of the process: the handler writes to this descriptor. Children by fork share it.
_descriptor: Optional[int] = None
# Tells processes that this one starts whose file it is. One that replaces itself by exec keeps its number and its file.
_OWNER = "MIDWATCH_STACK_OWNER"


def offer_stack() -> None:
    """Registers the handler, once per process. Never raises: without it the supervisor takes what else it can get."""
    global _descriptor
    path = os.environ.get("MIDWATCH_STACK_FILE")
    if not path or _descriptor is not None or not hasattr(faulthandler, "register"):
        return
    try:
        if not _is_child() and not _is_taken(signal.SIGUSR1):
            _descriptor = _register(path)
            os.environ[_OWNER] = str(os.getpid())
    except Exception:
        pass  # No folder, no permission, a sub-interpreter: there is just no stack to be had.


def _register(path: str) -> int:
    # Under another name at first: once the supervisor sees the file, the signal must be safe.
    temporary = temporary_name(path)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
    try:
        faulthandler.register(signal.SIGUSR1, file=descriptor, all_threads=True, chain=False)
        try:
            os.replace(temporary, path)
        except OSError:
            faulthandler.unregister(signal.SIGUSR1)
            raise
    except BaseException:
        os.close(descriptor)
        remove(temporary)
        raise
    return descriptor


def _is_child() -> bool:
    """True in a process that the agent's main process started: the file belongs to that one."""
    if os.environ.get(_OWNER, str(os.getpid())) != str(os.getpid()):
        return True
    multiprocessing = sys.modules.get("multiprocessing")
    return multiprocessing is not None and multiprocessing.parent_process() is not None


def _is_taken(number: int) -> bool:
    """True when somebody handles or ignores the signal, also from C, where Python does not see it."""
    if signal.getsignal(number) is not signal.SIG_DFL:
        return True
    try:
        with open("/proc/self/status", "rb") as status:
            caught = [line for line in status if line.startswith(b"SigCgt:")]
    except OSError:
        return False  # Not Linux; what Python knows must do.
    return bool(caught) and bool(int(caught[0].split()[1], 16) >> (number - 1) & 1)
