"""Parts of a pod's spec that need care: rules not modelled yet, and reasons to stay."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from restow.cluster.objects import Feature
from restow.cluster.parse.metadata import key_of, label_selector
from restow.cluster.parse.wire import Selector
from restow.cluster.parse.wire_pod import Container, Pod, PodAffinityTerm, PodSpec, Spread, Volume
from restow.cluster.terms import (
    LabelSelector,
    Operator,
    PodTerm,
    Requirement,
    Selection,
    SpreadConstraint,
)

_MIRROR: Final = "kubernetes.io/config.mirror"
_GROUP_KEYS: Final = frozenset(
    {"scheduling.k8s.io/group-name", "scheduling.x-k8s.io/pod-group", "pod-group-name"}
)
"""Labels or annotations by which Volcano, scheduler-plugins and KAI name a pod's gang."""
_SHARED_GPU_KEYS: Final = frozenset(
    {
        "gpu-fraction",
        "gpu-memory",
        "gpu-fraction-num-devices",
        "gpu-fraction-container-name",
        "runai-gpu-group",
        "hami.io/vgpu-devices-allocated",
        "hami.io/vgpu-node",
        "nvidia.com/use-gpuuuid",
        "nvidia.com/nouse-gpuuuid",
        "nvidia.com/use-gputype",
        "nvidia.com/nouse-gputype",
        "nvidia.com/vgpu-mode",
    }
)
"""Labels or annotations of pods that hold a part of a GPU (KAI, HAMi)."""
_SHARED_GPU_RESOURCES: Final = (
    "nvidia.com/gpumem",
    "nvidia.com/gpumem-percentage",
    "nvidia.com/gpucores",
    "volcano.sh/vgpu-",
)
"""Requests, by their beginning, that only HAMi or Volcano turns into a part of a GPU."""


def of(wire: Pod, resources: Iterable[str]) -> frozenset[Feature]:
    """Return the features of the pod; `resources` are the names it requests."""
    return frozenset(_of(wire, resources))


def _of(wire: Pod, resources: Iterable[str]) -> Iterator[Feature]:
    annotations = wire.metadata.annotations or {}
    keys = {*annotations, *(wire.metadata.labels or {})}
    if wire.spec.scheduling_group is not None or keys & _GROUP_KEYS:
        yield Feature.POD_GROUP
    if local_volumes(wire):
        yield Feature.LOCAL_STORAGE
    if _MIRROR in annotations:
        yield Feature.MIRROR
    if keys & _SHARED_GPU_KEYS or any(name.startswith(_SHARED_GPU_RESOURCES) for name in resources):
        yield Feature.SHARED_GPU


def group(wire: Pod) -> str:
    """Return the name of the pod's group, kube-scheduler's own before those of others."""
    if wire.spec.scheduling_group is not None and wire.spec.scheduling_group.pod_group_name:
        return wire.spec.scheduling_group.pod_group_name
    named = {**(wire.metadata.annotations or {}), **(wire.metadata.labels or {})}
    return next((named[key] for key in sorted(_GROUP_KEYS) if key in named), "")


def local_volumes(wire: Pod) -> tuple[str, ...]:
    """Return the names of the volumes whose data stays on the node, in the order of the spec.

    These are hostPath and emptyDir volumes, except those in memory: cluster-autoscaler's rule
    since its #5551. Nearly every GPU pod mounts /dev/shm that way, and keeps nothing there that
    is meant to outlive its containers.
    """
    return tuple(volume.name for volume in wire.spec.volumes or () if _is_local(volume))


def needed(spec: PodSpec) -> frozenset[str]:
    """Return the features that kube-scheduler asks a node to declare.

    Source: k8s.io/component-helpers v0.37.2, nodedeclaredfeatures, each `InferForScheduling`.
    """
    return frozenset(_needed(spec))


def affinity(wire: Pod) -> tuple[PodTerm, ...]:
    """Return the required affinity terms.

    Raises
    ------
    FieldError
        When a selector cannot be used.
    """
    return _terms(wire, "spec.affinity.podAffinity", _of_kind(wire.spec, anti=False))


