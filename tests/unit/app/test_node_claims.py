"""Rescheduling stands aside while Karpenter makes, replaces or removes a node of the scope."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from restow.app.settling import Unsettled, Waits, unsettled
from restow.cluster.node_claims import NodeClaim
from restow.core.frozen import Labels
from restow.core.ids import NodeName
from restow.planning.formulation import Usage
from restow.policies.packing_policy import Scope
from restow.policies.selector import Selector
from tests.support.decisions import a_policy
from tests.support.objects import NOW, a_node, a_snapshot

READY = NodeClaim(name="c", created_at=NOW - timedelta(hours=2), node=NodeName("n"))
MINUTES = timedelta(minutes=1)


def wait(claim: NodeClaim, *, selected: dict[str, str] | None = None) -> Unsettled | None:
    nodes = [a_node("n", labels={"pool": "ours"})]
    snapshot = replace(a_snapshot((), nodes), node_claims={claim.name: claim})
    scope = Scope(nodes=Selector(match_labels=selected or {}))
    policy = a_policy(scope=scope)
    return unsettled(policy, (policy,), snapshot, decided=frozenset(), usage=Usage(), now=NOW)


@pytest.mark.parametrize(
    ("change", "fact"),
    [
        ({"deleting": True}, "being deleted by Karpenter"),
        ({"disruption": "Underutilized"}, "being disrupted by Karpenter (Underutilized)"),
        ({"drifted_since": NOW - 19 * MINUTES}, "about to be replaced by Karpenter (Drifted)"),
        (
            {"step": "Launched", "node": None, "created_at": NOW - MINUTES},
            "being launched by Karpenter",
        ),
        (
            {"step": "Registered", "node": None, "created_at": NOW - MINUTES},
            "launched by Karpenter and not registered yet",
        ),
        (
            {"step": "Initialized", "created_at": NOW - MINUTES},
            "registered by Karpenter and not initialized yet",
        ),
    ],
)
def test_it_stands_aside_while_the_number_of_nodes_is_about_to_change(
    change: dict[str, Any], fact: str
) -> None:
    found = wait(replace(READY, **change))
    assert found == Unsettled(why=Waits.NODES, fact=f"NodeClaim c: {fact}")


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"drifted_since": NOW - 20 * MINUTES},
        {"step": "Initialized"},
    ],
    ids=["ready", "drifted for long", "never initialized"],
)
def test_what_lasts_does_not_hold_it_up(change: dict[str, Any]) -> None:
    assert wait(replace(READY, **change)) is None


def test_only_nodes_of_the_scope_count_and_those_that_may_become_one() -> None:
    leaving = replace(READY, deleting=True)
    assert wait(leaving, selected={"pool": "ours"}) is not None
    assert wait(leaving, selected={"pool": "theirs"}) is None
    coming = replace(READY, node=None, step="Launched", created_at=NOW)
    assert wait(coming, selected={"pool": "ours"}) is not None, "it may get the label"
    labelled = replace(coming, labels=Labels({"pool": "theirs"}))
    assert wait(labelled, selected={"pool": "ours"}) is None


def test_it_stands_aside_while_the_claims_cannot_be_read() -> None:
    snapshot = replace(a_snapshot((), [a_node("n")]), unknown=frozenset({"NodeClaim"}))
    policy = a_policy()
    found = unsettled(policy, (policy,), snapshot, decided=frozenset(), usage=Usage(), now=NOW)
    fact = "objects of kind NodeClaim cannot be read now"
    assert found == Unsettled(why=Waits.NODES, fact=fact)
