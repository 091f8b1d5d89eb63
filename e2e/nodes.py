"""KWOK nodes from a few words: size, labels, taints, GPUs."""

from collections.abc import Mapping
from typing import Final

from e2e.client import Json

PLAYED_BY_KWOK: Final = {"kwok.x-k8s.io/node": "fake"}
SYSTEM: Final = "e2e.restow.dev/system"
"""Label and taint of the node that carries restow itself and nothing else."""

SYSTEM_TAINT: Final = {"key": SYSTEM, "value": "true", "effect": "NoSchedule"}


def a_node(
    name: str,
    *,
    cpu: str = "8",
    memory: str = "32Gi",
    pods: int = 110,
    extended: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    taints: tuple[Json, ...] = (),
) -> Json:
    """Return the manifest of a node that KWOK plays; `extended` are further resources."""
    size = {"cpu": cpu, "memory": memory, "pods": str(pods), "ephemeral-storage": "100Gi"}
    size |= extended or {}
    named = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "type": "kwok"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "annotations": dict(PLAYED_BY_KWOK),
            "labels": named | {"kubernetes.io/arch": "amd64"} | dict(labels or {}),
        },
        "spec": {"taints": [dict(taint) for taint in taints]},
        "status": {"allocatable": size, "capacity": size},
    }


def a_gpu_node(
    name: str,
    gpus: int = 8,
    *,
    product: str = "NVIDIA-H100-80GB-HBM3",
    cpu: str = "96",
    memory: str = "1Ti",
    labels: Mapping[str, str] | None = None,
    taints: tuple[Json, ...] = (),
) -> Json:
    """Return the manifest of a node with whole GPUs, labelled as GPU feature discovery does."""
    found = {
        "nvidia.com/gpu.present": "true",
        "nvidia.com/gpu.count": str(gpus),
        "nvidia.com/gpu.product": product,
    }
    return a_node(
        name,
        cpu=cpu,
        memory=memory,
        extended={"nvidia.com/gpu": str(gpus)},
        labels=found | dict(labels or {}),
        taints=taints,
    )
