"""Whether a pod fits on a node of a snapshot at this moment, as kube-scheduler would see it."""

from collections.abc import Iterable, Sequence

from restow.cluster.objects import Pod
from restow.cluster.snapshot import Snapshot
from restow.core.frozen import Amounts, total
from restow.core.ids import NodeName
from restow.core.reasons import Refusal
from restow.rules import leaving
from restow.rules.placement import host_ports, resources
from restow.rules.registry import refusal


def nominees(snapshot: Snapshot, node: NodeName, pod: Pod) -> tuple[Pod, ...]:
    """Return the unbound pods whose nomination holds room on `node` against `pod`."""
    return tuple(
        other
        for other in snapshot.nominated.get(node, ())
        if other.uid != pod.uid and other.priority >= pod.priority
    )


def why_no_room(snapshot: Snapshot, pod: Pod, node: NodeName) -> Refusal | None:
    """Return why `pod` does not fit beside the bound and the nominated pods of `node`, or None."""
    beside = nominees(snapshot, node, pod)
    bound = [other for other in snapshot.pods_by_node.get(node, ()) if other.uid != pod.uid]
    return why_not_beside(pod, snapshot.free[node], bound, beside)


def why_not_beside(
    pod: Pod, free: Amounts, bound: Iterable[Pod], beside: Sequence[Pod]
) -> Refusal | None:
    """Return why `pod` does not fit, or None.

    `free` is what the `bound` pods leave; the pods `beside` take their part of it first.
    """
    left = free - total(other.requests for other in beside)
    taken = [port for other in (*bound, *beside) for port in other.host_ports]
    return resources.refuse(pod, left) or host_ports.refuse(pod, taken)


def has_room(snapshot: Snapshot, pod: Pod, node: NodeName) -> bool:
    """Whether `pod` may be bound to `node` now: rules, resources, ports, and the node stays."""
    there = snapshot.nodes.get(node)
    return (
        there is not None
        and leaving.of(there) is None
        and refusal(pod, there) is None
        and why_no_room(snapshot, pod, node) is None
    )
