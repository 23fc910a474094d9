"""What the process as a whole tells the watches: signals, uncaught exceptions, forks, its end.

Everything is chained: what stood there before is called after us, and where the default stood before, the default
happens, except for the first SIGTERM while a loop runs, which ends that loop after its current turn.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any, List, Optional

if TYPE_CHECKING:
    from .watch import Midwatch

# How long the end of the process may wait for the last beats. Longer than the loop ever waits: a TLS handshake with a
# distant server takes a while, and nothing else is left to do.
EXIT_PATIENCE_S = 2.0
_DYING_PATIENCE_S = 0.25

_all: "weakref.WeakSet[Midwatch]" = weakref.WeakSet()
_speaking: "set[Midwatch]" = set()
_guarded = False
_atexit_registered = False
_finalizing_pid: Optional[int] = None
_previous_term: Any = None
_previous_hook: Any = None
_previous_thread_hook: Any = None


def know(watch: "Midwatch") -> None:
    """Remembers a watch as long as somebody holds it."""
    _all.add(watch)


def hold_until_exit(watch: "Midwatch") -> None:
    """Keeps a watch that has beaten, so that its last words can be said when the process ends."""
    global _atexit_registered, _finalizing_pid
    _speaking.add(watch)
    if not _atexit_registered:
        _atexit_registered = True
        atexit.register(_on_exit)
    if _finalizing_pid != os.getpid():
        _finalizing_pid = os.getpid()
        _finalize_with_multiprocessing()


def _finalize_with_multiprocessing() -> None:
    """A child of ``multiprocessing`` ends by ``os._exit``: it runs its own finalizers, and nothing from ``atexit``."""
    multiprocessing = sys.modules.get("multiprocessing")
    util = sys.modules.get("multiprocessing.util")
    if multiprocessing is not None and util is not None and multiprocessing.parent_process() is not None:
        util.Finalize(None, _on_exit, exitpriority=0)


def guard() -> None:
    """Chains the handlers, once. SIGTERM only from the main thread, where alone Python allows it."""
    global _guarded, _previous_hook, _previous_thread_hook
    _guard_term()
    if _guarded:
        return
    _guarded = True
    _previous_hook, sys.excepthook = sys.excepthook, _on_exception
    _previous_thread_hook, threading.excepthook = threading.excepthook, _on_thread_exception


def _guard_term() -> None:
    global _previous_term
    if _previous_term is not None or threading.current_thread() is not threading.main_thread():
        return
    try:
        previous = signal.getsignal(signal.SIGTERM)
        # Ignored on purpose stays ignored; None is a handler that was not set from Python and cannot be called.
        if previous is signal.SIG_IGN or previous is None:
            return
        signal.signal(signal.SIGTERM, _on_term)
        _previous_term = previous
    except (ValueError, OSError):
        pass  # A sub-interpreter or a platform without it: the loop then learns of a shutdown from watch.shutdown().


def _on_term(number: int, frame: Any) -> None:
    name = signal.Signals(number).name
    ending = [watch for watch in list(_speaking) if watch.on_signal(name)]
    if callable(_previous_term):
        _previous_term(number, frame)
    elif not ending:
        for watch in list(_speaking):
            watch.say_last("stopped", name)
        _flush_all(_DYING_PATIENCE_S)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


def _on_exception(kind: Any, error: Any, trace: Any) -> None:
    _tell(error)
    _previous_hook(kind, error, trace)


def _on_thread_exception(args: Any) -> None:
    if args.exc_type is not SystemExit:
        _tell(args.exc_value)
    _previous_thread_hook(args)


def _tell(error: Optional[BaseException]) -> None:
    """Only the watch whose loop ran in this very thread is told: the others' loops go on."""
    for watch in list(_speaking):
        if error is not None and watch.is_of_this_thread:
            watch.fail(error)


def _on_exit() -> None:
    for watch in list(_speaking):
        watch.on_exit()
    _flush_all(EXIT_PATIENCE_S)


def _flush_all(patience_s: float) -> None:
    deadline = time.monotonic() + patience_s
    watches: List["Midwatch"] = list(_speaking)
    for watch in watches:
        watch.flush(max(0.0, deadline - time.monotonic()), last_call=True)


def _after_fork_in_child() -> None:
    _speaking.clear()
    for watch in list(_all):
        watch.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
