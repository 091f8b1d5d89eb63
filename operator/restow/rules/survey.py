"""What kube-scheduler would say of a pod: which nodes take it, and why the others do not.

Upstream: `pkg/scheduler/schedule_one.go: findNodesThatFitPod` and `pkg/scheduler/framework/runtime/
framework.go: RunPreFilterPlugins, RunFilterPluginsWithNominatedPods`.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from types import MappingProxyType
from typing import Final, NamedTuple, Self

from restow.cluster.objects import Node, Pod
from restow.core.ids import NodeName
from restow.core.reasons import Reason, Refusal
from restow.rules.board import Board
from restow.rules.registry import RULES
from restow.rules.rule import Prepared, Rule

Nominated = Mapping[NodeName, tuple[Pod, ...]]
"""Pods without a node, per node that is held for them."""

NOBODY: Final[Nominated] = MappingProxyType({})


class _Step(NamedTuple):
    rule: Rule
    prepared: Prepared


class Survey:
    """One pod against every node of a board, rule by rule in kube-scheduler's order.

    Its answers are those of the board at the moment of asking, as long as the board is the one it
    was made for: make a new survey after the board changed.
    """

    def __init__(
        self, pod: Pod, board: Board, steps: Sequence[_Step], everywhere: Refusal | None
    ) -> None:
        self._pod = pod
        self._board = board
        self._steps = tuple(steps)
        self._nominated: Nominated = NOBODY
        self.everywhere: Final = everywhere
        """The no to all nodes before any of them is asked (PreFilter), or None."""
        self._narrowing = tuple(step for step in self._steps if step.prepared.only is not None)
        self._only = _only(self._narrowing)

    @classmethod
    def of(
        cls,
        pod: Pod,
        board: Board,
        *,
        rules: Sequence[Rule] = RULES,
        nominated: Nominated = NOBODY,
    ) -> Self:
        """Return the survey of `pod`, which must not sit on the board itself.

        Parameters
        ----------
        nominated
            Pods for which nodes are held. Those of at least the pod's priority must fit beside it;
            itself, and those that sit on the board already, are passed over.
        """
        steps: list[_Step] = []
        everywhere: Refusal | None = None
        for rule in rules:
            answer = rule.prepare(pod, board)
            if isinstance(answer, Refusal):
                everywhere = answer
                break
            if answer is not None:
                steps.append(_Step(rule, answer))
                everywhere = _none_left(steps) if answer.only is not None else None
                if everywhere is not None:
                    break
        survey = cls(pod, board, steps, everywhere)
        survey._nominated = nominated
        return survey

    def refusal(self, name: NodeName) -> Refusal | None:
        """Return why node `name`, one of the board's, does not take the pod, or None."""
        if self.everywhere is not None:
            return self.everywhere
        if self._only is not None and name not in self._only:
            return _ruled_out(self._narrowing)
        node = self._board.nodes[name]
        held = holders(self._pod, name, self._board, self._nominated)
        if held:
            answer = self._beside(held, node)
            if answer is not None:
                return answer
        return _first([step.prepared for step in self._steps], node)

    def feasible(self) -> tuple[NodeName, ...]:
        """Return the nodes that take the pod, sorted."""
        if self.everywhere is not None or self.aborted:
            return ()
        return tuple(sorted(name for name, answer in self._refusals.items() if answer is None))

    def tally(self) -> Counter[str]:
        """Return how many nodes give each of kube-scheduler's reasons.

        A node that lacks two resources gives two. A no to all nodes counts for each of them;
        kube-scheduler writes it without a number.
        """
        counts: Counter[str] = Counter()
        for answer in self._refusals.values():
            if answer is not None:
                counts.update(answer.upstream)
        return counts

    @cached_property
    def unbindable(self) -> tuple[Refusal, ...]:
        """Why kube-scheduler fails on the nodes that its filters take, when it has chosen one."""
        found = (each for each in self._refusals.values() if each is not None and each.on_binding)
        return tuple(dict.fromkeys(found))

    @cached_property
    def aborted(self) -> tuple[Refusal, ...]:
        """The errors with which nodes make kube-scheduler end its attempt; one suffices for it.

        A node that is held for the pod is asked alone: there, only its own error counts.
        """
        found = (each for each in self._refusals.values() if each is not None and each.aborts)
        return tuple(dict.fromkeys(found))

    @cached_property
    def _refusals(self) -> Mapping[NodeName, Refusal | None]:
        return {name: self.refusal(name) for name in self._board.nodes}

    def _beside(self, held: Sequence[Pod], node: Node) -> Refusal | None:
        """Answer as if the pods that the node is held for were there.

        A rule that had nothing to say without them is not asked: upstream keeps the list of
        plugins to skip.
        """
        with _put(held, node.name, self._board):
            again: list[Prepared] = []
            for step in self._steps:
                answer = step.rule.prepare(self._pod, self._board)
                if isinstance(answer, Refusal):
                    return answer
                if answer is not None:
                    again.append(answer)
            return _first(again, node)


def holders(pod: Pod, node: NodeName, board: Board, nominated: Nominated) -> list[Pod]:
    """Return those of the nominated pods beside which `pod` has to fit on the node."""
    return [
        other
        for other in nominated.get(node, ())
        if other.priority >= pod.priority
        and other.uid != pod.uid
        and board.node_of(other.uid) is None
    ]


@contextmanager
def _put(pods: Sequence[Pod], node: NodeName, board: Board) -> Iterator[None]:
    """Put pods that sit nowhere on a node, for a while; a nomination holds no devices."""
    for pod in pods:
        board.put(pod, node, devices=False)
    try:
        yield
    finally:
        for pod in pods:
            board.take(pod.uid, devices=False)


def _first(prepared: Sequence[Prepared], node: Node) -> Refusal | None:
    late: Refusal | None = None
    for each in prepared:
        answer = each.refuse(node)
        if answer is not None and answer.on_binding:
            late = answer
        elif answer is not None:
            return answer
    return late


def _only(narrowing: Sequence[_Step]) -> frozenset[NodeName] | None:
    """Return the nodes that all of the rules leave, None when they leave all."""
    sets = [step.prepared.only for step in narrowing if step.prepared.only is not None]
    return sets[0].intersection(*sets[1:]) if sets else None


def _none_left(steps: Sequence[_Step]) -> Refusal | None:
    narrowing = [step for step in steps if step.prepared.only is not None]
    if _only(narrowing):
        return None
    plugins = sorted(step.rule.plugin for step in narrowing)
    upstream = (
        f"node(s) didn't satisfy plugin {plugins[0]}"
        if len(plugins) == 1
        else f"node(s) didn't satisfy plugin(s) [{' '.join(plugins)}] simultaneously"
    )
    return Refusal(
        Reason.NODE_RULED_OUT, f"{' and '.join(plugins)} leave no node to the pod", (upstream,)
    )


def _ruled_out(narrowing: Sequence[_Step]) -> Refusal:
    plugins = sorted(step.rule.plugin for step in narrowing)
    return Refusal(
        Reason.NODE_RULED_OUT,
        f"{' and '.join(plugins)} tie the pod to other nodes",
        (f"node(s) didn't satisfy plugin(s) [{' '.join(plugins)}]",),
    )
