"""The objects of KubeVirt in the scenarios, as virt-operator and virt-controller write them."""

import secrets
from collections.abc import Mapping
from typing import Any, Final

from e2e.client import Json

API: Final = "kubevirt.io/v1"
CREATED_BY: Final = "kubevirt.io/created-by"
JOB: Final = "kubevirt.io/migrationJobUID"
SCHEDULABLE: Final = "kubevirt.io/schedulable"
HOSTNAME: Final = "kubernetes.io/hostname"
BEHAVIOUR: Final = "e2e.restow.dev/migration"
"""Annotation of a machine: its migrations are to go wrong so (`fails`, `hangs`)."""

FIRST_NODE: Final = "e2e.restow.dev/first-node"
"""Annotation of a machine: where it starts, which in a real cluster kube-scheduler chooses."""

OVERHEAD: Final = 256
"""MiB that a launcher asks for beside the guest's memory; upstream computes some such amount."""


def a_kubevirt(version: str = "v1.6.0", **limits: int | str) -> Json:
    """A KubeVirt object; its status is to be set by `status`. `limits` are migration settings."""
    return {
        "apiVersion": API,
        "kind": "KubeVirt",
        "metadata": {"name": "kubevirt"},
        "spec": {"configuration": {"migrations": limits}},
        "status": {"phase": "Deployed", "observedKubeVirtVersion": version},
    }


def a_machine(
    name: str,
    node: str,
    *,
    cpu: str = "2",
    memory_mib: int = 1024,
    labels: Mapping[str, str],
    behaviour: str = "",
    migratable: bool = True,
    dirty_rate: str = "",
    dedicated: bool = False,
) -> Json:
    """A machine that begins on `node`; its labels are those of its launchers too, as upstream."""
    placement = {"dedicatedCpuPlacement": True} if dedicated else {}
    annotations = {FIRST_NODE: node} | ({BEHAVIOUR: behaviour} if behaviour else {})
    if dirty_rate:
        annotations["restow.dev/dirty-rate"] = dirty_rate
    if not migratable:
        annotations["e2e.restow.dev/not-migratable"] = "DisksNotLiveMigratable"
    return {
        "apiVersion": API,
        "kind": "VirtualMachineInstance",
        "metadata": {"name": name, "labels": dict(labels), "annotations": annotations},
        "spec": {
            "domain": {
                "cpu": {"cores": int(cpu), "model": "Skylake-Server", **placement},
                "memory": {"guest": f"{memory_mib}Mi"},
                "resources": {"requests": {"cpu": cpu}},
            },
            "evictionStrategy": "LiveMigrate",
        },
    }


def launcher(machine: Json, *, migration: Json | None = None) -> Json:
    """The pod in which the machine runs, or is to run after `migration` (`createTargetPod`)."""
    meta, spec = machine["metadata"], machine["spec"]
    guest = int(spec["domain"]["memory"]["guest"].removesuffix("Mi"))
    dedicated = spec["domain"]["cpu"].get("dedicatedCpuPlacement", False)
    pinned = {"cpumanager": "true"} if dedicated else {}
    selector = {SCHEDULABLE: "true", **pinned, **spec.get("nodeSelector", {})}
    size = {
        "cpu": spec["domain"]["resources"]["requests"]["cpu"],
        "memory": f"{guest + OVERHEAD}Mi",
    }
    labels = {
        **meta.get("labels", {}),
        "kubevirt.io": "virt-launcher",
        CREATED_BY: meta["uid"],
        "vm.kubevirt.io/name": meta["name"],
    }
    annotations = {
        "kubevirt.io/domain": meta["name"],
        "descheduler.alpha.kubernetes.io/request-evict-only": "",
    }
    affinity: Json = {}
    if migration is not None:
        labels[JOB] = migration["metadata"]["uid"]
        annotations["kubevirt.io/migrationJobName"] = migration["metadata"]["name"]
        selector = {**migration["spec"].get("addedNodeSelector", {}), **selector}
        affinity = _not_beside(meta["uid"])
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"virt-launcher-{meta['name']}-{secrets.token_hex(3)}",
            "namespace": meta["namespace"],
            "labels": labels,
            "annotations": annotations,
            "ownerReferences": [owner(machine)],
        },
        "spec": {
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 0,
            "nodeSelector": selector,
            "affinity": affinity,
            **_where(machine, first=migration is None),
            "containers": [
                {
                    "name": "compute",
                    "image": "quay.io/kubevirt/virt-launcher:v1.6.0",
                    "resources": {"requests": size, **({"limits": size} if dedicated else {})},
                    "volumeMounts": [{"name": "private", "mountPath": "/var/run/kubevirt-private"}],
                }
            ],
            "volumes": [{"name": "private", "emptyDir": {}}],
        },
    }


def budget(machine: Json) -> Json:
    """The disruption budget that virt-controller makes for a machine that it would migrate."""
    meta = machine["metadata"]
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {
            "name": f"kubevirt-disruption-budget-{meta['name']}",
            "namespace": meta["namespace"],
            "ownerReferences": [owner(machine)],
        },
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {CREATED_BY: meta["uid"]}}},
    }


def owner(machine: Json) -> Json:
    """The reference of what belongs to a machine."""
    return {
        "apiVersion": API,
        "kind": "VirtualMachineInstance",
        "name": machine["metadata"]["name"],
        "uid": machine["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def _where(machine: Json, *, first: bool) -> dict[str, Any]:
    node = machine["metadata"].get("annotations", {}).get(FIRST_NODE)
    return {"nodeName": node} if first and node else {}


def _not_beside(uid: str) -> Json:
    term = {"labelSelector": {"matchLabels": {CREATED_BY: uid}}, "topologyKey": HOSTNAME}
    return {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
