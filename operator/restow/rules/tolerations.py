"""Which taints a pod puts up with; asked by every rule that is about taints."""

from collections.abc import Iterable
from typing import Final

from restow.cluster.objects import Node, Pod, Taint, Toleration
from restow.cluster.terms import Operator

BLOCKING_EFFECTS: Final = frozenset({"NoSchedule", "NoExecute"})
"""Effects that keep a newcomer away; PreferNoSchedule is a score only."""


def untolerated(pod: Pod, node: Node) -> Taint | None:
    """Return the first hard taint of `node` that `pod` does not tolerate, or None."""
    for taint in node.taints:
        if taint.effect in BLOCKING_EFFECTS and not tolerates(pod.tolerations, taint):
            return taint
    return None


def tolerates(tolerations: Iterable[Toleration], taint: Taint) -> bool:
    """Return whether any of `tolerations` covers `taint`.

    An empty effect covers every effect. An empty key covers every key, also with `Equal` (upstream
    leaves it to validation to refuse that). `Gt` and `Lt` cover nothing: the feature gate
    TaintTolerationComparisonOperators is alpha and off in Kubernetes 1.37.

    Source: `k8s.io/api/core/v1/toleration.go: ToleratesTaint`.
    """
    return any(_covers(toleration, taint) for toleration in tolerations)


def _covers(toleration: Toleration, taint: Taint) -> bool:
    if toleration.effect and toleration.effect != taint.effect:
        return False
    if toleration.key and toleration.key != taint.key:
        return False
    if toleration.operator is Operator.EQUAL:
        return toleration.value == taint.value
    return toleration.operator is Operator.EXISTS
