"""Carrying a plan out on the simulated cluster, the way the operator's loop does."""

from collections.abc import Callable
from dataclasses import dataclass, field

from restow.planning.acts import Act
from restow.planning.document import document, plan_of, progress_of, progress_status
from restow.planning.execution import Turn, advance, note
from restow.planning.plan import Plan
from restow.planning.progress import Progress, Settings, begin
from restow.planning.recovery import disarming, orphans, resumed
from restow.policies.coverage import Policy
from restow.policies.packing_plan import PackingPlan
from restow.simulation.cluster import Cluster
from restow.simulation.performer import Performer

TICK_S = 0.5


@dataclass(slots=True, kw_only=True)
class Run:
    """One plan on one cluster.

    Parameters
    ----------
    killed
        Asked before every act: whether the operator dies here. A new one starts from the stored
        object at once.
    meddle
        Called after every turn, to do to the cluster what strangers do.
    between
        Called after every act: the other parts of the cluster do not wait for the end of a turn.
    """

    cluster: Cluster
    performer: Performer
    plan: Plan
    policy: Policy
    settings: Settings = field(default_factory=Settings)
    killed: Callable[[Act], bool] = lambda _: False
    meddle: Callable[[Cluster], None] = lambda _: None
    between: Callable[[Cluster], None] = lambda _: None
    stored: PackingPlan = field(init=False)
    done: list[Act] = field(default_factory=list)

    def to_the_end(self, *, turns: int = 2000) -> Turn:
        """Carry the plan out until it has a verdict, and undo what turns up afterwards.

        Raises
        ------
        RuntimeError
            If there is no verdict after `turns` turns.
        """
        self._store(begin(self.plan, self.cluster.now))
        for _ in range(turns):
            turn = self._turn()
            self.cluster.tick(TICK_S)
            self.meddle(self.cluster)
            if turn.verdict is not None:
                self._afterwards()
                return turn
        raise RuntimeError(f"no verdict after {turns} turns: {self.stored.status}")

    def _turn(self) -> Turn:
        progress = progress_of(self.stored)
        if progress is None:
            raise RuntimeError("the plan was stored without progress")
        snapshot = self.cluster.snapshot()
        plan = plan_of(self.stored)
        turn = advance(
            plan, progress, snapshot, self.cluster.now, self.settings, policy=self.policy
        )
        progress = turn.progress
        self._store(progress)
        for act in turn.acts:
            if self.killed(act):
                stored = progress_of(self.stored)
                self._store(resumed(stored or progress))
                return turn
            self.done.append(act)
            result = self.performer.perform(act)
            progress = note(plan, progress, act, result, self.cluster.now)
            self.between(self.cluster)
        self._store(progress)
        return turn

    def _store(self, progress: Progress) -> None:
        """Store as the API server would: through the document and its JSON."""
        body = document(self.plan, progress_status(self.plan, progress))
        self.stored = PackingPlan.model_validate_json(body.model_dump_json(by_alias=True))

    def _afterwards(self) -> None:
        """Do what any operator does while no plan is live."""
        for _ in range(4):
            for act in (*disarming(()), *orphans(self.cluster.snapshot(), ())):
                self.performer.perform(act)
            self.cluster.tick(TICK_S)
