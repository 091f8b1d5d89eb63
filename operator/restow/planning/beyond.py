"""The nodes on which no plan is sought, as far as bounds need them."""

from dataclasses import replace
from typing import Final

from restow.cluster.objects import Pod
from restow.packing.problem import Problem
from restow.planning.formulation import Formulation
from restow.planning.judge import Judge

OF_THE_NODE: Final = frozenset({"DaemonSet", "Node"})
"""Owners of pods that never leave their node."""

PODS_PER_S: Final = 6_000
"""Pods of the cluster, for each second (or unit of work) there is to solve, up to which a bound is
worth it: telling of 45,000 takes 0.2 s, and looking at them the solver half a second."""


def with_elsewhere(formulation: Formulation, judge: Judge) -> Formulation:
    """Return the formulation with the policy's other nodes; as it is, where it is about all.

    As it is, too, where there is little time for so many pods.

    All pods there count as if they could move, and go wherever there is room: a bound may suppose
    that.
    """
    most = PODS_PER_S * judge.policy.spec.solve_time_limit_seconds
    if formulation.whole or len(judge.snapshot.pods) > most:
        return formulation
    problem, near = formulation.problem, frozenset(formulation.nodes)
    known = {name for node in judge.snapshot.nodes.values() for name in node.allocatable}
    plenty = sum(p.count * max(p.demand, default=0) for p in problem.classes)
    tiers = {priority: index for index, priority in enumerate(problem.tiers)}
    rows = []
    for node in replace(judge, within=None).targets():
        if node.name not in near:
            free = judge.snapshot.free[node.name]
            rows.append(
                (
                    tuple([free.of(r) if r in known else plenty for r in problem.resources]),
                    tuple(
                        [
                            _pod(pod, problem, tiers, judge)
                            for pod in judge.snapshot.pods_by_node[node.name]
                            if pod.owner is None or pod.owner.kind not in OF_THE_NODE
                        ]
                    ),
                )
            )
    return replace(formulation, problem=replace(problem, elsewhere=tuple(rows)))


def _pod(
    pod: Pod, problem: Problem, tiers: dict[int, int], judge: Judge
) -> tuple[tuple[int, ...], int | None, int]:
    asked = judge.wishes(pod)
    return pod.requests.row(problem.resources), tiers.get(asked.priority), asked.move_cost
