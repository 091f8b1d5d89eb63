"""Which nodes a node selector takes; asked by every rule that is about labels of nodes.

Source: `k8s.io/component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go`.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from restow.cluster.objects import Node, NodeSelectorTerm, Pod
from restow.cluster.selectors import holds
from restow.cluster.terms import Operator, Requirement

_LABEL_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?")
_INTEGER_OPERATORS = frozenset({Operator.GT, Operator.LT})
_SET_OPERATORS = frozenset({Operator.IN, Operator.NOT_IN})


def admits(pod: Pod, node: Node) -> bool:
    """Return whether the pod's nodeSelector and required node affinity take the node."""
    if any(node.labels.get(key) != value for key, value in pod.node_selector.items()):
        return False
    return pod.node_affinity is None or takes(pod.node_affinity, node)


def takes(terms: Iterable[NodeSelectorTerm], node: Node) -> bool:
    """Return whether one of the terms of a node selector takes the node; no term, no node."""
    return any(_matches(term, node) for term in terms)


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
