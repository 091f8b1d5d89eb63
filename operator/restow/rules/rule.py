"""What a rule of placement is: kube-scheduler's PreFilter and Filter of one plugin."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from restow.cluster.objects import Node, Pod
from restow.core.ids import NodeName
from restow.core.reasons import Refusal
from restow.rules.board import Board

Filter = Callable[[Node], Refusal | None]
"""Says why a node may not take the pod, or None; valid until the board changes."""


class Scope(StrEnum):
    """On what a rule's answer depends besides the pod."""

    LOCAL = "Local"  # on the node and on objects that no plan changes: it prunes
    LOAD = "Load"  # also on the pods of the same node: a dimension, or an exclusion per node
    RELATIONAL = "Relational"  # also on pods of other nodes: an encoder, and a judge


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A rule that has looked at a pod and a board once (PreFilter).

    Parameters
    ----------
    refuse
        The answer per node (Filter).
    only
        Nodes outside of it are not asked at all (PreFilterResult); None for all.
    """

    refuse: Filter
    only: frozenset[NodeName] | None = None


Prepare = Callable[[Pod, Board], "Prepared | Refusal | None"]
"""None: the rule has nothing to say of the pod on this board (Skip). A Refusal: it says no to every
node before any is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One filter.

    Parameters
    ----------
    plugin
        Upstream's name of it, as in "node(s) didn't satisfy plugin(s) [NodeAffinity]".
    """

    plugin: str
    scope: Scope
    prepare: Prepare
