"""What of a snapshot can change a decision; everything else may change without a new one."""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from restow.cluster.objects import Pod
from restow.cluster.snapshot import Snapshot
from restow.core.frozen import Labels
from restow.core.marks import GROUP, PLAN
from restow.planning.concern import concerning
from restow.planning.formulation import Usage
from restow.planning.judge import Judge
from restow.policies.coverage import Policy

STORAGE: Final = (
    "volumes",
    "claims",
    "storage_classes",
    "csi_nodes",
    "csi_drivers",
    "storage_capacities",
    "attachments",
)
DEVICES: Final = ("resource_slices", "resource_claims", "device_classes", "device_taint_rules")
ZONES: Final = ("topologies",)
MACHINES: Final = ("machines", "migrations", "kubevirts", "migration_policies")
"""Fields of the Snapshot."""


def fingerprint(
    snapshot: Snapshot,
    policy: Policy,
    now: datetime,
    *,
    usage: Usage = Usage(),  # noqa: B008 - frozen
) -> str:
    """Return a digest of what decides about the policy's pending pods.

    Equal digests mean that solving again would answer the same: the same pods ask, the same pods
    sit on the policy's nodes with the same freedom to move, budgets allow the same. Resource
    versions, times, messages, readiness and our own marks do not count. What happens outside the
    policy's nodes counts where pods ask about other pods; storage where pods mount volumes, devices
    where they claim some.
    """
    judge = Judge(
        snapshot=concerning(snapshot, policy),
        policy=policy,
        now=now,
        moved=usage.moved,
        workloads=usage.workloads,
    )
    body = hashlib.sha256()
    body.update(repr((policy, usage)).encode())
    for line in (*_nodes(judge), *_pods(judge), *_rest(judge), *_asked_about(judge, snapshot)):
        body.update(line.encode())
        body.update(b"\n")
    return f"sha256:{body.hexdigest()}"


def _nodes(judge: Judge) -> Iterator[str]:
    for node in judge.covered():
        yield repr(
            (
                node.name,
                node.allocatable,
                node.labels,
                node.taints,
                node.unschedulable,
                node.ready,
                node.deleting,
                _without_marks(node.annotations),
            )
        )


def _pods(judge: Judge) -> Iterator[str]:
    covered = {node.name for node in judge.covered()}
    for key in sorted(judge.snapshot.pods):
        pod = judge.snapshot.pods[key]
        if pod.node in covered:
            still = judge.resting(pod)
            yield repr((*_shape(pod), pod.node, pod.phase, pod.deleting, pod.owner, still))
        elif pod.node is None and judge.not_pending(pod) is None:
            yield repr((*_shape(pod), pod.preempts, pod.node_selector, pod.node_affinity))
        elif pod.node is None and pod.nominated_node in covered:
            yield repr((*_shape(pod), pod.nominated_node, pod.deleting))


def _shape(pod: Pod) -> tuple[object, ...]:
    return (
        pod.key,
        pod.uid,
        pod.labels,
        _without_marks(pod.annotations),
        pod.priority,
        pod.requests,
        pod.host_ports,
        sorted(pod.features),
        pod.tolerations,
    )


def _rest(judge: Judge) -> Iterator[str]:
    for key, budget in sorted(judge.snapshot.budgets.items()):
        yield repr((key, budget.selector, budget.disruptions_allowed, budget.observed))
    for uid, workload in sorted(judge.snapshot.workloads.items()):
        asked, alone = _ours(workload.annotations), workload.replicas == 1
        if asked or alone:
            yield repr((uid, asked, alone))
    for name, namespace in sorted(judge.snapshot.namespaces.items()):
        yield repr((name, namespace.labels, _ours(namespace.annotations)))
    for name, each in sorted(judge.snapshot.priority_classes.items()):
        yield repr((name, each.value))


def _asked_about(judge: Judge, snapshot: Snapshot) -> Iterator[str]:
    """Yield what matters only because of what some pods ask for."""
    pods = snapshot.pods.values()
    yield repr(sorted(snapshot.unknown))
    if any(pod.affinity or pod.anti_affinity or pod.spread for pod in pods):
        yield from _elsewhere(judge, snapshot)
    fields: list[str] = []
    if any(pod.volumes for pod in pods):
        fields += STORAGE
    if any(pod.claims or pod.extended for pod in pods):
        fields += DEVICES
    if any(pod.alignment is not None for pod in pods):
        fields += ZONES
    if judge.policy.spec.moving.machines:
        fields += MACHINES
    for field in fields:
        for key, each in sorted(getattr(snapshot, field).items()):
            yield repr((field, key, each))


def _elsewhere(judge: Judge, snapshot: Snapshot) -> Iterator[str]:
    """Yield the domains of nodes of others, and who sits in them."""
    covered = {node.name for node in judge.covered()}
    for name, node in sorted(snapshot.nodes.items()):
        if name not in covered:
            yield repr((name, node.labels, node.taints))
    for key, pod in sorted(snapshot.pods.items()):
        if pod.node is not None and pod.node not in covered:
            yield repr((key, pod.uid, pod.node, pod.labels, pod.deleting))
    for each in snapshot.namespaces.values():
        yield repr((each.name, each.labels))


def _ours(annotations: Labels) -> tuple[tuple[str, str], ...]:
    return tuple(each for each in annotations.items() if each[0].startswith(f"{GROUP}/"))


def _without_marks(annotations: Labels) -> tuple[tuple[str, str], ...]:
    return tuple(each for each in annotations.items() if each[0] != PLAN)
