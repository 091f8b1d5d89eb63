"""What a pod's hard rules say of other pods: selectors, affinity terms, spread constraints."""

from dataclasses import dataclass
from enum import StrEnum


class Operator(StrEnum):
    """Operators of selectors, tolerations and node affinity."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"
    GT = "Gt"
    LT = "Lt"
    EQUAL = "Equal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """`key operator values`, of a label selector or of a node selector term."""

    key: str
    operator: Operator
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSelector:
    """A label selector; all requirements must hold. No requirement matches everything.

    `matchLabels` is read as `In` requirements with one value.
    """

    requirements: tuple[Requirement, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Pods by label and namespace.

    A pod is meant when `selector` matches its labels (None matches nothing) and its namespace is
    in `namespaces` or its namespace's labels match `namespace_selector` (None matches none, one
    without requirements all).
    """

    selector: LabelSelector | None
    namespaces: frozenset[str]
    namespace_selector: LabelSelector | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PodTerm:
    """A required affinity or anti-affinity term: `pods` in the same `topology_key`.

    A term that names no namespaces is about its own pod's, and `pods` says so. The API server has
    merged `matchLabelKeys` and `mismatchLabelKeys` into the selector.
    """

    topology_key: str
    pods: Selection


@dataclass(frozen=True, slots=True, kw_only=True)
class SpreadConstraint:
    """A `DoNotSchedule` topology spread constraint.

    Parameters
    ----------
    selector
        Which pods of the pod's own namespace count, `matchLabelKeys` merged in; None counts none.
    min_domains
        With fewer eligible domains the least count is taken as 0; None is 1.
    honor_affinity, honor_taints
        `nodeAffinityPolicy` (default Honor) and `nodeTaintsPolicy` (default Ignore): whether nodes
        that the pod's node affinity, or taints, exclude are left out of the count.
    """

    topology_key: str
    max_skew: int
    selector: LabelSelector | None
    min_domains: int | None = None
    honor_affinity: bool = True
    honor_taints: bool = False
