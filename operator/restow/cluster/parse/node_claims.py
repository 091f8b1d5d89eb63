"""Karpenter's NodeClaims.

Source: kubernetes-sigs/karpenter `pkg/apis/v1/nodeclaim_status.go` (the conditions),
`pkg/controllers/disruption` (who sets DisruptionReason, and takes it back).
"""

from datetime import UTC, datetime
from typing import Final

from restow.cluster.node_claims import NodeClaim
from restow.cluster.parse import wire_node_claims as wires
from restow.cluster.parse.metadata import created_at, key_of, labels_of
from restow.cluster.parse.wire import Condition
from restow.core.frozen import Labels
from restow.core.ids import NodeName

_STEPS: Final = ("Launched", "Registered", "Initialized")
_DRIFTED: Final = "Drifted"
_DISRUPTION: Final = "DisruptionReason"


def node_claim(wire: wires.NodeClaim) -> NodeClaim:
    """Return the NodeClaim.

    Raises
    ------
    FieldError
        When a field is missing or cannot be used.
    """
    true = {each.type: each for each in wire.status.conditions or () if each.status == "True"}
    created, disruption = created_at(wire.metadata), true.get(_DISRUPTION)
    return NodeClaim(
        name=key_of(wire.metadata, namespaced=False).name,
        created_at=created,
        labels=_labels(wire),
        node=NodeName(wire.status.node_name) if wire.status.node_name else None,
        step=next((step for step in _STEPS if step not in true), ""),
        drifted_since=_since(true.get(_DRIFTED), created),
        disruption="" if disruption is None else disruption.reason or _DISRUPTION,
        deleting=wire.metadata.deletion_timestamp is not None,
    )


def _labels(wire: wires.NodeClaim) -> Labels:
    """Return the claim's own labels, which its node gets, and requirements that leave one value."""
    found = {
        each.key: each.values[0]
        for each in wire.spec.requirements or ()
        if each.operator == "In" and each.values is not None and len(each.values) == 1
    }
    return Labels({**found, **labels_of(wire.metadata)})


def _since(condition: Condition | None, otherwise: datetime) -> datetime | None:
    if condition is None:
        return None
    moment = condition.last_transition_time or otherwise
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
