"""Beats from inside an agent's own loop, for Midwatch. Standard library only.

    watch = Midwatch("my-agent")
    for cycle in watch.cycles(every=60):
        result = run_agent_cycle()
        cycle.tokens(result.tokens_used)

Nothing in here raises because of monitoring, and nothing but your loop causes a beat.
"""

from .answer import Directive
from .cycle import Cycle
from .last_death import LastDeath
from .loop import AsyncLoop, Loop
from .plain import heartbeat
from .side_effect_lines import InFlight
from .side_effects import SideEffects
from .state_file import LoadedState, QuarantinedFile, StateFile
from .storage_error import StorageError
from .watch import Midwatch

__all__ = [
    "AsyncLoop",
    "Cycle",
    "Directive",
    "InFlight",
    "LastDeath",
    "LoadedState",
    "Loop",
    "Midwatch",
    "QuarantinedFile",
    "SideEffects",
    "StateFile",
    "StorageError",
    "heartbeat",
]
__version__ = "0.1.0"
