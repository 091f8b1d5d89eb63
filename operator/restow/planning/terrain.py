"""What rescheduling has to know of nodes and pods beyond the packing problem."""

from collections.abc import Mapping
from dataclasses import replace

from restow.cluster.objects import Pod
from restow.core.ids import NodeName, Uid
from restow.packing.outcome import Placement
from restow.planning.formulation import Formulation, Members
from restow.planning.goal import Goal
from restow.planning.judge import Judge
from restow.planning.migrating import Terrain, free_of
from restow.policies.rescheduling import Objective
from restow.rules import move_cost

OF_THE_NODE = frozenset({"DaemonSet", "Node"})
"""Owners of pods that go with their node."""


def terrain_of(formulation: Formulation, goal: Goal, judge: Judge) -> Terrain:
    """Return the terrain of a goal."""
    names, snapshot = formulation.nodes, judge.snapshot
    to_pull = move_cost.pulls(judge.targets())
    costs = {
        pod.uid: move_cost.of(pod, snapshot, formulation.wishes[pod.uid], judge.now, to_pull)
        for pod in running(formulation)
    }
    total: tuple[int, ...] = ()
    if goal.objective is Objective.BALANCE:
        main = goal.shapes[0].main
        total = tuple(snapshot.nodes[name].allocatable.of(main) for name in names)
    return Terrain(
        costs=costs,
        removable=frozenset(
            n
            for n, name in enumerate(names)
            if not any(pod.uid in formulation.fixed for pod in _lasting(name, judge))
        ),
        drained=frozenset(n for n, name in enumerate(names) if name in goal.drain),
        total=total,
    )


def running(formulation: Formulation) -> list[Pod]:
    """Return the pods that may move."""
    return [pod for members in formulation.members for _, there in members.running for pod in there]


def ranked(formulation: Formulation, costs: Mapping[Uid, int], held: frozenset[Uid]) -> Formulation:
    """Return the formulation with the pods of each class and node in the order in which they go.

    Those that are held come last, the cheap ones first; of equal cost those of the lower deletion
    cost, as in kube-controller-manager.
    """

    def order(pod: Pod) -> tuple[bool, int, int]:
        return pod.uid in held, costs[pod.uid], move_cost.deletion_cost(pod)

    members = tuple(
        Members(
            pending=each.pending,
            running=tuple((n, tuple(sorted(pods, key=order))) for n, pods in each.running),
        )
        for each in formulation.members
    )
    return replace(formulation, members=members)


def left(formulation: Formulation, terrain: Terrain, placement: Placement, judge: Judge) -> int:
    """Return how many pods a placement leaves on nodes that are to be drained."""
    stay = sum(
        pod.uid in formulation.fixed
        for n in terrain.drained
        for pod in _lasting(formulation.nodes[n], judge)
    )
    there = (pair for pairs in placement for pair in pairs)
    return stay + sum(count for node, count in there if node in terrain.drained)


def utilization(
    formulation: Formulation, goal: Goal, terrain: Terrain, placement: Placement
) -> tuple[int, float]:
    """Return how many nodes are above Balance's bound, and the largest utilization of any."""
    r = formulation.problem.resources.index(goal.shapes[0].main)
    above, largest = 0, 0.0
    for row, total in zip(free_of(formulation.problem, placement), terrain.total, strict=True):
        above += row[r] < goal.spare(total)
        largest = max(largest, 1 - row[r] / total if total else 0.0)
    return above, largest


def _lasting(name: NodeName, judge: Judge) -> list[Pod]:
    """Return the pods of a node without those that go with it."""
    return [
        pod
        for pod in judge.snapshot.pods_by_node[name]
        if pod.owner is None or pod.owner.kind not in OF_THE_NODE
    ]
