"""A few nodes of a Problem as a Problem of its own, everything else staying as it is.

Pods that came over the border of the region, and pods in relations that a region cannot tell about
(`_LOCAL`), stay where they are and count as load. What the region may do to budgets, spreads and
exclusions is what the rest leaves.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from restow.packing.fill import Fill, stay_fill
from restow.packing.ledger import Ledger
from restow.packing.problem import PodClass, Problem
from restow.packing.regions.inside import Pods, split
from restow.packing.regions.view import View
from restow.packing.relations import Exclusion, Relation, Spread, Together, involved
from restow.packing.tally import Tally

_LOCAL: Final = (Exclusion, Spread)
"""Relations whose view from inside a region follows from counts outside of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A region as a Problem, with the present fill of its pods.

    Parameters
    ----------
    nodes, classes
        What the indices of `problem` are in the whole.
    start
        (classes,) where the pods are, nodes by their index in `problem`.
    held
        (classes,) pods inside that are not the region's to place; nodes by their index in the
        whole.
    """

    problem: Problem
    nodes: tuple[int, ...]
    classes: tuple[int, ...]
    start: Fill
    held: Fill

    def rows(self, fill: Fill) -> Iterator[tuple[int, Mapping[int, int]]]:
        """Yield each class and its pods on the region's nodes, both by their index in the whole."""
        for index, c in enumerate(self.classes):
            row = dict(self.held[index])
            for n, count in fill[index].items():
                row[self.nodes[n]] = row.get(self.nodes[n], 0) + count
            yield c, row


