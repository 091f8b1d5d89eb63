"""NodeAffinity: the pod's nodeSelector and its required node affinity.

Upstream: `plugins/nodeaffinity/node_affinity.go` and `k8s.io/component-helpers/scheduling/corev1/
nodeaffinity`, "node(s) didn't match Pod's node affinity/selector". Preferred terms are scores and
no rule. `addedAffinity` of the scheduler's own configuration cannot be read from a cluster and is
unknown here; kube-scheduler judges it when the pod is nominated.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

from restow.cluster.objects import Node, NodeSelectorTerm, Pod
from restow.cluster.selectors import holds
from restow.cluster.terms import Operator, Requirement
from restow.core.reasons import Reason, Refusal

_LABEL_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?")
_INTEGER_OPERATORS = frozenset({Operator.GT, Operator.LT})
_SET_OPERATORS = frozenset({Operator.IN, Operator.NOT_IN})


def refuse(pod: Pod, node: Node) -> Refusal | None:
    """Return why `pod` may not sit on `node`, or None if selector and affinity take it."""
    for key, value in pod.node_selector.items():
        if node.labels.get(key) != value:
            return Refusal(
                Reason.NODE_AFFINITY_MISMATCH,
                f"label {key}={value} of the pod's nodeSelector is missing",
            )
    if pod.node_affinity is None or any(_matches(term, node) for term in pod.node_affinity):
        return None
    return Refusal(
        Reason.NODE_AFFINITY_MISMATCH,
        "no term of the pod's required node affinity matches",
    )


def asked_labels(pod: Pod) -> frozenset[str]:
    """Return the label keys of a node on which `refuse` depends."""
    terms = pod.node_affinity or ()
    return frozenset(pod.node_selector) | {
        requirement.key for term in terms for requirement in term.expressions
    }


def asks_name(pod: Pod) -> bool:
    """Return whether `refuse` depends on the name of the node."""
    return any(term.fields for term in pod.node_affinity or ())


def _matches(term: NodeSelectorTerm, node: Node) -> bool:
    """Tell whether a term takes the node; an empty or malformed one takes none, as upstream."""
    if not term.expressions and not term.fields:
        return False
    names: Mapping[str, str] = {"metadata.name": node.name}
    return all(
        _well_formed(each) and holds(each, node.labels) for each in term.expressions
    ) and all(_field_holds(each, names) for each in term.fields)


@lru_cache(maxsize=4096)
def _well_formed(requirement: Requirement) -> bool:
    """Tell whether `labels.NewRequirement` accepts the values; a negative number is no label."""
    count = len(requirement.values)
    if not all(len(value) <= 63 and _LABEL_VALUE.fullmatch(value) for value in requirement.values):
        return False
    if requirement.operator in _SET_OPERATORS:
        return count > 0
    return count == (1 if requirement.operator in _INTEGER_OPERATORS else 0)


def _field_holds(requirement: Requirement, names: Mapping[str, str]) -> bool:
    """Tell whether a field requirement holds; upstream knows In and NotIn with one value.

    A field that upstream does not know has the empty value there.
    """
    if requirement.operator not in _SET_OPERATORS or len(requirement.values) != 1:
        return False
    equal = names.get(requirement.key, "") == requirement.values[0]
    return equal if requirement.operator is Operator.IN else not equal
