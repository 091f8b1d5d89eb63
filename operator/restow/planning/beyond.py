"""The nodes on which no plan is sought, as far as bounds need them."""

from dataclasses import replace
from typing import Final

from restow.cluster.objects import Pod
from restow.packing.problem import Problem
from restow.planning.formulation import Formulation
from restow.planning.judge import Judge

OF_THE_NODE: Final = frozenset({"DaemonSet", "Node"})
"""Owners of pods that never leave their node."""

MOST: Final = 20_000
"""Pods from which on asking for all of them what a move costs takes longer than it is worth."""


def with_elsewhere(formulation: Formulation, judge: Judge) -> Formulation:
    """Return the formulation with the policy's other nodes; as it is, where it is about all.

    All pods there count as if they could move, and go wherever there is room: a bound may suppose
    that.
    """
    if formulation.whole or len(judge.snapshot.pods) > MOST:
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
                    tuple(free.of(r) if r in known else plenty for r in problem.resources),
                    tuple(
                        _pod(pod, problem, tiers, judge)
                        for pod in judge.snapshot.pods_by_node[node.name]
                        if pod.owner is None or pod.owner.kind not in OF_THE_NODE
                    ),
                )
            )
    return replace(formulation, problem=replace(problem, elsewhere=tuple(rows)))


def _pod(
    pod: Pod, problem: Problem, tiers: dict[int, int], judge: Judge
) -> tuple[tuple[int, ...], int | None, int]:
    asked = judge.wishes(pod)
    need = tuple(pod.requests.of(name) for name in problem.resources)
    return need, tiers.get(asked.priority), asked.move_cost
