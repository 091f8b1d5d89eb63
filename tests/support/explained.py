"""Pods in telling situations, by name: what `restow explain pod` says of them is kept in golden."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

from restow.cluster.objects import Feature, Taint
from restow.cluster.snapshot import Snapshot
from restow.cluster.terms import PodTerm, Selection, SpreadConstraint
from restow.cluster.volumes import PodVolume
from restow.core.ids import ObjectKey
from restow.policies.coverage import Policy
from restow.policies.packing_policy import Limits, Moving, Scope
from restow.policies.selector import Selector
from tests.support.decisions import a_policy
from tests.support.devices import (
    a_claim,
    a_device_snapshot,
    a_slice,
    a_wish,
    allocated,
    claiming,
)
from tests.support.objects import (
    NOW,
    a_budget,
    a_node,
    a_pod,
    a_snapshot,
    an_owner,
    selecting,
)

A100 = {"nvidia.com/gpu.product": "A100"}
H100 = {"nvidia.com/gpu.product": "H100"}


class Situation(NamedTuple):
    """A cluster, its policies, and the pod that is asked about."""

    snapshot: Snapshot
    pod: ObjectKey = ObjectKey("default", "trainer")
    policies: tuple[Policy, ...] = (a_policy(),)


def story() -> Situation:
    """The one that README.md tells."""
    nodes = [a_node(f"gpu-{c}", gpus=8, labels=H100) for c in "abcd"]
    pods = [
        a_pod(
            f"ml/inference-{c}",
            node=f"gpu-{c}",
            gpus=2,
            cpu_m=0,
            priority=1000,
            owner=an_owner(name="inference"),
            labels={"app": "inference"},
        )
        for c in "abcd"
    ]
    pods += [
        a_pod(
            f"ml/notebook-{c}",
            node=f"gpu-{c}",
            gpus=1,
            cpu_m=0,
            priority=100,
            owner=an_owner(name="notebook"),
        )
        for c in "abcd"
    ]
    trainer = a_pod(
        "ml/trainer",
        gpus=8,
        cpu_m=0,
        priority=500,
        unschedulable_since=NOW - timedelta(minutes=12),
        owner=an_owner(name="trainer"),
    )
    budget = a_budget("ml/inference", selector=selecting(app="inference"))
    return Situation(a_snapshot([*pods, trainer], nodes, budgets=[budget]), pod=trainer.key)


def stranded() -> Situation:
    """Room in pieces: one move makes a whole of it."""
    return Situation(_gpus())


def budget_spent() -> Situation:
    """The same, but a budget forbids it."""
    return Situation(_gpus(allowed=0))


def limits_spent() -> Situation:
    """The same, but the policy moves nobody."""
    limits = Limits(moves_per_plan=0, evictions_per_plan=0)
    return Situation(_gpus(), policies=(a_policy(limits=limits),))


def too_large() -> Situation:
    """No node is that large; others refuse it for their own reasons."""
    nodes = [a_node(f"gpu-{n}", gpus=4, labels=A100) for n in range(2)]
    nodes.append(a_node("cpu-0", taints=(Taint(key="team", value="web", effect="NoSchedule"),)))
    nodes.append(a_node("gpu-9", gpus=8, ready=False))
    return Situation(a_snapshot([a_pod("trainer", gpus=8)], nodes))


def opted_out() -> Situation:
    """What would have to move does not want to."""
    keep = {"restow.dev/movable": "false"}
    nodes = [a_node("gpu-a", gpus=8), a_node("gpu-b", gpus=8)]
    pods = [
        a_pod(f"default/web-{c}", node=f"gpu-{c}", gpus=3, owner=an_owner(), annotations=keep)
        for c in "ab"
    ]
    return Situation(a_snapshot([*pods, a_pod("trainer", gpus=8)], nodes))


def gated() -> Situation:
    """Somebody else's gate holds it back; there would be room."""
    pod = a_pod("trainer", gpus=1, gates=("kueue.x-k8s.io/admission",), unschedulable_since=None)
    return Situation(a_snapshot([pod], [a_node("gpu-a", gpus=8)]))


def in_grace() -> Situation:
    """kube-scheduler gave up on it a minute ago, the policy waits for an hour."""
    return Situation(_gpus(), policies=(a_policy(grace_seconds=3600),))


def uncovered() -> Situation:
    """No policy covers it."""
    scope = Scope(pods=Selector(match_labels={"team": "a"}))
    return Situation(_gpus(), policies=(a_policy("team-a", scope=scope),))


def of_another_scheduler() -> Situation:
    """kube-scheduler does not look for its place."""
    pod = a_pod("trainer", gpus=8, scheduler_name="volcano")
    return Situation(a_snapshot([pod], [a_node("gpu-a", gpus=4)]))


def room_is_leaving() -> Situation:
    """What takes its room is being deleted already."""
    nodes = [a_node("gpu-a", gpus=8)]
    pods = [a_pod("old", node="gpu-a", gpus=8, deleting=True, owner=an_owner())]
    return Situation(a_snapshot([*pods, a_pod("trainer", gpus=8)], nodes))


def apart() -> Situation:
    """Like pods keep apart: a node is free for it once a stranger has made way."""
    nodes = [a_node("cpu-a"), a_node("cpu-b")]
    avoids = (PodTerm(topology_key="kubernetes.io/hostname", pods=_like("db")),)
    db = {"app": "db"}
    pods = [
        a_pod("db-0", node="cpu-a", labels=db, anti_affinity=avoids, owner=an_owner(name="db")),
        a_pod("web", node="cpu-b", cpu_m=3000, owner=an_owner()),
        a_pod("db-1", cpu_m=2000, labels=db, anti_affinity=avoids),
    ]
    return Situation(a_snapshot(pods, nodes), pod=ObjectKey("default", "db-1"))


