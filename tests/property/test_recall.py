"""What is taken over from the snapshot before is what would be made anew."""

import os
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from benchmarks.priority_matters.clusters import Shape, draw
from benchmarks.priority_matters.large import POLICY
from benchmarks.priority_matters.workloads import NOW
from restow.cluster.following import changed_pods
from restow.cluster.objects import Namespace, Pod
from restow.cluster.snapshot import INDEXES, Snapshot
from restow.core.frozen import Amounts, Labels
from restow.core.ids import ObjectKey, Uid
from restow.planning.formulate import formulate
from restow.planning.recall import MANY, Recall
from restow.planning.relating.bonds import Bonds

pytestmark = pytest.mark.property

CHANGES = int(os.environ.get("RESTOW_EXAMPLES", "40"))
NODES = 200


def cluster(seed: int) -> Snapshot:
    """A cluster large enough to be planned on some of its nodes only, with all rules."""
    shape = Shape(nodes=NODES, utilisation=0.93, pods_per_node=6, rules=True, seed=seed)
    return draw(shape)


def changed(pod: Pod, rng: random.Random, among: Snapshot) -> Pod | None:
    """The pod after something happened to it; None if it has gone."""
    other = rng.choice(sorted(among.pods.values(), key=lambda each: each.key))
    happenings = (
        None,
        replace(pod, resource_version="2", ready=not pod.ready),
        replace(pod, annotations=Labels({"note": "new"})),
        replace(pod, annotations=Labels({"restow.dev/priority": rng.choice(("7", "high"))})),
        replace(pod, labels=other.labels),
        replace(pod, deleting=True),
        replace(pod, requests=Amounts({"cpu": 1, "pods": 1})),
        replace(pod, anti_affinity=other.anti_affinity, spread=other.spread),
        replace(pod, affinity=other.anti_affinity),
        replace(pod, nominated_node=rng.choice(sorted(among.nodes)), node=None),
        replace(pod, node=rng.choice(sorted(among.nodes))),
        replace(pod, started_at=NOW - timedelta(seconds=1)),
    )
    return rng.choice(happenings)


def after_one_change(before: Snapshot, rng: random.Random) -> Snapshot:
    """One pod changed, or one node reported, or a budget was used up, or a namespace labelled."""
    pods, nodes, budgets = dict(before.pods), dict(before.nodes), dict(before.budgets)
    kind = rng.random()
    if kind < 0.05:
        name = rng.choice(sorted(before.namespaces) or ["new"])
        labelled = Namespace(name=name, labels=Labels({"turn": str(kind)}))
        return replace(before, namespaces={**before.namespaces, name: labelled})
    if kind < 0.1:
        name = rng.choice(sorted(nodes))
        nodes[name] = replace(nodes[name], resource_version="2")
        return replace(before, nodes=nodes)
    if kind < 0.15 and budgets:
        key = rng.choice(sorted(budgets))
        budgets[key] = replace(budgets[key], disruptions_allowed=0)
        return replace(before, budgets=budgets)
    if kind < 0.2:
        name = rng.choice(sorted(nodes))
        nodes[name] = replace(nodes[name], unschedulable=True)
        return replace(before, nodes=nodes)
    key = rng.choice(sorted(pods))
    pod = changed(pods[key], rng, before)
    if pod is None:
        del pods[key]
    else:
        pods[key] = pod
    if kind > 0.97:
        new = ObjectKey(key.namespace, f"{key.name}-new")
        pods[new] = replace(before.pods[key], key=new, uid=Uid(f"{key.name}-new"))
    return replace(before, pods=dict(sorted(pods.items())))


def after_some_changes(before: Snapshot, rng: random.Random) -> Snapshot:
    """The next snapshot: mostly after one change, now and then after many."""
    for _ in range(rng.choice((1, 1, 1, 3, 2 * MANY))):
        before = after_one_change(before, rng)
    return before


@pytest.mark.parametrize("happens", [after_one_change, after_some_changes])
@pytest.mark.parametrize("seed", range(2))
def test_a_formulation_that_serves_again_is_the_one_that_would_be_made(
    seed: int, happens: Callable[[Snapshot, random.Random], Snapshot]
) -> None:
    rng, recall = random.Random(seed), Recall()
    before, told = cluster(seed), Counter[str]()
    for _ in range(CHANGES):
        last = formulate(before, POLICY, NOW, recall=recall)
        after = happens(before, rng)
        fresh = replace(after)
        after.follow(before)
        for name in INDEXES:
            assert getattr(after, name) == getattr(fresh, name), name
        served = formulate(after, POLICY, NOW, recall=recall)
        assert served == formulate(fresh, POLICY, NOW)
        told["again" if served is last else "anew"] += 1
        before = after
    assert told["anew"] > 0, told
    assert told["again"] > 0 or happens is after_some_changes, told


@pytest.mark.parametrize("seed", range(2))
def test_bonds_that_follow_are_those_that_would_be_made(seed: int) -> None:
    rng, before = random.Random(seed), cluster(seed)
    bonds, kept = Bonds.of(before), 0
    for _ in range(CHANGES):
        after = after_one_change(before, rng)
        if after.namespaces is not before.namespaces:
            continue
        followed = bonds.following(changed_pods(before.pods, after.pods), after)
        made = Bonds.of(after)
        assert followed == made
        assert [b.meant is b.carriers for b in followed.apart] == [
            b.meant is b.carriers for b in made.apart
        ]
        kept += followed.apart is bonds.apart
        before, bonds = after, followed
    assert 0 < kept < CHANGES


def test_where_time_alone_changes_the_answer_nothing_is_taken_over() -> None:
    moving = POLICY.spec.moving.model_copy(update={"minimum_age_seconds": 3600})
    policy = replace(POLICY, spec=POLICY.spec.model_copy(update={"moving": moving}))
    snapshot, recall = cluster(3), Recall()
    young = {k: replace(p, created_at=NOW, started_at=NOW) for k, p in snapshot.pods.items()}
    snapshot = replace(snapshot, pods=young)
    first = formulate(snapshot, policy, NOW, recall=recall)
    later = NOW + timedelta(hours=2)
    second = formulate(snapshot, policy, later, recall=recall)
    assert second == formulate(snapshot, policy, later)
    assert second != first
