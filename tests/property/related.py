"""Small clusters whose pods ask about each other."""

from dataclasses import replace

from hypothesis import strategies as st

from restow.cluster.objects import Pod
from restow.cluster.snapshot import Snapshot
from restow.cluster.terms import LabelSelector, PodTerm, Selection, SpreadConstraint
from tests.support.objects import a_node, a_pod, a_snapshot, a_workload, owner_ref, selecting

ZONE = "topology.kubernetes.io/zone"
HOST = "kubernetes.io/hostname"
ROOM = 4
APPS = ("a", "b", "c")


@st.composite
def terms(draw: st.DrawFn) -> tuple[PodTerm, ...]:
    """At most one term, about one app."""
    app = draw(st.sampled_from(APPS))
    key = draw(st.sampled_from((ZONE, HOST)))
    pods = Selection(selector=selecting(app=app), namespaces=frozenset({"default"}))
    return (PodTerm(topology_key=key, pods=pods),)


@st.composite
def spreads(draw: st.DrawFn) -> tuple[SpreadConstraint, ...]:
    """A constraint on one app."""
    selector: LabelSelector = selecting(app=draw(st.sampled_from(APPS)))
    return (
        SpreadConstraint(
            topology_key=draw(st.sampled_from((ZONE, HOST))),
            max_skew=draw(st.integers(1, 2)),
            selector=selector,
            min_domains=draw(st.sampled_from((None, None, 2))),
        ),
    )


@st.composite
def asking(draw: st.DrawFn, pod: Pod) -> Pod:
    """The pod, with rules about others or without."""
    match draw(st.sampled_from(("none", "none", "affinity", "anti", "spread"))):
        case "affinity":
            return replace(pod, affinity=draw(terms()))
        case "anti":
            return replace(pod, anti_affinity=draw(terms()))
        case "spread":
            return replace(pod, spread=draw(spreads()))
        case _:
            return pod


@st.composite
def related_snapshots(draw: st.DrawFn) -> Snapshot:
    """Two to four nodes in two zones, some of them in none; workloads; pending pods."""
    free = [ROOM] * draw(st.integers(2, 4))
    nodes = []
    for index in range(len(free)):
        zone = draw(st.sampled_from(("x", "y", "y", "")))
        nodes.append(a_node(f"n{index}", cpu_m=1000 * ROOM, labels={ZONE: zone} if zone else None))
    pods: list[Pod] = []
    workloads = []
    for number in range(draw(st.integers(1, 4))):
        workload = a_workload("ReplicaSet", f"w{number}")
        app, size = draw(st.sampled_from(APPS)), draw(st.sampled_from((1, 1, 2)))
        owner = owner_ref(workload) if draw(st.integers(0, 3)) else None
        template = draw(asking(a_pod("t", cpu_m=1000 * size, labels={"app": app}, owner=owner)))
        count = 0
        for index in range(draw(st.integers(1, 3))):
            at = draw(st.integers(0, len(free) - 1))
            if free[at] >= size:
                free[at] -= size
                placed = a_pod(f"w{number}-{index}", node=f"n{at}")
                pods.append(_like(template, placed))
                count += 1
        if owner is not None and count:
            workloads.append(replace(workload, replicas=count))
    for number in range(draw(st.integers(1, 3))):
        app = draw(st.sampled_from(APPS))
        size = draw(st.integers(1, ROOM))
        workload = a_workload("ReplicaSet", f"p{number}", replicas=1)
        pod = a_pod(
            f"p{number}-0",
            cpu_m=1000 * size,
            labels={"app": app},
            priority=draw(st.sampled_from((0, 0, 10))),
            owner=owner_ref(workload),
        )
        pods.append(draw(asking(pod)))
        workloads.append(workload)
    return a_snapshot(pods, nodes, workloads=workloads)


def _like(template: Pod, placed: Pod) -> Pod:
    """The placed pod, made from the template."""
    return replace(
        placed,
        labels=template.labels,
        requests=template.requests,
        owner=template.owner,
        affinity=template.affinity,
        anti_affinity=template.anti_affinity,
        spread=template.spread,
    )
