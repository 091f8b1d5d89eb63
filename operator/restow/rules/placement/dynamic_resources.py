"""DynamicResources: the devices that a pod claims must be there for it.

Upstream: `plugins/dynamicresources/dynamicresources.go`. A claim with an allocation ties the pod to
the nodes that reach its devices; for the others the allocator looks for devices, node by node.
"""

from typing import Final

from restow.cluster.objects import Node, Pod
from restow.core.reasons import Refusal
from restow.rules.board import Board
from restow.rules.devices.demand import Demand, has_claims
from restow.rules.rule import Prepared, Rule, Scope


def prepare(pod: Pod, board: Board) -> Prepared | Refusal | None:
    """Return what the pod's claims say, None for a pod without claims."""
    if not has_claims(pod, board.snapshot):
        return None
    demand = Demand.of(pod, board.devices)
    if demand is None or isinstance(demand, Refusal):
        return demand

    def refuse(node: Node) -> Refusal | None:
        answer = demand.on(node)
        return answer if isinstance(answer, Refusal) else None

    return Prepared(refuse=refuse)


RULE: Final = Rule(plugin="DynamicResources", scope=Scope.RELATIONAL, prepare=prepare)
