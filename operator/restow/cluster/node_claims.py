"""What restow knows of Karpenter (karpenter.sh/v1); frozen and slim."""

from dataclasses import dataclass
from datetime import datetime

from restow.core.frozen import NO_LABELS, Labels
from restow.core.ids import NodeName


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeClaim:
    """A NodeClaim: a node that Karpenter makes, has made, or removes.

    Parameters
    ----------
    labels
        Of which it is known that the node will have them.
    node
        `status.nodeName`, None before it has joined.
    step
        The first of the conditions Launched, Registered and Initialized that is not True; empty
        once the node is ready for use.
    drifted_since
        Since when the condition Drifted is True, None while it is not.
    disruption
        Reason of the condition DisruptionReason while it is True, when Karpenter is replacing or
        removing the node. Empty otherwise.
    """

    name: str
    created_at: datetime
    labels: Labels = NO_LABELS
    node: NodeName | None = None
    step: str = ""
    drifted_since: datetime | None = None
    disruption: str = ""
    deleting: bool = False
