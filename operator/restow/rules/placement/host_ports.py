"""NodePorts: two pods of a node cannot take one host port.

Upstream: `plugins/nodeports/node_ports.go` and `k8s.io/kube-scheduler/framework/types.go:
HostPortInfo.CheckConflict`, "node(s) didn't have free ports for the requested pod ports".
"""

from collections.abc import Collection
from typing import Final

from restow.cluster.objects import HostPort, Pod
from restow.core.reasons import Reason, Refusal

EVERY_ADDRESS: Final = "0.0.0.0"  # noqa: S104 - Kubernetes' own wildcard


def refuse(pod: Pod, taken: Collection[HostPort]) -> Refusal | None:
    """Return why `pod` may not join pods that hold the ports `taken`, or None."""
    for wanted in pod.host_ports:
        for other in taken:
            if conflict(wanted, other):
                return Refusal(
                    Reason.HOST_PORT_TAKEN,
                    f"host port {wanted.port}/{wanted.protocol} is taken on the node",
                )
    return None


def conflict(one: HostPort, other: HostPort) -> bool:
    """Return whether the two cannot be on one node: 0.0.0.0 is every address of IPv4 and IPv6."""
    if (one.protocol, one.port) != (other.protocol, other.port):
        return False
    return one.ip == other.ip or EVERY_ADDRESS in {one.ip, other.ip}
