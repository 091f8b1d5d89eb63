"""Whether a cluster has settled, so that it can be looked at for rescheduling."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from restow.cluster.snapshot import Snapshot
from restow.core.ids import Uid
from restow.planning.formulation import Usage
from restow.policies.coverage import Policy, governing, may_cover, refuses_node
from restow.rules import leaving, node_claims

STARTING = timedelta(minutes=10)
"""How long pods that came in the place of moved ones are waited for to become ready."""


_CLAIM = "NodeClaim"


class Waits(StrEnum):
    """Why a cluster has not settled."""

    NODES = "it is not looked at while nodes come or go"
    ENDING = "it is not looked at while pods of the policy end"
    PENDING = "it is not looked at while pods of the policy wait for a node"
    MIGRATING = "it is not looked at while virtual machines migrate"
    UNREADY = "it is not looked at before pods that came in the place of moved ones are ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsettled:
    """Why the cluster is no sight to plan on now: the kind, and one fact of it."""

    why: Waits
    fact: str


def unsettled(  # noqa: PLR0913 - all of it is looked at
    policy: Policy,
    policies: tuple[Policy, ...],
    snapshot: Snapshot,
    *,
    decided: frozenset[Uid],
    usage: Usage,
    now: datetime,
) -> Unsettled | None:
    """Return why the cluster is no sight to plan on now; None if it has settled.

    Nodes that come or go change what is fragmented, and pods that wait or end say that somebody is
    at work already: kube-scheduler, an autoscaler, a rollout, or the plan before.

    Parameters
    ----------
    decided
        Pods that wait although all was done for them that can be: they may wait for ever.
    """
    scaling = next(_scaling(policy, snapshot, now), None)
    if scaling is not None:
        return Unsettled(why=Waits.NODES, fact=scaling)
    for migration in snapshot.migrations.values():
        if not migration.over:
            machine = f"virtual machine {migration.key.namespace}/{migration.machine}"
            return Unsettled(why=Waits.MIGRATING, fact=f"{machine} is migrating")
    for pod in snapshot.pods.values():
        waits = pod.node is None and not pod.gates and pod.uid not in decided
        moved_at = None if pod.ready else usage.moved.get(pod.uid)
        unready = moved_at is not None and now - moved_at < STARTING
        if not (waits or pod.deleting or unready):
            continue
        if governing(policies, pod, snapshot.namespaces) == policy:
            if pod.deleting:
                return Unsettled(why=Waits.ENDING, fact=f"{pod.key} is ending")
            if waits:
                return Unsettled(why=Waits.PENDING, fact=f"{pod.key} has no node yet")
            return Unsettled(why=Waits.UNREADY, fact=f"{pod.key} is not ready yet")
    return None


def _scaling(policy: Policy, snapshot: Snapshot, now: datetime) -> Iterator[str]:
    """Yield what tells that a node of the policy is being added or removed, or may be."""
    if _CLAIM in snapshot.unknown:
        yield f"objects of kind {_CLAIM} cannot be read now"
    for node in snapshot.nodes.values():
        no = leaving.scaling(node, now) if refuses_node(policy, node) is None else None
        if no is not None:
            yield no.by(node.name).message
    for claim in snapshot.node_claims.values():
        joined = None if claim.node is None else snapshot.nodes.get(claim.node)
        no = node_claims.scaling(claim, now) if may_cover(policy, claim, joined) else None
        if no is not None:
            yield f"NodeClaim {claim.name}: {no.message}"
