"""Slim wire forms of Karpenter's NodeClaim, karpenter.sh/v1; see `wire`."""

from restow.cluster.parse.wire import Condition, Meta, SelectorRequirement, Wire


class NodeClaimSpec(Wire, frozen=True):
    """NodeClaimSpec."""

    requirements: list[SelectorRequirement] | None = None


class NodeClaimStatus(Wire, frozen=True):
    """NodeClaimStatus."""

    node_name: str | None = None
    conditions: list[Condition] | None = None


class NodeClaim(Wire, frozen=True):
    """NodeClaim."""

    metadata: Meta
    spec: NodeClaimSpec = NodeClaimSpec()
    status: NodeClaimStatus = NodeClaimStatus()
