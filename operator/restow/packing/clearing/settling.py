"""From columns to a placement: pods that leave find the holes made for them, or others."""

from collections.abc import Iterable
from itertools import count

from restow.packing.clearing.holes import Holes
from restow.packing.clearing.master import Column
from restow.packing.clearing.yard import Yard
from restow.packing.fill import Fill, stay_fill
from restow.packing.incumbent import completed
from restow.packing.ledger import Ledger
from restow.packing.problem import Problem

TURNS = 5_000
"""Turns of the search for places, a tenth of a second or two, after which it ends."""

Slot = tuple[tuple[int, ...], int]
"""Size and node of a hole that a column made for a pod that leaves."""


def settled(problem: Problem, yard: Yard, holes: Holes, columns: Iterable[Column]) -> Fill:
    """Return the placement that the columns mean, as far as all rules let it.

    Where one of them does not, or there are more pods than holes, others find places as in the
    first placement, for some time.
    """
    turns = count()
    ledger = Ledger(problem, stay_fill(problem), lambda: next(turns) > TURNS)
    gone: list[int] = []
    slots: list[Slot] = []
    columns = list(columns)
    for column in columns:
        for pod in column.gone:
            c = int(yard.name[pod])
            if ledger.may_move(c):
                ledger.take(c, column.node)
                gone += [c] if yard.lands[pod] else []
    for column in columns:
        for hole in column.come:
            if hole < holes.waiting:
                _seat(ledger, yard.waiting[hole].classes, column.node)
            else:
                slots.append((tuple(map(int, holes.size[hole])), column.node))
    _land(ledger, gone, slots)
    return completed(ledger)


def _seat(ledger: Ledger, classes: Iterable[int], node: int) -> bool:
    """Place a waiting pod of one of the classes on the node; False if none may come."""
    for c in classes:
        if ledger.waiting(c) and ledger.fits(c, node) and ledger.welcomes(c, node):
            ledger.put(c, node)
            return True
    return False


def _land(ledger: Ledger, gone: list[int], slots: list[Slot]) -> None:
    """Give pods that left another place, the largest first: a hole that was made, or any other."""
    problem = ledger.problem
    total = [max(1, sum(row[r] for row in problem.capacity)) for r in range(len(problem.resources))]

    def size(c: int) -> float:
        return max(need / all_ for need, all_ in zip(problem.classes[c].demand, total, strict=True))

    rest = []
    for c in sorted(gone, key=lambda c: (-size(c), c)):
        allowed = set(problem.classes[c].allowed)
        for slot in sorted(slots):
            if slot[1] in allowed and _seat(ledger, (c,), slot[1]):
                slots.remove(slot)
                break
        else:
            rest.append(c)
    for c in rest:
        node = ledger.best_fit(c)
        if node is not None:
            ledger.put(c, node)
