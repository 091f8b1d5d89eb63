"""InterPodAffinity: required affinity and anti-affinity, the pod's own and that of pods in place.

Upstream: `plugins/interpodaffinity/filtering.go`. Its three texts are below, in the order in which
a node is asked. A topology is a pair of label key and value; pods on nodes without the label are
in none. Pods that are being deleted count until they are gone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from restow.cluster.objects import Node, Pod
from restow.cluster.selectors import selects
from restow.cluster.terms import PodTerm
from restow.core.reasons import Reason, Refusal
from restow.rules.board import Board, Counts
from restow.rules.rule import Prepared, Rule, Scope

AFFINITY: Final = "node(s) didn't match pod affinity rules"
ANTI_AFFINITY: Final = "node(s) didn't match pod anti-affinity rules"
EXISTING_ANTI_AFFINITY: Final = "node(s) didn't satisfy existing pods anti-affinity rules"

Topologies = frozenset[str]
"""Values of one topology label."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The affinity terms; a pod counts for them only if it matches all of them.

    `present` has, per term, the topologies with such a pod. `first` tells that none is in any, and
    that the pod itself would be one: the first of a group that wants to be together.
    """

    terms: tuple[PodTerm, ...]
    present: tuple[Topologies, ...]
    first: bool


Unwanted = Sequence[tuple[str, Topologies]]
"""Label keys, and the topologies to be kept out of."""


def prepare(pod: Pod, board: Board) -> Prepared | None:
    """Return what the terms say of each topology; nothing if none concerns the pod."""
    wanted = _wanted(pod, board) if pod.affinity else None
    unwanted = [
        (term.topology_key, _topologies(board, board.meant((term.pods,)), term.topology_key))
        for term in pod.anti_affinity
    ]
    guarded = _guarded(pod, board)
    if wanted is None and not unwanted and not guarded:
        return None

    def judge(node: Node) -> Refusal | None:
        return (
            (_lonely(wanted, node) if wanted is not None else None)
            or _repelled(unwanted, node)
            or _kept_out(guarded, node)
        )

    return Prepared(refuse=judge)


def _topologies(board: Board, counts: Counts, key: str) -> Topologies:
    """Return the values of label `key` of the nodes that have a count; unknown nodes have none."""
    labelled = (board.nodes[name].labels for name in counts if name in board.nodes)
    return frozenset(labels[key] for labels in labelled if key in labels)


def _wanted(pod: Pod, board: Board) -> _Wanted:
    counts = board.meant(tuple(term.pods for term in pod.affinity))
    present = tuple(_topologies(board, counts, term.topology_key) for term in pod.affinity)
    namespaces = board.snapshot.namespaces
    is_one = all(selects(term.pods, pod, namespaces) for term in pod.affinity)
    return _Wanted(pod.affinity, present, is_one and not any(present))


def _guarded(pod: Pod, board: Board) -> Unwanted:
    """Return the topologies that anti-affinity of pods in place keeps the pod out of."""
    found = (
        (term.topology_key, _topologies(board, counts, term.topology_key))
        for term, counts in board.keeping_out(pod)
    )
    return [(key, values) for key, values in found if values]


def _lonely(wanted: _Wanted, node: Node) -> Refusal | None:
    """Say no where a term lacks its label, or its pod; the first of a group needs the labels."""
    missing = [term.topology_key for term in wanted.terms if term.topology_key not in node.labels]
    if missing:
        return Refusal(
            Reason.POD_AFFINITY_MISMATCH,
            f"label {missing[0]} of the pod's required pod affinity is missing",
            (AFFINITY,),
        )
    if wanted.first:
        return None
    for term, values in zip(wanted.terms, wanted.present, strict=True):
        if node.labels[term.topology_key] not in values:
            return Refusal(
                Reason.POD_AFFINITY_MISMATCH,
                f"no pod that the pod's required affinity wants is in its {term.topology_key}",
                (AFFINITY,),
            )
    return None


def _repelled(unwanted: Unwanted, node: Node) -> Refusal | None:
    for key, values in unwanted:
        if node.labels.get(key) in values:
            return Refusal(
                Reason.POD_ANTI_AFFINITY,
                f"a pod that the pod's anti-affinity avoids is in its {key}",
                (ANTI_AFFINITY,),
            )
    return None


def _kept_out(guarded: Unwanted, node: Node) -> Refusal | None:
    for key, values in guarded:
        if node.labels.get(key) in values:
            return Refusal(
                Reason.EXISTING_POD_ANTI_AFFINITY,
                f"a pod whose anti-affinity avoids the pod is in its {key}",
                (EXISTING_ANTI_AFFINITY,),
            )
    return None


RULE: Final = Rule(plugin="InterPodAffinity", scope=Scope.RELATIONAL, prepare=prepare)
