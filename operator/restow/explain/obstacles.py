"""What keeps one pod off every node, even if all that may move were gone."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from restow.cluster.objects import Node, Pod
from restow.cluster.snapshot import Snapshot
from restow.core.frozen import NOTHING, Amounts
from restow.core.ids import NodeName, ObjectKey
from restow.core.reasons import Reason
from restow.explain.kinds import by_kind
from restow.planning.formulation import Formulation
from restow.policies.coverage import Policy, refuses_node
from restow.rules import leaving
from restow.rules.moving.budgets import BudgetIndex
from restow.rules.registry import refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortage:
    """One kind of node that would take the pod but for its room.

    Parameters
    ----------
    kind, nodes
        Name of the kind, and how many nodes of it the rules allow.
    lacking
        What lacks on the best of them with all movable pods gone; empty when the pod would fit.
    now
        What lacks on the best of them as it is.
    """

    kind: str
    nodes: int
    lacking: Amounts
    now: Amounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacles:
    """Everything that keeps a pod pending.

    Parameters
    ----------
    nodes
        Number of nodes of the cluster.
    refused
        (message, nodes) for the rules, most nodes first, as kube-scheduler counts them.
    shortages
        Per kind of node that no rule refuses.
    budgets
        Exhausted disruption budgets without which a node would have room for the pod.
    """

    nodes: int
    refused: tuple[tuple[str, int], ...]
    shortages: tuple[Shortage, ...]
    budgets: tuple[ObjectKey, ...]

    @property
    def fits_somewhere(self) -> bool:
        """Whether the pod alone would fit if all movable pods were gone."""
        return any(not each.lacking for each in self.shortages)


def obstacles(
    pod: Pod, *, snapshot: Snapshot, policy: Policy, formulation: Formulation
) -> Obstacles:
    """Return what keeps `pod`, one of the formulation's pending pods, off the nodes."""
    refused: Counter[str] = Counter()
    allowed: list[Node] = []
    for _, node in sorted(snapshot.nodes.items()):
        no = refusal(pod, node) or refuses_node(policy, node) or leaving.of(node)
        if no is None:
            allowed.append(node)
        else:
            refused[no.message] += 1
    need = _demand(pod, formulation)
    room, held = _room(formulation), _held(formulation)
    return Obstacles(
        nodes=len(snapshot.nodes),
        refused=tuple(sorted(refused.items(), key=lambda each: (-each[1], each[0]))),
        shortages=tuple(
            Shortage(
                kind=kind,
                nodes=len(nodes),
                lacking=_least(need.lacking(room[node.name]) for node in nodes),
                now=_least(need.lacking(room[node.name] - held[node.name]) for node in nodes),
            )
            for kind, nodes in by_kind(allowed)
        ),
        budgets=_budgets_in_the_way(need, allowed, snapshot, formulation, room),
    )


def _room(formulation: Formulation) -> dict[NodeName, Amounts]:
    names = formulation.problem.resources
    return {
        node: Amounts(zip(names, row, strict=True))
        for node, row in zip(formulation.nodes, formulation.problem.capacity, strict=True)
    }


def _demand(pod: Pod, formulation: Formulation) -> Amounts:
    for shape, members in zip(formulation.problem.classes, formulation.members, strict=True):
        if pod in members.pending:
            return Amounts(zip(formulation.problem.resources, shape.demand, strict=True))
    return pod.requests


def _held(formulation: Formulation) -> dict[NodeName, Amounts]:
    """Return what the movable pods take, per node."""
    names = formulation.problem.resources
    held = dict.fromkeys(formulation.nodes, NOTHING)
    for shape in formulation.problem.classes:
        for node, count in shape.running:
            held[formulation.nodes[node]] += Amounts(
                {name: count * need for name, need in zip(names, shape.demand, strict=True)}
            )
    return held


def _least(shortfalls: Iterable[Amounts]) -> Amounts:
    """Return the smallest shortfall: of the fewest resources, then the fewest units."""
    return min(shortfalls, key=lambda amounts: (len(amounts), sum(amounts.values())))


def _budgets_in_the_way(
    need: Amounts,
    allowed: list[Node],
    snapshot: Snapshot,
    formulation: Formulation,
    room: dict[NodeName, Amounts],
) -> tuple[ObjectKey, ...]:
    """Return the exhausted budgets whose pods, if they could move, would leave enough room.

    Only nodes that do not have enough without them count.
    """
    index = BudgetIndex.of(snapshot)
    found: set[ObjectKey] = set()
    for node in allowed:
        if not need.lacking(room[node.name]):
            continue
        held = [
            other
            for other in snapshot.pods_by_node[node.name]
            if (no := formulation.fixed.get(other.uid)) is not None
            and no.reason is Reason.BUDGET_EXHAUSTED
        ]
        freed = room[node.name]
        for other in held:
            freed += other.requests
        if held and not need.lacking(freed):
            found.update(b.key for other in held if (b := index.drawn_on(other)) is not None)
    return tuple(sorted(found))
