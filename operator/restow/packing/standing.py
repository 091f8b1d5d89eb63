"""How a fill under construction stands with the relations of its Problem."""

from collections.abc import Iterable, Mapping, Sequence

from restow.packing.judges import complaints
from restow.packing.judges.change import Change
from restow.packing.problem import Problem
from restow.packing.relations import Relation, Spread, Together, involved


class Standing:
    """The relations by class, judged on a fill that others change.

    A Together is left out: it is broken while a group is being placed.
    """

    def __init__(
        self, problem: Problem, home: Sequence[Mapping[int, int]], fill: Sequence[Mapping[int, int]]
    ) -> None:
        self._change = Change(problem=problem, now=home, then=fill)
        self._of: list[list[int]] = [[] for _ in problem.classes]
        for index, relation in enumerate(problem.relations):
            if not isinstance(relation, Together):
                for c in sorted(involved(relation)):
                    self._of[c].append(index)

    def of(self, c: int) -> list[int]:
        """Return the relations that class `c` has part in, by index."""
        return self._of[c]

    def holds(self, classes: Iterable[int]) -> bool:
        """Return whether no relation of `classes` is broken."""
        touched = sorted({index for c in classes for index in self._of[c]})
        broken = complaints((self._relation(index) for index in touched), self._change)
        return next(broken, None) is None

    def like(self, c: int, node: int) -> tuple[object, ...]:
        """Return what the relations of class `c` can tell about `node`, for a pod arriving."""
        home = self._change.now[c].get(node, 0) > self._change.then[c].get(node, 0)
        return (home, *(_place(self._relation(index), node) for index in self._of[c]))

    def _relation(self, index: int) -> Relation:
        return self._change.problem.relations[index]


def _place(relation: Relation, node: int) -> tuple[int, bool] | None:
    if isinstance(relation, Together):
        return None
    return relation.domains[node], isinstance(relation, Spread) and relation.counts_on[node]
