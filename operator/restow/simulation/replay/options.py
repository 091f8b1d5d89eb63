"""What is simulated: a policy of placement, and what restow may do beside it."""

from dataclasses import dataclass

from restow.policies.packing_policy import Limits
from restow.policies.rescheduling import Rescheduling
from restow.simulation.placing.names import PolicyName


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One run of the trace.

    Parameters
    ----------
    migrations
        Most pods that one look may move, as in a policy: a number, or a share of those that run; 0
        for no rescheduling.
    fallback
        Whether pods that wait are packed.
    """

    policy: PolicyName
    migrations: int | str = 0
    fallback: bool = False

    @property
    def reschedules(self) -> bool:
        """Return whether there is rescheduling."""
        return str(self.migrations) not in {"0", "0%"}

    @property
    def label(self) -> str:
        """Return what it is called."""
        moving = f" + moves {self.migrations}" if self.reschedules else ""
        return f"{self.policy}{moving}{' + fallback' if self.fallback else ''}"

    def limit(self, running: int) -> int:
        """Return most pods that one look of rescheduling may move, of so many that run."""
        if not self.reschedules:
            return 0
        return Rescheduling(max_migrations=self.migrations).limit(running)


FALLBACK_MOVES: int = Limits().moves_per_plan
"""Most pods that one plan for pods that wait may move: a policy's default."""


POINTS: int = 400
"""Of a curve, where nobody says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What all runs have in common; times in seconds of the trace.

    Parameters
    ----------
    every_s
        Between two looks of rescheduling.
    look_s
        Between two looks at pods that wait.
    cooldown_s
        How long a pod that was moved stays.
    sample_s
        Between two points of the curves; None for a `POINTS`th of the trace.
    warm_up_s
        Means are of what comes later.
    work
        Search for one plan, about a second per unit on an idle machine; no clock decides.
    """

    seed: int
    every_s: float
    look_s: float
    cooldown_s: float
    sample_s: float | None
    warm_up_s: float
    work: float
