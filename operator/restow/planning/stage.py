"""The waves of a plan acted out beforehand, on a board, before all rules of placement."""

from collections.abc import Sequence

from restow.cluster.objects import Pod
from restow.cluster.snapshot import Snapshot
from restow.core.ids import NodeName
from restow.core.reasons import Refusal
from restow.planning.waves import Change
from restow.rules import machines
from restow.rules.board import Board
from restow.rules.devices.demand import has_claims
from restow.rules.registry import ADMITTING
from restow.rules.rule import Rule
from restow.rules.survey import Survey

Arrival = tuple[Pod, NodeName]


def settle(
    board: Board, arrivals: Sequence[Arrival], *, rules: Sequence[Rule] = ADMITTING
) -> dict[int, Refusal]:
    """Put the pods on their nodes, in some order in which each is accepted; change `board` so.

    Highest priority first, as kube-scheduler takes them up, and again as long as somebody finds
    that another one's arrival let it in. Returns who is refused to the last, and why; those are
    not on the board.
    """
    waiting = sorted(range(len(arrivals)), key=lambda index: (-arrivals[index][0].priority, index))
    refused: dict[int, Refusal] = {}
    while waiting:
        refused = {}
        for index in waiting:
            pod, node = arrivals[index]
            no = Survey.of(pod, board, rules=rules).refusal(node)
            if no is None:
                board.put(pod, node)
            else:
                refused[index] = no
        if len(refused) == len(waiting):
            break
        waiting = [index for index in waiting if index in refused]
    return refused


class Stage:
    """Judges the arrivals of changes that have a role in a relation; a `waves.Referee`.

    Parameters
    ----------
    nodes
        Names of the nodes by their index in the changes.
    """

    def __init__(
        self, snapshot: Snapshot, changes: Sequence[Change], nodes: Sequence[NodeName]
    ) -> None:
        self._board = Board(snapshot)
        self._changes, self._nodes = changes, nodes
        self._pods = [snapshot.pods[change.step.pod.key] for change in changes]
        self._arrivals = [machines.arriving(pod, snapshot) for pod in self._pods]
        self._applied: frozenset[int] = frozenset()
        self._going: frozenset[int] = frozenset()
        # devices are given out in the order of arrivals: with them each time from the beginning
        self._claiming = any(has_claims(pod, snapshot) for pod in self._pods)

    def blocked(self, done: frozenset[int], chosen: frozenset[int]) -> int | None:
        """Return the first change whose arrival is refused if `chosen` follow `done`, or None."""
        self._begin(done, chosen)
        judged = [index for index in sorted(chosen) if self._changes[index].relations]
        targets = [(index, self._changes[index].target) for index in judged]
        coming = [(index, node) for index, node in targets if node is not None]
        arrivals = [(self._arrivals[index], self._nodes[node]) for index, node in coming]
        refused = settle(self._board, arrivals)
        if self._claiming:
            self._undo(chosen)
            self._going = frozenset()
        else:
            for pod, _ in arrivals:
                self._board.take(pod.uid)
        return coming[min(refused)][0] if refused else None

    def _begin(self, done: frozenset[int], chosen: frozenset[int]) -> None:
        """Set the board to when `chosen` have left and those that nobody judges have arrived.

        From one question to the next most of them are the same, and stay as they are.
        """
        over = self._going if done != self._applied else self._going - chosen
        if over:
            self._undo(over)
        self._turn_to(done)
        new = chosen - (self._going - over)
        for index in new:
            if not self._changes[index].holding:
                self._board.take(self._pods[index].uid)
        for index in sorted(new):
            if not self._changes[index].relations:
                self._arrive(index)
        self._going = chosen

    def _turn_to(self, done: frozenset[int]) -> None:
        """Set the board to the state after the changes `done`."""
        self._undo(self._applied - done)
        coming = done - self._applied
        for index in coming:
            self._board.take(self._pods[index].uid)
        for index in sorted(coming):
            self._arrive(index)
        self._applied = done

    def _arrive(self, index: int) -> None:
        target = self._changes[index].target
        if target is not None:
            self._board.put(self._arrivals[index], self._nodes[target])

    def _undo(self, changes: frozenset[int]) -> None:
        """Put the pods back where they were: all leave first, so that each finds what it had."""
        for index in changes:
            self._board.take(self._pods[index].uid)
            self._board.take(self._arrivals[index].uid)
        for index in sorted(changes):
            source = self._changes[index].source
            if source is not None:
                self._board.put(self._pods[index], self._nodes[source])
