"""What the volumes of pods take up, for the packing model: rules as amounts and exclusions.

The rules themselves are in `placement`; these are what a plan of many pods needs to respect them.
"""

from restow.cluster.objects import Node, Pod
from restow.cluster.snapshot import Snapshot
from restow.core.frozen import Amounts
from restow.core.ids import ObjectKey
from restow.core.reasons import Refusal
from restow.rules.board import Board


def attachments(pod: Pod, snapshot: Snapshot) -> Amounts:
    """Return how many distinct volumes the pod attaches per CSI driver, named `attach DRIVER`."""
    raise NotImplementedError


def attach_room(node: Node, board: Board) -> Amounts:
    """Return how many more volumes the node can attach per driver; drivers without limit absent."""
    raise NotImplementedError


def exclusive_claims(pod: Pod, snapshot: Snapshot) -> frozenset[ObjectKey]:
    """Return the claims that only one pod of the cluster may use (ReadWriteOncePod)."""
    raise NotImplementedError


def conflict_keys(pod: Pod) -> frozenset[str]:
    """Return keys of legacy disks; two pods with a common one cannot share a node."""
    raise NotImplementedError


def unbound(pod: Pod, snapshot: Snapshot) -> bool:
    """Return whether kube-scheduler has to bind a volume of the pod itself."""
    raise NotImplementedError


def needs_static_volume(pod: Pod, snapshot: Snapshot) -> bool:
    """Return whether the pod may take one of the volumes that exist, so that pods compete."""
    raise NotImplementedError


def pinned(pod: Pod, snapshot: Snapshot) -> Refusal | None:
    """Return why moving the pod is pointless: a bound volume is reachable from one node only."""
    raise NotImplementedError
