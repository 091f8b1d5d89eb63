"""Whether a pod fits on a node at this moment, as kube-scheduler and kubelet would see it."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from restow.cluster.objects import Pod
from restow.core.ids import NodeName, ObjectKey
from restow.core.reasons import Refusal
from restow.rules import leaving
from restow.rules.board import Board
from restow.rules.devices.demand import has_claims
from restow.rules.feasibility import feasible
from restow.rules.registry import ADMITTING
from restow.rules.rule import Rule
from restow.rules.survey import Nominated, Survey, holders


@contextmanager
def without(board: Board, pods: Iterable[Pod]) -> Iterator[Board]:
    """Take the pods that sit on the board off it for a while."""
    gone = [(pod, node) for pod in pods if (node := board.node_of(pod.uid)) is not None]
    for pod, _ in gone:
        board.take(pod.uid)
    try:
        yield board
    finally:
        for pod, node in gone:
            board.put(pod, node)


def why_no_room(
    board: Board, pod: Pod, node: NodeName, nominated: Nominated | None = None
) -> Refusal | None:
    """Return why `pod` does not fit beside the bound and the nominated pods, or None.

    `nominated` are those of the snapshot if it is None.
    """
    held = board.snapshot.nominated if nominated is None else nominated
    with without(board, [pod]):
        return Survey.of(pod, board, rules=ADMITTING, nominated=held).refusal(node)


def takes(
    board: Board,
    pod: Pod,
    node: NodeName,
    nominated: Nominated | None = None,
    *,
    rules: Sequence[Rule] = ADMITTING,
) -> bool:
    """Whether `why_no_room` has nothing to say; asks no other rule where requests say no."""
    held = board.snapshot.nominated if nominated is None else nominated
    with without(board, [pod]):
        if node in board.nodes and too_large(board, pod, node, held):
            return False
        return Survey.of(pod, board, rules=rules, nominated=held).refusal(node) is None


def too_large(board: Board, pod: Pod, node: NodeName, nominated: Nominated) -> bool:
    """Whether requests alone keep `pod`, which does not sit on the board, off the node.

    Never where devices may serve what a node's allocatable does not show.
    """
    free = board.free(node)
    # as the board would have it: of one pod the last counts
    held = {each.uid: each.requests for each in holders(pod, node, board, nominated)}.values()
    short = any(
        need > free.of(name) - sum(each.of(name) for each in held)
        for name, need in pod.requests.items()
    )
    return short and not has_claims(pod, board.snapshot)


def with_room(
    board: Board, pods: Collection[Pod], among: Iterable[NodeName]
) -> Mapping[ObjectKey, tuple[NodeName, ...]]:
    """Return per pod those of the nodes that are not too small for it and that it may go to.

    No rule on other pods is asked; no other node takes the pod as long as nobody leaves.
    """
    nodes = [board.nodes[name] for name in among]
    claiming = [pod for pod in pods if has_claims(pod, board.snapshot)]
    others = [pod for pod in pods if not has_claims(pod, board.snapshot)]
    # devices may serve what a node's allocatable does not show
    return feasible(others, nodes, board, fitting=True) | feasible(claiming, nodes, board)


def has_room(board: Board, pod: Pod, node: NodeName, nominated: Nominated | None = None) -> bool:
    """Whether `pod` may be bound to `node` now: every rule says yes, and the node stays."""
    there = board.nodes.get(node)
    if there is None or leaving.of(there) is not None:
        return False
    return takes(board, pod, node, nominated)
