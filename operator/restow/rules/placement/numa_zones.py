"""NodeResourceTopologyMatch: one NUMA zone must hold what kubelet gives out of one zone only.

Upstream: scheduler-plugins `pkg/noderesourcetopology/filter.go`, which looks at `single-numa-node`
alone; here `restricted` is looked at as well, as kubelet does (`rules.numa`). kube-scheduler itself
does not ask: it binds the pod, and kubelet ends it. Who sits on the board and is not in the node's
NodeResourceTopology yet is on its way there, with the pod; who has left still counts in it.
"""

from functools import partial
from typing import Final

from restow.cluster.objects import Node, Phase, Pod
from restow.cluster.snapshot import Snapshot
from restow.cluster.topology import RESTRICTED, Alignment, NodeTopology
from restow.core.ids import NodeName
from restow.core.reasons import Reason, Refusal
from restow.rules import numa
from restow.rules.board import Board
from restow.rules.rule import Prepared, Rule, Scope

KIND: Final = "NodeResourceTopology"
UNKNOWN: Final = f"objects of kind {KIND} cannot be read now, so no zone is certain to have room"


def prepare(pod: Pod, board: Board) -> Prepared | None:
    """Return what the zones of each node say; None for a pod that needs none."""
    alignment = pod.alignment
    if alignment is None:
        return None
    if KIND in board.snapshot.unknown:
        return Prepared(refuse=lambda _: _no(UNKNOWN))
    if not board.snapshot.topologies:
        return None
    return Prepared(refuse=partial(_refuse, pod, alignment, board))


def insists(name: NodeName, snapshot: Snapshot) -> bool:
    """Return whether kubelet of the node refuses a pod for what zones have left, or may."""
    topology = snapshot.topologies.get(name)
    return KIND in snapshot.unknown or (topology is not None and topology.strict)


def _refuse(pod: Pod, alignment: Alignment, board: Board, node: Node) -> Refusal | None:
    topology = board.snapshot.topologies.get(node.name)
    if topology is None or not topology.strict:
        return None
    asked = numa.zoned(alignment, topology)
    if asked is None:
        return None
    if not numa.fits(asked, topology):
        return _no(_short(asked, topology))
    if topology.policy == RESTRICTED:
        spanning = next((o for o in board.pods(node.name) if _spans(o, pod, topology)), None)
        if spanning is not None:
            return _no(
                f"kubelet (policy {RESTRICTED}) has zones that {spanning.key} spans, and which of "
                "them it still gives out alone is not known"
            )
    others = [
        part
        for other in board.pods(node.name)
        if other.uid != pod.uid
        and other.alignment is not None
        and not _is_counted(other, node.name, topology, board)
        and (part := numa.zoned(other.alignment, topology)) is not None
    ]
    if others and not numa.certain((asked, *others), topology):
        return _no(
            f"not certain to find one NUMA zone beside {len(others)} more on their way, as its "
            f"NodeResourceTopology stands"
        )
    return None


def _spans(there: Pod, coming: Pod, topology: NodeTopology) -> bool:
    """Return whether a pod that is there before takes several zones together."""
    alignment = there.alignment if there.uid != coming.uid else None
    return alignment is not None and numa.spans(alignment, topology)


def _is_counted(pod: Pod, node: NodeName, topology: NodeTopology, board: Board) -> bool:
    """Return whether the object knows of the pod: it changed after kubelet took the pod in.

    Where it does not say when it changed, it knows all that run.
    """
    there = board.snapshot.pods.get(pod.key)
    if there is None or there.uid != pod.uid or there.node != node or there.started_at is None:
        return False
    if topology.updated_at is None:
        return there.phase is Phase.RUNNING
    return topology.updated_at >= there.started_at


def _short(asked: Alignment, topology: NodeTopology) -> str:
    """Return what no zone holds, resource by resource where one alone is too much."""
    pieces = numa.asked_at_once(asked, topology.scope)
    found = [
        f"{name}: {amount}{_unit(name)} needed, {most}{_unit(name)} in the zone with most"
        for piece in pieces
        for name, amount in piece.items()
        if amount > (most := numa.largest(name, topology))
    ]
    said = "as its NodeResourceTopology stands, no NUMA zone holds"
    text = f"{said} it: {'; '.join(found)}" if found else f"{said} all of it"
    if topology.policy == RESTRICTED:
        text += f"; whether kubelet (policy {RESTRICTED}) has several for it together is not known"
    return text


def _unit(name: str) -> str:
    return "m" if name == "cpu" else ""


def _no(message: str) -> Refusal:
    return Refusal(Reason.NO_NUMA_ZONE, message, on_binding=True)


RULE: Final = Rule(plugin="NodeResourceTopologyMatch", scope=Scope.RELATIONAL, prepare=prepare)
