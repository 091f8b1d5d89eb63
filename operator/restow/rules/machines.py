"""Virtual machines of KubeVirt: whose launcher a pod is, and what its like on a target looks like.

Source: kubevirt v1.6 `pkg/virt-controller/watch/migration/migration.go` (`createTargetPod`,
`prepareNodeSelectorForHostCpuModel`).
"""

import re
from dataclasses import replace
from typing import Final

from restow.cluster.machines import JOB, KubeVirt, Machine, MachineMigration
from restow.cluster.objects import Node, OwnerRef, Pod
from restow.cluster.snapshot import Snapshot
from restow.core.frozen import Labels
from restow.core.ids import NodeName, ObjectKey, Uid

GROUP: Final = "kubevirt.io"
KIND: Final = "VirtualMachineInstance"
HOSTNAME: Final = "kubernetes.io/hostname"
MIGRATION: Final = "VirtualMachineInstanceMigration"
NEEDED: Final = frozenset({KIND, MIGRATION, "KubeVirt"})
"""Kinds without which nobody knows whether a machine may migrate."""
POLICY: Final = "MigrationPolicy"

_FEATURE: Final = "cpu-feature.node.kubevirt.io/"
_MIGRATES: Final = "cpu-model-migration.node.kubevirt.io/"
_HOST_MODEL: Final = "host-model-cpu.node.kubevirt.io/"
_REQUIRED: Final = "host-model-required-features.node.kubevirt.io/"
"""Prefixes of the labels that KubeVirt puts on nodes and asks for on targets."""

_VERSION: Final = re.compile(r"v?(\d+)\.(\d+)")
TARGETED_SINCE: Final = (1, 6)
"""The first version of KubeVirt whose migrations take `spec.addedNodeSelector`."""


def owns(owner: OwnerRef | None) -> bool:
    """Return whether the controller is a virtual machine."""
    return owner is not None and owner.kind == KIND and owner.api_version.partition("/")[0] == GROUP


def is_launcher(pod: Pod) -> bool:
    """Return whether a virtual machine runs in the pod, or is about to: evicting it may kill it."""
    return owns(pod.owner)


def awaits_migration(pod: Pod) -> bool:
    """Return whether KubeVirt made the pod to migrate a machine to it, and it has no node yet."""
    return pod.node is None and JOB in pod.labels and is_launcher(pod)


def of(pod: Pod, snapshot: Snapshot) -> Machine | None:
    """Return the virtual machine of a launcher, None when that incarnation is not known."""
    owner = pod.owner
    if owner is None or not owns(owner):
        return None
    machine = snapshot.machines.get(ObjectKey(pod.key.namespace, owner.name))
    return machine if machine is not None and machine.uid == owner.uid else None


def under_way(machine: Machine, snapshot: Snapshot) -> MachineMigration | None:
    """Return a migration of the machine that has not ended, None without any."""
    return next(
        (
            each
            for each in snapshot.migrations.values()
            if not each.over
            and (each.key.namespace, each.machine) == (machine.key.namespace, machine.key.name)
        ),
        None,
    )


def kubevirt(snapshot: Snapshot) -> KubeVirt | None:
    """Return KubeVirt, None when the cluster has none, or several."""
    found = tuple(snapshot.kubevirts.values())
    return found[0] if len(found) == 1 else None


def takes_targets(found: KubeVirt) -> bool:
    """Return whether its migrations can be told where to go."""
    match = _VERSION.match(found.version)
    return match is not None and (int(match[1]), int(match[2])) >= TARGETED_SINCE


def target_pod(launcher: Pod, machine: Machine, source: Node | None) -> Pod:
    """Return the pod that a migration makes, as kube-scheduler judges it: not bound, not started.

    It is rendered from the machine: a host name that only the last migration had added is not
    asked for again. Whatever else the launcher asks for is, which can only narrow. A machine with
    the CPU model of its host asks for nodes that can take it over. The added selector and the
    anti-affinity to the source node are not in it: they leave nothing but the target.
    """
    selector = dict(launcher.node_selector)
    if HOSTNAME not in machine.node_selector:
        selector.pop(HOSTNAME, None)
    if machine.host_model and source is not None:
        selector |= _host_model(launcher.node_selector, source.labels)
    return replace(
        launcher,
        uid=Uid(f"target of {launcher.uid}"),
        labels=Labels({**launcher.labels, JOB: ""}),
        node=None,
        nominated_node=None,
        ready=False,
        deleting=False,
        started_at=None,
        node_selector=Labels(selector),
    )


def arriving(pod: Pod, snapshot: Snapshot) -> Pod:
    """Return what arrives on a node if `pod` is to go there: the pod, or the target of its machine.

    They have the same key.
    """
    machine = of(pod, snapshot) if pod.node is not None else None
    if machine is None or pod.node is None:
        return pod
    return target_pod(pod, machine, snapshot.nodes.get(pod.node))


def named_target(target: NodeName, snapshot: Snapshot) -> str | None:
    """Return the value of the label by which a migration is sent to a node.

    None where the node has none, or shares it.
    """
    node = snapshot.nodes.get(target)
    value = node.labels.get(HOSTNAME) if node is not None else None
    if not value or len(snapshot.nodes_by_label.get((HOSTNAME, value), ())) != 1:
        return None
    return value


def _host_model(asked: Labels, labels: Labels) -> dict[str, str]:
    """Return what a machine with its host's CPU model asks of a target.

    One that has migrated before asks what it asked then.
    """
    if any(key.startswith((_FEATURE, _MIGRATES)) for key in asked):
        return {}
    found: dict[str, str] = {}
    for key, value in labels.items():
        if key.startswith(_HOST_MODEL):
            found[_MIGRATES + key.removeprefix(_HOST_MODEL)] = value
        if key.startswith(_REQUIRED):
            found[_FEATURE + key.removeprefix(_REQUIRED)] = value
    return found
