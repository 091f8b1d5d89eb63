"""What every kind has: names, labels, owners, selectors."""

from datetime import UTC, datetime
from typing import Final

from restow.cluster.objects import OwnerRef
from restow.cluster.parse.problems import FieldError, missing, required
from restow.cluster.parse.wire import Meta, Selector, SelectorRequirement
from restow.cluster.terms import LabelSelector, Operator, Requirement
from restow.core.frozen import NO_LABELS, Labels
from restow.core.ids import ObjectKey, Uid

_LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
"""A copy of the whole manifest: nothing to decide on, and large."""

_SELECTOR_OPERATORS: Final = {
    str(each): each
    for each in (
        Operator.IN,
        Operator.NOT_IN,
        Operator.EXISTS,
        Operator.DOES_NOT_EXIST,
        Operator.GT,
        Operator.LT,
    )
}


def key_of(meta: Meta, *, namespaced: bool) -> ObjectKey:
    """Return namespace and name; a missing namespace is `default`, as for kubectl.

    Raises
    ------
    FieldError
        When there is no name.
    """
    name = required(meta.name, "metadata.name")
    return ObjectKey((meta.namespace or "default") if namespaced else "", name)


def uid_of(meta: Meta) -> Uid:
    """Return the uid.

    Raises
    ------
    FieldError
        When there is none: the object was never in a cluster.
    """
    return Uid(required(meta.uid, "metadata.uid"))


def created_at(meta: Meta) -> datetime:
    """Return the time of creation, UTC.

    Raises
    ------
    FieldError
        When there is none: the object was never in a cluster.
    """
    if meta.creation_timestamp is None:
        raise missing("metadata.creationTimestamp")
    moment = meta.creation_timestamp
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def labels_of(meta: Meta) -> Labels:
    """Return the labels."""
    return Labels(meta.labels) if meta.labels else NO_LABELS


def annotations_of(meta: Meta) -> Labels:
    """Return the annotations, without kubectl's copy of the manifest."""
    if not meta.annotations:
        return NO_LABELS
    return Labels({key: text for key, text in meta.annotations.items() if key != _LAST_APPLIED})


def owner_of(meta: Meta) -> OwnerRef | None:
    """Return the controller, None when there is none."""
    for each in meta.owner_references or ():
        if each.controller:
            return OwnerRef(
                kind=each.kind, name=each.name, uid=Uid(each.uid), api_version=each.api_version
            )
    return None


def requirement(wire: SelectorRequirement, field: str) -> Requirement:
    """Return one requirement of a selector.

    Raises
    ------
    FieldError
        When the operator is unknown.
    """
    operator = _SELECTOR_OPERATORS.get(wire.operator)
    if operator is None:
        choices = ", ".join(_SELECTOR_OPERATORS)
        raise FieldError(
            f"{field}.operator", f"{wire.operator!r} is not an operator", f"write one of {choices}"
        )
    return Requirement(key=wire.key, operator=operator, values=wire.values or ())


def label_selector(wire: Selector, field: str) -> LabelSelector:
    """Return a label selector, `matchLabels` as requirements, in the order of their keys.

    Raises
    ------
    FieldError
        When an operator is unknown.
    """
    pairs = sorted((wire.match_labels or {}).items())
    labels = tuple(
        Requirement(key=key, operator=Operator.IN, values=(text,)) for key, text in pairs
    )
    expressions = tuple(
        requirement(each, f"{field}.matchExpressions[{index}]")
        for index, each in enumerate(wire.match_expressions or ())
    )
    return LabelSelector(requirements=(*labels, *expressions))
