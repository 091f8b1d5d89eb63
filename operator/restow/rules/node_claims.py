"""Nodes that Karpenter is making, replacing or removing, by its NodeClaims.

They tell earlier than the nodes' taints: of a node that has not joined yet, and of one that is
about to be replaced.
"""

from datetime import datetime, timedelta
from typing import Final

from restow.cluster.node_claims import NodeClaim
from restow.core.reasons import Reason, Refusal

EXPECTED: Final = timedelta(minutes=20)
"""For so long a claim is one that is about to become a node, or a drifted one about to be replaced.

Karpenter gives up on a node that does not register in 15 min (`pkg/controllers/nodeclaim/lifecycle/
liveness.go`); one that stays uninitialized, or that nothing may disrupt, does so for good.
"""

_STEPS: Final = {
    "Launched": "being launched by Karpenter",
    "Registered": "launched by Karpenter and not registered yet",
    "Initialized": "registered by Karpenter and not initialized yet",
}


def scaling(claim: NodeClaim, now: datetime) -> Refusal | None:
    """Return why the number of nodes is about to change by the claim, or None."""
    fact = _fact(claim, now)
    return None if fact is None else Refusal(Reason.NODE_LEAVING, fact)


def _fact(claim: NodeClaim, now: datetime) -> str | None:
    if claim.deleting:
        return "being deleted by Karpenter"
    if claim.disruption:
        return f"being disrupted by Karpenter ({claim.disruption})"
    if claim.step and now - claim.created_at < EXPECTED:
        return _STEPS[claim.step]
    if claim.drifted_since is not None and now - claim.drifted_since < EXPECTED:
        return "about to be replaced by Karpenter (Drifted)"
    return None
