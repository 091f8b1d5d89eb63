"""The placement rules in kube-scheduler's order.

`rules.survey` asks them of one pod, `rules.feasibility` those that prune of many.
"""

from collections.abc import Callable
from typing import Final

from restow.cluster.objects import Node, Pod
from restow.core.reasons import Refusal
from restow.rules.placement import (
    dynamic_resources,
    host_ports,
    inter_pod_affinity,
    node_affinity,
    node_declared_features,
    node_name,
    node_unschedulable,
    node_volume_limits,
    numa_zones,
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
    dynamic_resources.RULE,
    node_declared_features.RULE,
)
"""Order of `pkg/scheduler/apis/config/v1/default_plugins.go`: the first no is the one reported."""

ADMITTING: Final[tuple[Rule, ...]] = (*RULES, numa_zones.RULE)
"""With what kubelet asks of a pod that kube-scheduler has bound: who comes to stay is judged by
these, whom kube-scheduler would bind by its own alone."""

STATIC_RULES: Final[tuple[Callable[[Pod, Node], Refusal | None], ...]] = (
    node_name.refuse,
    node_unschedulable.refuse,
    taints.refuse,
    node_affinity.refuse,
    node_declared_features.refuse,
)
"""Those of them that need no board."""


def refusal(pod: Pod, node: Node) -> Refusal | None:
    """Return why the metadata of `node` refuses `pod`, or its replacement if it runs, or None."""
    for refuse in STATIC_RULES:
        answer = refuse(pod, node)
        if answer is not None:
            return answer
    return None