def spread() -> Situation:
    """A constraint over zones, and no room in the zone where the pod may go."""
    nodes = [a_node(f"cpu-{zone}", labels={"topology.kubernetes.io/zone": zone}) for zone in "ab"]
    nodes.append(a_node("cpu-nowhere"))
    even = SpreadConstraint(
        topology_key="topology.kubernetes.io/zone", max_skew=1, selector=selecting(app="api")
    )
    api = {"app": "api"}
    pods = [
        a_pod("api-0", node="cpu-a", labels=api, spread=(even,)),
        a_pod("batch", node="cpu-b", cpu_m=3500),
        a_pod("api-1", cpu_m=1000, labels=api, spread=(even,)),
    ]
    return Situation(a_snapshot(pods, nodes), pod=ObjectKey("default", "api-1"))


def alone_by_affinity() -> Situation:
    """It wants to be where no pod is that it could be with."""
    wants = (PodTerm(topology_key="kubernetes.io/hostname", pods=_like("cache")),)
    pod = a_pod("trainer", affinity=wants)
    return Situation(a_snapshot([pod], [a_node("cpu-a"), a_node("cpu-b")]))


def claim_missing() -> Situation:
    """It mounts a claim that nobody made: no node is asked at all."""
    pod = a_pod("trainer", volumes=(PodVolume(name="data", claim="data"),))
    return Situation(a_snapshot([pod], [a_node("cpu-a"), a_node("cpu-b")]))


def without_devices() -> Situation:
    """The cluster serves neither devices nor pod groups."""
    absent = frozenset({"ResourceClaim", "ResourceSlice", "DeviceClass", "PodGroup"})
    snapshot = a_snapshot([a_pod("trainer", gpus=8)], [a_node("gpu-a", gpus=4)])
    return Situation(replace(snapshot, absent=absent))


def grouped() -> Situation:
    """A ring of two starts together: one node is free for one of them, the other needs a move."""
    nodes = [a_node("gpu-a", gpus=8), a_node("gpu-b", gpus=8), a_node("gpu-c", gpus=4)]
    pods = [
        a_pod("web", node="gpu-b", gpus=3, owner=an_owner()),
        a_pod("ring-0", gpus=8, group="ring", features=(Feature.POD_GROUP,)),
        a_pod("ring-1", gpus=8, group="ring", features=(Feature.POD_GROUP,)),
        a_pod("late", gpus=16),
    ]
    return Situation(a_snapshot(pods, nodes), pod=ObjectKey("default", "ring-0"))


def devices_in_pieces() -> Situation:
    """It claims all 4 devices of a node; 6 are free, 3 on either, and their holders may move."""
    names = [f"gpu-{n}" for n in range(4)]
    pods = [
        replace(claiming(f"web-{c}", node=c, templates=[f"web-{c}"]), owner=an_owner())
        for c in "ab"
    ]
    claims = [
        a_claim(
            f"web-{c}",
            pod=f"web-{c}",
            allocation=allocated(f"pool-{c}/gpu-0", node=c),
            reserved_for=[f"web-{c}"],
        )
        for c in "ab"
    ]
    trainer = claiming("trainer", templates=["gpus"])
    snapshot = a_device_snapshot(
        *(a_slice(*names, node=c) for c in "ab"),
        pods=[*pods, trainer],
        claims=[*claims, a_claim("gpus", a_wish(4), pod="trainer")],
    )
    moving = Moving(single_replicas=True, device_claims=True)
    return Situation(snapshot, policies=(a_policy(moving=moving),))


def movable() -> Situation:
    """It runs and may be moved, within a budget."""
    return Situation(_gpus(), pod=ObjectKey("default", "web-a"))


def immovable() -> Situation:
    """It runs, and much keeps it."""
    pod = a_pod(
        "bare",
        node="gpu-a",
        gpus=1,
        annotations={"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"},
    )
    budgets = [a_budget("one"), a_budget("two")]
    nodes = [a_node("gpu-a", gpus=8), a_node("cpu-a")]
    return Situation(a_snapshot([pod], nodes, budgets=budgets), pod=pod.key)


SITUATIONS: dict[str, Callable[[], Situation]] = {
    each.__name__: each
    for each in (
        story,
        stranded,
        budget_spent,
        limits_spent,
        too_large,
        opted_out,
        gated,
        in_grace,
        uncovered,
        of_another_scheduler,
        room_is_leaving,
        apart,
        spread,
        alone_by_affinity,
        claim_missing,
        without_devices,
        devices_in_pieces,
        grouped,
        movable,
        immovable,
    )
}


def _like(app: str) -> Selection:
    return Selection(selector=selecting(app=app), namespaces=frozenset({"default"}))


def _gpus(*, allowed: int = 1) -> Snapshot:
    """Two nodes of 8 GPUs with a web pod of 3 each, a small one, and a trainer that asks for 8."""
    nodes = [a_node("gpu-a", gpus=8, labels=A100), a_node("gpu-b", gpus=8, labels=A100)]
    pods = [
        a_pod(f"web-{c}", node=f"gpu-{c}", gpus=3, owner=an_owner(), labels={"app": "web"})
        for c in "ab"
    ]
    trainer = a_pod(
        "trainer",
        gpus=8,
        unschedulable_since=NOW - timedelta(minutes=12),
        unschedulable_message="0/3 nodes are available: 3 Insufficient nvidia.com/gpu.",
    )
    late = a_pod("late", gpus=16)
    budgets = [a_budget("web", selector=selecting(app="web"), allowed=allowed)]
    return a_snapshot([*pods, trainer, late], nodes, budgets=budgets)