def anti_affinity(wire: Pod) -> tuple[PodTerm, ...]:
    """Return the required anti-affinity terms.

    Raises
    ------
    FieldError
        When a selector cannot be used.
    """
    return _terms(wire, "spec.affinity.podAntiAffinity", _of_kind(wire.spec, anti=True))


def spread(wire: Pod) -> tuple[SpreadConstraint, ...]:
    """Return the constraints that bind.

    Raises
    ------
    FieldError
        When a selector cannot be used.
    """
    return tuple(
        SpreadConstraint(
            topology_key=each.topology_key or "",
            max_skew=each.max_skew or 1,
            selector=_with_labels(
                _selector(each.label_selector, "spec.topologySpreadConstraints.labelSelector"),
                {
                    key: value
                    for key, value in (wire.metadata.labels or {}).items()
                    if key in (each.match_label_keys or ())
                },
            ),
            min_domains=each.min_domains,
            honor_affinity=each.node_affinity_policy != "Ignore",
            honor_taints=each.node_taints_policy == "Honor",
        )
        for each in _hard_spreads(wire.spec)
    )


def _of_kind(spec: PodSpec, *, anti: bool) -> Iterator[PodAffinityTerm]:
    """Yield the required terms of a kind."""
    if spec.affinity is not None:
        found = spec.affinity.pod_anti_affinity if anti else spec.affinity.pod_affinity
        if found is not None:
            yield from found.required or ()


def _terms(wire: Pod, path: str, terms: Iterable[PodAffinityTerm]) -> tuple[PodTerm, ...]:
    own = key_of(wire.metadata, namespaced=True).namespace
    return tuple(_term(each, path, own) for each in terms)


def _term(term: PodAffinityTerm, path: str, own: str) -> PodTerm:
    named = frozenset(term.namespaces or ())
    if not named and term.namespace_selector is None:
        named = frozenset({own})
    return PodTerm(
        topology_key=term.topology_key or "",
        pods=Selection(
            selector=_selector(term.label_selector, f"{path}.labelSelector"),
            namespaces=named,
            namespace_selector=_selector(term.namespace_selector, f"{path}.namespaceSelector"),
        ),
    )


def _selector(wire: Selector | None, field: str) -> LabelSelector | None:
    return None if wire is None else label_selector(wire, field)


def _with_labels(selector: LabelSelector | None, labels: Mapping[str, str]) -> LabelSelector | None:
    """Return the selector that also asks for the labels: `matchLabelKeys`.

    The API server merges them when a pod is created, kube-scheduler again, for pods that were
    created before it did. No selector stays none.
    """
    if selector is None:
        return None
    asked = (
        Requirement(key=key, operator=Operator.IN, values=(value,))
        for key, value in sorted(labels.items())
    )
    return LabelSelector(
        requirements=(
            *selector.requirements,
            *(each for each in asked if each not in selector.requirements),
        )
    )


def _hard_spreads(spec: PodSpec) -> Iterator[Spread]:
    """Yield the spread constraints that bind; `DoNotSchedule` is the API server's default."""
    for each in spec.topology_spread_constraints or ():
        if each.when_unsatisfiable in {None, "DoNotSchedule"}:
            yield each


def _is_local(volume: Volume) -> bool:
    if volume.host_path is not None:
        return True
    return volume.empty_dir is not None and volume.empty_dir.medium != "Memory"


def _needed(spec: PodSpec) -> Iterator[str]:
    containers = (*spec.containers, *(spec.init_containers or ()))
    if spec.host_network and spec.host_users is False:
        yield "UserNamespacesHostNetworkSupport"
    if any(_restarts_all(each) for each in containers):
        yield "RestartAllContainersOnContainerExits"
    if any(mount.bind_mount_options for each in containers for mount in each.volume_mounts or ()):
        yield "VolumeBindMountOptions"


def _restarts_all(container: Container) -> bool:
    return any(
        rule.action == "RestartAllContainers" for rule in container.restart_policy_rules or ()
    )
