"""What restow knows of NUMA: the zones of nodes, and what pods want out of one zone; frozen."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from restow.core.frozen import NOTHING, Amounts
from restow.core.ids import NodeName

SINGLE: Final = "single-numa-node"
"""The policy of kubelet's topology manager by which a pod comes out of one zone or not at all."""

RESTRICTED: Final = "restricted"
"""The one by which a pod comes out of as few zones as it can ever do with, or not at all."""


class AlignmentScope(StrEnum):
    """What kubelet's topology manager aligns: each container by itself, or the pod as a whole."""

    CONTAINER = "container"
    POD = "pod"


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A NUMA node.

    Parameters
    ----------
    listed
        What the zone has in all, also what is given out; a resource that is in no zone of the node
        has no place of its own.
    available
        What is left of it for pods that come.
    """

    name: str
    listed: Amounts = NOTHING
    available: Amounts = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeTopology:
    """A NodeResourceTopology (topology.node.k8s.io/v1alpha2), of the node of the same name.

    Parameters
    ----------
    policy, scope
        Of kubelet's topology manager; `none` where the object names no policy.
    zones
        Those of type Node, in the object's order.
    updated_at
        When the object last changed, None when it does not say; what a pod took that was there by
        then is not `available` any more.
    """

    name: NodeName
    policy: str = "none"
    scope: AlignmentScope = AlignmentScope.CONTAINER
    zones: tuple[Zone, ...] = ()
    updated_at: datetime | None = None

    @property
    def strict(self) -> bool:
        """Whether kubelet refuses a pod for what its zones have left."""
        return self.policy in (SINGLE, RESTRICTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """What of a pod kubelet may have to take out of one NUMA zone; never all empty.

    Parameters
    ----------
    first
        Per init container that ends: they run one after another.
    beside
        Per container or sidecar, sidecars first: they run beside each other.
    whole
        For the pod at once, where that is what is aligned.
    """

    first: tuple[Amounts, ...] = ()
    beside: tuple[Amounts, ...] = ()
    whole: Amounts = NOTHING
