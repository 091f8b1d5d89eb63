"""A plan from one use of a node after the other: who leaves finds room elsewhere at once.

Never the best plan, but there as soon as there are columns, and whatever happens to a program.
"""

from collections.abc import Sequence

from restow.sharing.arrays import Fleet
from restow.sharing.columns import Column, bits_of
from restow.sharing.generation import Left
from restow.sharing.layout import Layout
from restow.sharing.problem import Placement


class Greedy:
    """Carries out columns of one fleet, most gain for each move first.

    Parameters
    ----------
    waiting
        For each class, its pending pods.
    """

    def __init__(self, fleet: Fleet, waiting: Sequence[Sequence[int]]) -> None:
        self._fleet = fleet
        self._layout = Layout(fleet)
        self._waiting = [list(pods) for pods in waiting]
        self._gone = set[int]()
        self._plan: list[Placement] = []

    def run(self, columns: Sequence[Column], left: Left) -> tuple[Placement, ...]:
        """Return the plan."""
        gain = [self._gain(column) for column in columns]
        order = sorted(
            (at for at in range(len(columns)) if gain[at] > 0),
            key=lambda at: -gain[at] / max(columns[at].moves, 0.1),
        )
        for at in order:
            if left() <= 0:
                break
            self._try(columns[at])
        return tuple(self._plan)

    def _gain(self, column: Column) -> int:
        """Return what a column's arrivals are worth that wait now."""
        gains = self._fleet.kinds.gain
        return sum(int(gains[kind]) for kind, _ in column.arrive if self._waiting[kind])

    def _try(self, column: Column) -> None:
        """Carry out a column, if all find room; else leave everything as it was."""
        nodes, layout, node = self._fleet.nodes, self._layout, column.node
        rows = [int(nodes.start[node]) + b for b in bits_of(column.leave)]
        rows.sort(key=lambda row: -int(self._fleet.kinds.gain[nodes.kind[row]]))
        if self._gone.intersection(rows) or len(self._gone) + len(rows) > self._fleet.limit:
            return
        layout.leave(column)
        come = list[tuple[int, int, int]]()
        waiting = [len(pods) for pods in self._waiting]
        for kind, bits in column.arrive:
            if waiting[kind]:
                waiting[kind] -= 1
                come.append((kind, node, bits))
                layout.shift(node, kind, bits, -1)
        number = len(come)
        if number and layout.holds(node) and self._seat(rows, come):
            self._book(rows, come, number)
            return
        for kind, where, bits in come:
            layout.shift(where, kind, bits, 1)
        layout.leave(column, -1)

    def _seat(self, rows: list[int], come: list[tuple[int, int, int]]) -> bool:
        """Find room for those that leave, one after the other; return whether all have some."""
        for row in rows:
            kind = int(self._fleet.nodes.kind[row])
            seat = self._layout.best(kind)
            if seat is None:
                return False
            self._layout.shift(seat[0], kind, seat[1], -1)
            come.append((kind, *seat))
        return True

    def _book(self, rows: list[int], come: list[tuple[int, int, int]], number: int) -> None:
        pods = [self._waiting[kind].pop() for kind, _, _ in come[:number]]
        pods += [int(self._fleet.nodes.pod[row]) for row in rows]
        self._gone.update(rows)
        for pod, (_, node, bits) in zip(pods, come, strict=True):
            self._plan.append(Placement(pod=pod, node=node, devices=bits_of(bits)))
