"""What is read of Karpenter's NodeClaims."""

from datetime import UTC, datetime
from typing import Any

from restow.cluster import serde
from restow.cluster.assembly import assemble
from restow.cluster.node_claims import NodeClaim
from restow.cluster.parse import KINDS
from restow.core.frozen import Labels
from restow.core.ids import NodeName
from tests.support.objects import NOW

MADE = datetime(2026, 1, 1, tzinfo=UTC)


def claim(*true: str, spec: dict[str, Any] | None = None, **parts: Any) -> NodeClaim:
    conditions = [
        {"type": each, "status": "True", "reason": each, "lastTransitionTime": NOW.isoformat()}
        for each in true
    ]
    found = KINDS["NodeClaim"].from_document(
        {
            "metadata": {
                "name": "a",
                "creationTimestamp": "2026-01-01T00:00:00Z",
                "labels": {"karpenter.sh/nodepool": "p"},
                **parts.pop("meta", {}),
            },
            "spec": spec or {},
            "status": {"conditions": conditions, **parts},
        }
    )
    assert isinstance(found, NodeClaim)
    return found


def test_a_claim_is_as_far_as_the_first_condition_that_is_not_true() -> None:
    assert claim().step == "Launched"
    assert claim("Launched").step == "Registered"
    assert claim("Launched", "Registered").step == "Initialized"
    assert not claim("Launched", "Registered", "Initialized").step
    assert claim("Launched", "Initialized").step == "Registered"


def test_a_claim_is_read_with_everything_decisions_rest_on() -> None:
    found = claim(
        "Drifted",
        "DisruptionReason",
        spec={
            "requirements": [
                {"key": "zone", "operator": "In", "values": ["z1"]},
                {"key": "type", "operator": "In", "values": ["a", "b"]},
                {"key": "arch", "operator": "Exists"},
            ]
        },
        nodeName="n1",
        meta={"deletionTimestamp": "2026-01-02T00:00:00Z"},
    )
    assert found == NodeClaim(
        name="a",
        created_at=MADE,
        labels=Labels({"karpenter.sh/nodepool": "p", "zone": "z1"}),
        node=NodeName("n1"),
        step="Launched",
        drifted_since=NOW,
        disruption="DisruptionReason",
        deleting=True,
    )
    whole = assemble([found], taken_at=NOW)
    assert serde.parse(serde.dump(whole)) == whole
