"""The one matcher of labels: PDBs, policies, node affinity and the terms of pods all ask it."""

from collections.abc import Mapping

from restow.cluster.objects import Namespace, Pod
from restow.cluster.terms import LabelSelector, Operator, Requirement, Selection


def matches(selector: LabelSelector, labels: Mapping[str, str]) -> bool:
    """Return whether every requirement holds; a selector without any matches everything."""
    return all(holds(requirement, labels) for requirement in selector.requirements)


def selects(selection: Selection, pod: Pod, namespaces: Mapping[str, Namespace]) -> bool:
    """Return whether `pod` is meant; a namespace that is not known has no labels."""
    if selection.selector is None or not matches(selection.selector, pod.labels):
        return False
    name = pod.key.namespace
    if name in selection.namespaces:
        return True
    if selection.namespace_selector is None:
        return False
    known = namespaces.get(name)
    return matches(selection.namespace_selector, known.labels if known is not None else {})


def holds(requirement: Requirement, values: Mapping[str, str]) -> bool:
    """Return whether `key operator values` holds for labels or fields, as upstream decides it.

    `NotIn` and `DoesNotExist` hold for an absent key. `Gt` and `Lt` compare integers; they do not
    hold when the key is absent or either side is no integer.

    Source: `k8s.io/apimachinery/pkg/labels/selector.go: Requirement.Matches`.
    """
    value = values.get(requirement.key)
    match requirement.operator:
        case Operator.IN | Operator.EQUAL:
            return value is not None and value in requirement.values
        case Operator.NOT_IN:
            return value is None or value not in requirement.values
        case Operator.EXISTS:
            return value is not None
        case Operator.DOES_NOT_EXIST:
            return value is None
        case Operator.GT | Operator.LT:
            return value is not None and _compares(requirement, value)


def _compares(requirement: Requirement, value: str) -> bool:
    if len(requirement.values) != 1:
        return False
    left, right = _integer(value), _integer(requirement.values[0])
    if left is None or right is None:
        return False
    return left > right if requirement.operator is Operator.GT else left < right


def _integer(text: str) -> int | None:
    digits = text[1:] if text[:1] in {"+", "-"} else text
    if not (digits.isascii() and digits.isdigit()):
        return None
    number = int(text)
    return number if -(2**63) <= number < 2**63 else None
