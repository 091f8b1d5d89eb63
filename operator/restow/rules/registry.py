"""The placement rules in kube-scheduler's order, for one pair and for thousands.

`RULES` is what `rules.survey` asks of one pod. What follows answers for the rules that depend on
pod and node alone, for many pods at once.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from typing import Final, NamedTuple

from restow.cluster.objects import Node, NodeSelectorTerm, Pod, Taint, Toleration
from restow.core.frozen import Labels
from restow.core.ids import NodeName, ObjectKey
from restow.core.reasons import Refusal
from restow.rules.placement import (
    host_ports,
    inter_pod_affinity,
    node_affinity,
    node_declared_features,
    node_name,
    node_unschedulable,
    node_volume_limits,
    resources,
    taints,
    topology_spread,
    volume_binding,
    volume_restrictions,
    volume_zone,
)
from restow.rules.rule import Rule

RULES: Final[tuple[Rule, ...]] = (
    node_name.RULE,
    node_unschedulable.RULE,
    taints.RULE,
    node_affinity.RULE,
    host_ports.RULE,
    resources.RULE,
    volume_restrictions.RULE,
    node_volume_limits.RULE,
    volume_binding.RULE,
    volume_zone.RULE,
    topology_spread.RULE,
    inter_pod_affinity.RULE,
    node_declared_features.RULE,
)
"""Order of `pkg/scheduler/apis/config/v1/default_plugins.go`: the first no is the one reported."""

STATIC_RULES: Final[tuple[Callable[[Pod, Node], Refusal | None], ...]] = (
    node_name.refuse,
    node_unschedulable.refuse,
    taints.refuse,
    node_affinity.refuse,
)
"""Those of them that need no board."""


class PlacementKey(NamedTuple):
    """What of a pod the static rules look at; equal keys are refused by the same nodes."""

    node_selector: Labels
    node_affinity: tuple[NodeSelectorTerm, ...] | None
    tolerations: frozenset[Toleration]
    named: NodeName | None


class NodeKey(NamedTuple):
    """What of a node the static rules look at, as far as a pod asks about it."""

    unschedulable: bool
    taints: tuple[Taint, ...]
    labels: tuple[str | None, ...]
    name: NodeName | None


class Asked(NamedTuple):
    """Which labels, and whether the name, of a node a pod asks about; labels are sorted."""

    labels: tuple[str, ...]
    name: bool


def refusal(pod: Pod, node: Node) -> Refusal | None:
    """Return why `pod`, or its replacement if it runs, may never sit on `node`, or None."""
    for refuse in STATIC_RULES:
        answer = refuse(pod, node)
        if answer is not None:
            return answer
    return None


def placement_key(pod: Pod) -> PlacementKey:
    """Return what of `pod` decides about `refusal`; hashable."""
    return PlacementKey(
        pod.node_selector, pod.node_affinity, frozenset(pod.tolerations), node_name.named(pod)
    )


def asked(pod: Pod) -> Asked:
    """Return what of a node's metadata `refusal` looks at for this pod."""
    by_name = node_affinity.asks_name(pod) or node_name.named(pod) is not None
    return Asked(tuple(sorted(node_affinity.asked_labels(pod))), by_name)


def node_key(node: Node, wanted: Asked) -> NodeKey:
    """Return what of `node` decides about `refusal` for the pods that ask for `wanted`."""
    return NodeKey(
        node.unschedulable,
        node.taints,
        tuple(node.labels.get(key) for key in wanted.labels),
        node.name if wanted.name else None,
    )


def feasible(pods: Iterable[Pod], nodes: Sequence[Node]) -> dict[ObjectKey, tuple[NodeName, ...]]:
    """Return per pod the nodes without a `refusal`, in the order of `nodes`.

    Pods of one placement key share one tuple. Rules are asked once per distinct pair of placement
    key and node key, so that thousands of pods by thousands of nodes cost about as much as their
    differing templates by the nodes.
    """
    grouped: dict[Asked, _NodeGroups] = {}
    answers: dict[Hashable, tuple[NodeName, ...]] = {}
    result: dict[ObjectKey, tuple[NodeName, ...]] = {}
    for pod in pods:
        key = placement_key(pod)
        if key not in answers:
            wanted = asked(pod)
            if wanted not in grouped:
                grouped[wanted] = _NodeGroups(nodes, wanted)
            answers[key] = grouped[wanted].accepting(pod)
        result[pod.key] = answers[key]
    return result


class _NodeGroups:
    """Nodes grouped by their key for one set of asked labels."""

    def __init__(self, nodes: Sequence[Node], wanted: Asked) -> None:
        self._keys = [(node.name, node_key(node, wanted)) for node in nodes]
        self._example = {key: node for (_, key), node in zip(self._keys, nodes, strict=True)}

    def accepting(self, pod: Pod) -> tuple[NodeName, ...]:
        accepted: Collection[NodeKey] = {
            key for key, node in self._example.items() if refusal(pod, node) is None
        }
        return tuple(name for name, key in self._keys if key in accepted)
