"""When a decision is due again."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from restow.app.deciding import RELEVANCE_EVERY, Deciding
from restow.cluster.snapshot import Snapshot
from restow.planning.formulation import Usage
from restow.policies.packing_policy import Scope
from tests.support.decisions import a_policy, solver
from tests.support.objects import NOW, a_budget, a_namespace, a_node, a_pod, a_snapshot

POLICY = a_policy(
    scope=Scope.model_validate({"nodes": {"matchLabels": {"pool": "gpu"}}, "namespaces": {}})
)
NODES = (a_node("ours", labels={"pool": "gpu"}), a_node("theirs"))
PODS = (a_pod("a/giant", cpu_m=10**6), a_pod("a/there", node="ours"), a_pod("b/far", node="theirs"))


def a_cluster() -> Snapshot:
    return a_snapshot(
        PODS,
        NODES,
        namespaces=[a_namespace("going")],
        budgets=[a_budget("a/near", allowed=0), a_budget("b/far", allowed=0)],
    )


def due_after(change: Callable[[Snapshot], Snapshot]) -> bool:
    """Return whether a change makes a decision due that was made just before it."""
    deciding = Deciding(solver)
    first = deciding.look(POLICY, (POLICY,), a_cluster(), Usage(), NOW)
    assert first.due
    memory = deciding.memory(POLICY.name)
    memory.decided = frozenset(pod.uid for pod in first.batch.ripe)
    memory.fingerprint = first.fingerprint
    later = NOW + RELEVANCE_EVERY
    return deciding.look(POLICY, (POLICY,), change(a_cluster()), Usage(), later).due


def without_namespace(snapshot: Snapshot) -> Snapshot:
    kept = {name: each for name, each in snapshot.namespaces.items() if name != "going"}
    return replace(snapshot, namespaces=kept)


def allowing(budget: str) -> Callable[[Snapshot], Snapshot]:
    def change(snapshot: Snapshot) -> Snapshot:
        budgets = {
            key: replace(each, disruptions_allowed=1) if str(key) == budget else each
            for key, each in snapshot.budgets.items()
        }
        assert budgets != snapshot.budgets
        return replace(snapshot, budgets=budgets)

    return change


@pytest.mark.parametrize(
    ("change", "due"),
    [
        (lambda snapshot: snapshot, False),
        (without_namespace, False),
        (allowing("b/far"), False),
        (allowing("a/near"), True),
    ],
    ids=["nothing", "a namespace goes", "a budget far away", "a budget of a covered pod"],
)
def test_only_what_concerns_the_policy_makes_a_decision_due_again(
    change: Callable[[Snapshot], Snapshot], due: bool
) -> None:
    assert due_after(change) is due
