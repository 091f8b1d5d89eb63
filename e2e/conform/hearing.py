"""Rules that note what they say of the pod at hand: which rule decided, not which was meant to."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from restow.cluster.objects import Node, Pod
from restow.core.reasons import Refusal
from restow.rules.board import Board
from restow.rules.rule import Filter, Prepared, Rule


class Heard(NamedTuple):
    """Plugins that had something to say of a pod, refused it a node, accepted it on a node.

    A survey asks no further rule of a node after its first no: a refusal here is one that counts.
    """

    asked: frozenset[str]
    refused: frozenset[str]
    accepted: frozenset[str]


class Hearing:
    """Listens to the rules while a survey asks them."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(replace(rule, prepare=partial(self._prepare, rule)) for rule in rules)
        self._asked: set[str] = set()
        self._refused: set[str] = set()
        self._accepted: set[str] = set()

    def end(self) -> Heard:
        """Return what was said since the last time."""
        heard = Heard(frozenset(self._asked), frozenset(self._refused), frozenset(self._accepted))
        for each in (self._asked, self._refused, self._accepted):
            each.clear()
        return heard

    def _prepare(self, rule: Rule, pod: Pod, board: Board) -> Prepared | Refusal | None:
        answer = rule.prepare(pod, board)
        if answer is None:
            return None
        self._asked.add(rule.plugin)
        if isinstance(answer, Refusal):
            self._refused.add(rule.plugin)
            return answer
        if answer.only is not None and not answer.only >= board.nodes.keys():
            self._refused.add(rule.plugin)
        return replace(answer, refuse=partial(self._refuse, rule.plugin, answer.refuse))

    def _refuse(self, plugin: str, refuse: Filter, node: Node) -> Refusal | None:
        answer = refuse(node)
        (self._accepted if answer is None else self._refused).add(plugin)
        return answer
