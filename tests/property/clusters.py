"""Small clusters in which something is pending, and what may go wrong in them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from hypothesis import strategies as st

from restow.cluster.objects import DisruptionBudget, Pod, Workload
from restow.cluster.snapshot import Snapshot
from restow.core.ids import Uid
from restow.planning.acts import Act, ActResult, ActStatus, Evict
from restow.simulation.cluster import Cluster, Habits
from tests.support.objects import (
    NOW,
    a_budget,
    a_node,
    a_pod,
    a_snapshot,
    a_workload,
    owner_ref,
    selecting,
)

ROOM = 4


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """Two to four nodes of 4 CPUs, some workloads, and pods too large for any hole."""
    free = [ROOM] * draw(st.integers(2, 4))
    pods: list[Pod] = []
    workloads: list[Workload] = []
    budgets: list[DisruptionBudget] = []
    for number in range(draw(st.integers(2, 5))):
        kind = draw(st.sampled_from(("ReplicaSet", "ReplicaSet", "StatefulSet")))
        name, size = f"w{number}", draw(st.sampled_from((1, 1, 2, 3)))
        priority = draw(st.sampled_from((0, 0, 0, 10)))
        mine: list[Pod] = []
        workload = a_workload(kind, name)
        for index in range(draw(st.integers(1, 4))):
            at = draw(st.integers(0, len(free) - 1))
            if free[at] >= size:
                free[at] -= size
                mine.append(
                    a_pod(
                        f"{name}-{index}",
                        node=f"n{at}",
                        cpu_m=1000 * size,
                        priority=priority,
                        labels={"app": name},
                        owner=owner_ref(workload),
                    )
                )
        # a StatefulSet's ordinals have no gaps
        mine = [replace(p, key=replace(p.key, name=f"{name}-{i}")) for i, p in enumerate(mine)]
        if not mine:
            continue
        pods += mine
        workloads.append(replace(workload, replicas=len(mine)))
        if draw(st.booleans()):
            allowed = draw(st.sampled_from((1, 1, 1, 0, 2)))
            budgets.append(
                a_budget(
                    f"b{number}", selector=selecting(app=name), allowed=min(allowed, len(mine))
                )
            )
    for number in range(draw(st.integers(1, 2))):
        workload = a_workload("ReplicaSet", f"p{number}", replicas=1)
        workloads.append(workload)
        pods.append(
            a_pod(
                f"p{number}-0",
                cpu_m=1000 * draw(st.integers(min(ROOM, max(free) + 1), ROOM)),
                priority=draw(st.sampled_from((0, 0, 10, 100))),
                owner=owner_ref(workload),
                created_at=NOW - timedelta(minutes=2),
            )
        )
    nodes = [a_node(f"n{index}", cpu_m=1000 * ROOM) for index in range(len(free))]
    return a_snapshot(pods, nodes, workloads=workloads, budgets=budgets)


@st.composite
def habits(draw: st.DrawFn, snapshot: Snapshot) -> Habits:
    """Slow and quick terminations, with and without the admission policy."""
    leave = {uid: draw(st.sampled_from((0.0, 0.0, 5.0, 20.0))) for uid in snapshot.workloads}
    forgetful = draw(st.booleans())
    return Habits(
        leave_s={Uid(uid): seconds for uid, seconds in leave.items()},
        ready_s=draw(st.sampled_from((0.5, 4.0))),
        gates=draw(st.sampled_from((True, True, True, False))),
        forgets=lambda _: forgetful,
    )


@dataclass(slots=True)
class Trouble:
    """Faults by the number of the act, strangers by the number of the turn."""

    faults: dict[int, ActStatus]
    kills: set[int]
    strangers: dict[int, int]
    asked: int = 0
    turned: int = 0

    def killed(self, _: Act) -> bool:
        """Whether the operator dies before this act."""
        self.asked += 1
        return self.asked in self.kills

    def fault(self, act: Act) -> ActResult | None:
        """Answer in the place of the API server now and then."""
        status = self.faults.get(self.asked)
        if status is None or (status is ActStatus.BUDGET and not isinstance(act, Evict)):
            return None
        return ActResult(status=status, message="a fault")

    def meddler(self) -> Callable[[Cluster], None]:
        """Return what strangers do: pods of a high priority turn up."""

        def meddle(cluster: Cluster) -> None:
            self.turned += 1
            size = self.strangers.get(self.turned)
            if size is not None:
                cluster.put(
                    a_pod(
                        f"stranger-{self.turned}",
                        cpu_m=1000 * size,
                        priority=1000,
                        unschedulable_since=None,
                    )
                )

        return meddle


@st.composite
def troubles(draw: st.DrawFn) -> Trouble:
    """A few faults, kills and strangers."""
    status = st.sampled_from((ActStatus.CONFLICT, ActStatus.BUDGET, ActStatus.RETRY))
    return Trouble(
        faults=draw(st.dictionaries(st.integers(1, 20), status, max_size=4)),
        kills=draw(st.sets(st.integers(1, 20), max_size=3)),
        strangers=draw(st.dictionaries(st.integers(1, 15), st.integers(1, ROOM), max_size=2)),
    )
