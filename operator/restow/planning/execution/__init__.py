"""Carrying a plan out, level-triggered: the next acts follow from plan, progress and snapshot.

Every turn could be the first one of a new operator: nothing is remembered but the progress, which
the caller stores *before* it performs the acts of a turn. Performs nothing itself.
"""

from restow.planning.execution.advance import advance
from restow.planning.execution.note import note
from restow.planning.execution.scene import Turn

__all__ = ["Turn", "advance", "note"]
