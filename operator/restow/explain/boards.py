"""The cluster as it is, and as it would be if what may move were gone."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self

from restow.cluster.objects import Node, Pod
from restow.cluster.snapshot import Snapshot
from restow.core.ids import NodeName
from restow.core.reasons import Reason, Refusal
from restow.planning.formulation import Formulation
from restow.rules.board import Board
from restow.rules.registry import ADMITTING
from restow.rules.rule import Prepared, Rule, Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Boards:
    """One cluster in three states.

    Parameters
    ----------
    now
        As it is.
    cleared
        Without the pods that may move.
    unbudgeted
        Also without those that only a spent disruption budget keeps.
    """

    now: Board
    cleared: Board
    unbudgeted: Board

    @classmethod
    def of(cls, snapshot: Snapshot, formulation: Formulation) -> Self:
        """Return the states; who may move is the formulation's word."""
        now = Board(snapshot)
        cleared = now.copy()
        for members in formulation.members:
            for _, pods in members.running:
                for pod in pods:
                    cleared.take(pod.uid)
        unbudgeted = cleared.copy()
        for uid, no in formulation.fixed.items():
            if no.reason is Reason.BUDGET_EXHAUSTED:
                unbudgeted.take(uid)
        return cls(now=now, cleared=cleared, unbudgeted=unbudgeted)


class Verdicts:
    """Every rule's no to one pod on one board; a survey stops at a node's first.

    Parameters
    ----------
    nominated
        Pods that hold room on the board beside those that sit there.
    """

    def __init__(self, pod: Pod, board: Board, nominated: Iterable[Pod] = ()) -> None:
        self.board = board
        for other in nominated:
            if self.board is board:
                self.board = board.copy()
            if other.nominated_node is not None:
                self.board.put(other, other.nominated_node, devices=False)
        self._asked: list[tuple[Rule, Prepared | Refusal]] = []
        for rule in ADMITTING:
            prepared = rule.prepare(pod, self.board)
            if prepared is not None:
                self._asked.append((rule, prepared))

    def of(self, name: NodeName) -> tuple[Refusal, ...]:
        """Return all that refuses the pod on the node, in order, kubelet's no last."""
        return tuple(no for _, no in self._said(name))

    def hopeless(self, name: NodeName) -> bool:
        """Whether a rule refuses the node that no arrival elsewhere could reconcile."""
        return any(rule.scope is not Scope.RELATIONAL for rule, _ in self._said(name))

    def _said(self, name: NodeName) -> Iterator[tuple[Rule, Refusal]]:
        node = self.board.nodes[name]
        for rule, prepared in self._asked:
            no = prepared if isinstance(prepared, Refusal) else _ask(rule, prepared, node)
            if no is not None:
                yield rule, no


def _ask(rule: Rule, prepared: Prepared, node: Node) -> Refusal | None:
    no = prepared.refuse(node)
    if no is None and prepared.only is not None and node.name not in prepared.only:
        return Refusal(Reason.NODE_RULED_OUT, f"{rule.plugin} ties the pod to other nodes")
    return no
