"""NodePorts: two pods of a node cannot take one host port.

Upstream: `plugins/nodeports/node_ports.go` and `k8s.io/kube-scheduler/framework/types.go:
HostPortInfo.CheckConflict`, "node(s) didn't have free ports for the requested pod ports".
"""

from collections.abc import Collection
from typing import Final

from restow.cluster.objects import HostPort, Node, Pod
from restow.core.reasons import Reason, Refusal
from restow.rules.board import Board
from restow.rules.rule import Prepared, Rule, Scope

EVERY_ADDRESS: Final = "0.0.0.0"  # noqa: S104 - Kubernetes' own wildcard

TAKEN: Final = "node(s) didn't have free ports for the requested pod ports"


def prepare(pod: Pod, board: Board) -> Prepared | None:
    """Return what the ports of the pods on each node say; nothing to a pod without host ports."""
    if not pod.host_ports:
        return None

    def judge(node: Node) -> Refusal | None:
        return refuse(pod, [port for each in board.pods(node.name) for port in each.host_ports])

    return Prepared(refuse=judge)


def refuse(pod: Pod, taken: Collection[HostPort]) -> Refusal | None:
    """Return why `pod` may not join pods that hold the ports `taken`, or None."""
    for wanted in pod.host_ports:
        for other in taken:
            if conflict(wanted, other):
                return Refusal(
                    Reason.HOST_PORT_TAKEN,
                    f"host port {wanted.port}/{wanted.protocol} is taken on the node",
                    (TAKEN,),
                )
    return None


def conflict(one: HostPort, other: HostPort) -> bool:
    """Return whether the two cannot be on one node: 0.0.0.0 is every address of IPv4 and IPv6."""
    if (one.protocol, one.port) != (other.protocol, other.port):
        return False
    return one.ip == other.ip or EVERY_ADDRESS in {one.ip, other.ip}


RULE: Final = Rule(plugin="NodePorts", scope=Scope.LOAD, prepare=prepare)
