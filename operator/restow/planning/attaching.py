"""The volumes a node can attach as resources: one dimension per CSI driver."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from restow.cluster.objects import Pod
from restow.core.frozen import NOTHING, Amounts, total
from restow.core.ids import NodeName, Uid
from restow.rules.board import Board
from restow.rules.placement import node_volume_limits
from restow.rules.storage_demand import attach_room, attachments
from restow.rules.survey import Survey


@dataclass(frozen=True, slots=True)
class Attaching:
    """Demand and room of attached volumes.

    Parameters
    ----------
    needs
        Per pod that attaches volumes, how many of each driver. Pods that share a volume count it
        each, which is too much for one node and never too little.
    plenty
        The sum of `needs`: room of a node without limit.
    board
        The pods whose place is given.
    """

    needs: Mapping[Uid, Amounts]
    plenty: Amounts
    board: Board

    @classmethod
    def of(cls, pods: Iterable[Pod], board: Board) -> Self:
        """Return what `pods`, which do not sit on the board, need."""
        needs = {pod.uid: attachments(pod, board.snapshot) for pod in pods if pod.volumes}
        return cls(needs, total(needs.values()), board)

    def amounts(self, pod: Pod) -> Amounts:
        """Return what the pod takes."""
        return self.needs.get(pod.uid, NOTHING)

    def admits(self, pod: Pod, node: NodeName) -> bool:
        """Whether the node could attach the pod's volumes with nobody there but the board's."""
        if not pod.volumes:
            return True
        return Survey.of(pod, self.board, rules=(node_volume_limits.RULE,)).refusal(node) is None

    def room(self, node: NodeName) -> Amounts:
        """Return what is left on the node beside the pods of the board; never negative."""
        if not self.plenty:
            return NOTHING
        limited = attach_room(self.board.nodes[node], self.board)
        return Amounts(
            {name: max(0, limited.get(name, most)) for name, most in self.plenty.items()}
        )