class Cutter:
    """Cuts regions out of one Problem."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._relations: list[list[Relation]] = [[] for _ in problem.classes]
        self._fixed: set[int] = set()
        for relation in problem.relations:
            for c in involved(relation):
                self._relations[c].append(relation)
            if not isinstance(relation, (*_LOCAL, Together)):
                self._fixed |= involved(relation)
        self._sets: dict[int, frozenset[int]] = {}
        self._home = stay_fill(problem)
        self._at: list[list[int]] = [[] for _ in problem.capacity]
        for c, pods in enumerate(problem.classes):
            for n, _ in pods.running:
                self._at[n].append(c)

    def cut(
        self, nodes: Collection[int], ledger: Ledger, waiting: Iterable[int] | None = None
    ) -> Part:
        """Return the region of `nodes` as the ledger has it.

        Of the classes that wait for a place, `waiting` may get one there; None for all of them.
        """
        if waiting is None:
            waiting = range(len(self._home))
        wanted = [c for c in waiting if ledger.waiting(c)]
        inside, found = self._inside(nodes, ledger, wanted)
        classes = tuple(c for c, pods in found.items() if pods.free)
        new = {n: index for index, n in enumerate(inside)}
        barred, relations = self._related(classes, found, ledger.fill, inside)
        budgets = sorted({b for c in classes for b in self._problem.classes[c].budgets})
        number = {b: index for index, b in enumerate(budgets)}
        shapes = (
            self._class(c, found[c], new, number, barred.get(c, frozenset())) for c in classes
        )
        return Part(
            problem=replace(
                self._problem,
                start=None,
                elsewhere=None,
                capacity=tuple(self._room(n, found) for n in inside),
                classes=tuple(shapes),
                relations=relations,
                **self._limits(ledger.tally, found, budgets),
            ),
            nodes=inside,
            classes=classes,
            start=[{new[n]: k for n, k in found[c].there.items() if k} for c in classes],
            held=[found[c].held for c in classes],
        )

    def _inside(
        self, nodes: Collection[int], ledger: Ledger, waiting: Sequence[int]
    ) -> tuple[tuple[int, ...], dict[int, Pods]]:
        """Return the nodes of the region, sorted, and the pods inside.

        Without nodes that could not take their own pods back beside those that are held there: a
        Problem lets pods stay at home in any case.
        """
        inside = tuple(sorted(nodes))
        while True:
            asked = {c for n in inside for c in (*self._at[n], *ledger.at[n])}
            asked.update(waiting)
            found = {c: self._pods(c, ledger, inside) for c in sorted(asked)}
            self._settle_groups(found)
            sound = tuple(n for n in inside if self._takes_back(n, found))
            if sound == inside:
                return inside, found
            inside = sound

    def _takes_back(self, node: int, found: Mapping[int, Pods]) -> bool:
        if not any(node in pods.held for pods in found.values()):
            return True
        room = list(self._room(node, found))
        for c, pods in found.items():
            for r, need in enumerate(self._problem.classes[c].demand):
                room[r] -= need * pods.running.get(node, 0)
        return min(room, default=0) >= 0

    def _pods(self, c: int, ledger: Ledger, inside: tuple[int, ...]) -> Pods:
        pods, row = self._problem.classes[c], ledger.fill[c]
        there = {n: row[n] for n in inside if row.get(n)}
        if c in self._fixed:
            return Pods(held=there)
        waiting = ledger.waiting(c)
        if pods.pending:
            reachable = waiting and any(n in self._allowed(c) for n in inside)
            count = sum(there.values()) + (waiting if reachable else 0)
            return Pods(pending=count, there=there)
        home = {n: k for n in inside if (k := self._home[c].get(n))}
        return split(home, there, waiting)

    def _allowed(self, c: int) -> frozenset[int]:
        """Return the nodes that may receive the class; classes often share one tuple of them."""
        allowed = self._problem.classes[c].allowed
        if id(allowed) not in self._sets:
            self._sets[id(allowed)] = frozenset(allowed)
        return self._sets[id(allowed)]

    def _settle_groups(self, found: dict[int, Pods]) -> None:
        """Leave pods alone that get their places together, unless all of them are inside."""
        for c in [c for c, pods in found.items() if pods.free]:
            for relation in self._relations[c]:
                if isinstance(relation, Together) and not all(
                    k in found and found[k].pending == self._problem.classes[k].pending
                    for k in relation.classes
                ):
                    pods = found[c]
                    found[c] = Pods(held=pods.there)

    def _class(
        self,
        c: int,
        pods: Pods,
        new: Mapping[int, int],
        number: Mapping[int, int],
        barred: Collection[int],
    ) -> PodClass:
        whole, allowed = self._problem.classes[c], self._allowed(c)
        return replace(
            whole,
            allowed=tuple(new[n] for n in new if n in allowed and n not in barred),
            budgets=tuple(number[b] for b in whole.budgets),
            pending=pods.pending,
            running=tuple(sorted((new[n], k) for n, k in pods.running.items() if k)),
        )

    def _room(self, node: int, found: Mapping[int, Pods]) -> tuple[int, ...]:
        room = list(self._problem.capacity[node])
        for c, pods in found.items():
            if held := pods.held.get(node, 0):
                for r, need in enumerate(self._problem.classes[c].demand):
                    room[r] -= need * held
        return tuple(room)

    def _limits(
        self, tally: Tally, found: Mapping[int, Pods], budgets: Sequence[int]
    ) -> dict[str, Any]:
        """Return what the rest leaves of limits and budgets.

        A budget that the rest draws on for a move already is not charged for one again: whoever
        merges the region back looks at it once more.
        """
        problem = self._problem
        moved, evicted = tally.moved, tally.evicted
        left = {b: problem.budgets[b] - tally.evicted_of[b] for b in budgets}
        if not problem.sequential_budgets:
            left = {b: left[b] - tally.moved_of[b] for b in budgets}
        for c, pods in found.items():
            if not pods.running:
                continue
            away, lost = pods.moved(), pods.lost()
            moved, evicted = moved - away, evicted - lost
            for b in problem.classes[c].budgets:
                left[b] += lost if problem.sequential_budgets else lost + away
        return {
            "budgets": tuple(max(0, left[b]) for b in budgets),
            "max_moves": _less(problem.max_moves, moved),
            "max_evictions": _less(problem.max_evictions, evicted),
        }

    def _related(
        self,
        classes: tuple[int, ...],
        found: Mapping[int, Pods],
        fill: Fill,
        inside: tuple[int, ...],
    ) -> tuple[dict[int, set[int]], tuple[Relation, ...]]:
        """Return the nodes that each class is kept from, and the relations inside."""
        position = {c: index for index, c in enumerate(classes)}
        view = View(position, found, fill, inside)
        asked = {id(each): each for c in classes for each in self._relations[c]}
        relations: list[Relation] = []
        for relation in asked.values():
            if isinstance(relation, Exclusion):
                relations += view.exclusion(relation)
            elif isinstance(relation, Spread):
                runs = any(self._problem.classes[c].running for c in relation.carriers)
                relations += view.spread(relation, carried=relation.carried or runs)
            elif isinstance(relation, Together):
                relations.append(Together(classes=view.mine(relation.classes)))
        return view.barred, tuple(relations)


def _less(limit: int | None, used: int) -> int | None:
    return None if limit is None else max(0, limit - used)
