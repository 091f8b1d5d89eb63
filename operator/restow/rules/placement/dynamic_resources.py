"""DynamicResources: the devices that a pod claims must be there for it.

Upstream: `plugins/dynamicresources/dynamicresources.go`. An allocated claim ties the pod to the
nodes that reach its devices. What is not allocated yet is left to kube-scheduler: restow answers
no, and says so, as it does not tell yet whether the allocation would succeed.
"""

from typing import Final

from restow.cluster.devices import Allocation
from restow.cluster.objects import Node, Pod
from restow.core.ids import ObjectKey
from restow.core.reasons import Reason, Refusal
from restow.rules.board import Board
from restow.rules.node_selection import takes
from restow.rules.rule import Prepared, Rule, Scope


def prepare(pod: Pod, board: Board) -> Prepared | Refusal | None:
    """Return what the allocations of the pod's claims say, None for a pod without claims."""
    allocations: list[Allocation] = []
    for each in pod.claims:
        if each.claim is None and not each.pending:
            continue
        key = ObjectKey(pod.key.namespace, each.claim or "")
        claim = board.snapshot.resource_claims.get(key)
        if claim is None or claim.deleting:
            return Refusal(
                Reason.RESOURCE_CLAIM, f"its resource claim {each.name} is missing or being deleted"
            )
        if claim.allocation is None:
            return Refusal(
                Reason.RESOURCE_CLAIM,
                f"its resource claim {claim.key.name} has no devices yet: kube-scheduler decides",
            )
        allocations.append(claim.allocation)
    if not allocations:
        return None

    def refuse(node: Node) -> Refusal | None:
        if all(each.nodes is None or takes(each.nodes, node) for each in allocations):
            return None
        text = "resourceclaim not available on the node"
        return Refusal(Reason.RESOURCE_CLAIM, text, (text,))

    return Prepared(refuse=refuse)


RULE: Final = Rule(plugin="DynamicResources", scope=Scope.LOCAL, prepare=prepare)
