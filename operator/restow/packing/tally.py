"""What a fill under construction does to running pods, kept up to date change by change."""

from restow.packing.fill import Fill, arrivals
from restow.packing.problem import Problem


class Tally:
    """Pods without a place, moved and evicted, kept up to date change by change.

    Attributes
    ----------
    waiting
        (classes,) pods without a place.
    moved, evicted
        Running pods on another node than now, and without one.
    moved_of, evicted_of
        (budgets,) the same of the pods that draw on a budget.
    """

    def __init__(self, problem: Problem, home: Fill, fill: Fill) -> None:
        self._classes = problem.classes
        self.waiting = [0] * len(problem.classes)
        self.moved, self.evicted = 0, 0
        self.moved_of = [0] * len(problem.budgets)
        self.evicted_of = [0] * len(problem.budgets)
        self.disturbed: set[int] = set()
        self._moves = [0] * len(problem.classes)
        for c, (pods, was, row) in enumerate(zip(problem.classes, home, fill, strict=True)):
            if pods.running and was == row:  # most classes: nothing happens to them
                continue
            self.waiting[c] = pods.count - sum(row.values())
            if pods.running:
                self._book(c, arrivals(was, row), self.waiting[c])

    def change(self, c: int, before: int, after: int, home: int) -> None:
        """Book that a node, home to `home` pods of class `c`, has `after` instead of `before`."""
        self.waiting[c] -= after - before
        if self._classes[c].running:
            self._book(c, max(0, after - home) - max(0, before - home), before - after)

    def _book(self, c: int, moved: int, evicted: int) -> None:
        self._moves[c] += moved
        if self._moves[c]:
            self.disturbed.add(c)
        else:
            self.disturbed.discard(c)
        self.moved += moved
        self.evicted += evicted
        for b in self._classes[c].budgets:
            self.moved_of[b] += moved
            self.evicted_of[b] += evicted
