"""From columns to nodes and pods: who leaves where, and which holes open for them."""

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from ortools.graph.python import max_flow  # type: ignore[import-untyped]  # ships no types

from restow.rescheduling.choosing import Chosen
from restow.rescheduling.columns import Column
from restow.rescheduling.holes import Holes
from restow.rescheduling.ordering import Hole, Leaving
from restow.rescheduling.table import Table


def expand(table: Table, chosen: Chosen, cost: Sequence[int]) -> tuple[list[Leaving], list[Hole]]:
    """Return who leaves, and a hole for each of them.

    Parameters
    ----------
    cost
        (movers,) of a migration: the cheapest of those that are the same comes first.
    """
    leaving: list[Leaving] = []
    opened: list[tuple[int, int]] = []
    for at, column in _spread(chosen):
        node = table.rows.nodes[column.row][at]
        leaving += _leaving(table, column, node, at, cost)
        opened += [(node, way) for way in column.arriving]
    return leaving, _holes(table, leaving, opened)


def placed(table: Table, chosen: Chosen) -> list[tuple[int, Column]]:
    """Return each node that is used, and how."""
    return [(table.rows.nodes[column.row][at], column) for at, column in _spread(chosen)]


def _spread(chosen: Chosen) -> list[tuple[int, Column]]:
    """Return the index of a node in its row for each use of a column.

    Most leave the first nodes of a row, the cheap ones.
    """
    next_of: dict[int, int] = defaultdict(int)
    found = []
    for column, times in sorted(chosen.uses, key=lambda use: -use[0].moves):
        for _ in range(times):
            at = next_of[column.row]
            next_of[column.row] += 1
            found.append((at, column))
    return found


def _leaving(
    table: Table, column: Column, node: int, at: int, cost: Sequence[int]
) -> list[Leaving]:
    rows, row = table.rows, column.row
    start, end = int(rows.start[row]), int(rows.start[row + 1])
    same: dict[tuple[int, int], list[int]] = defaultdict(list)
    for pod in range(start, end):
        same[int(rows.kind[pod]), int(rows.mode[pod])].append(
            int(rows.movers[row][at, pod - start])
        )
    found = []
    for position in column.leaving:
        pod = start + position
        candidates = same[int(rows.kind[pod]), int(rows.mode[pod])]
        found.append(
            Leaving(
                node=node,
                needs=int(table.leaving[pod]),
                candidates=sorted(candidates, key=lambda mover: (cost[mover], mover)),
            )
        )
    return found


def _holes(table: Table, leaving: list[Leaving], opened: list[tuple[int, int]]) -> list[Hole]:
    """Return the holes that are used, each named after what uses it."""
    asked = Counter(one.needs for one in leaving)
    uses = _uses(table.holes, asked, Counter(int(table.hole[way]) for _, way in opened))
    found = []
    for node, way in opened:
        large = int(table.hole[way])
        small = next((small for small, times in uses[large].items() if times > 0), None)
        if small is not None:
            uses[large][small] -= 1
            place = table.holes.largest[large][int(table.place[way])]
            found.append(Hole(node=node, needs=small, place=place))
    return found


def _uses(holes: Holes, asked: Counter[int], there: Counter[int]) -> dict[int, Counter[int]]:
    """Return which holes that are there are used how often by what: by their own if they can."""
    own = asked & there
    uses = {large: Counter({large: own[large]}) for large in there}
    short, left = sorted((asked - own).items()), sorted((there - own).items())
    inside = holes.inside(
        np.array([hole for hole, _ in short], np.int64),
        np.array([hole for hole, _ in left], np.int64),
    )
    graph = max_flow.SimpleMaxFlow()
    source, sink, arcs = 0, 1, {}
    for s, (small, lacking) in enumerate(short):
        graph.add_arc_with_capacity(source, 2 + s, lacking)
        for large in np.flatnonzero(inside[s]).tolist():
            arc = graph.add_arc_with_capacity(2 + s, 2 + len(short) + large, lacking)
            arcs[arc] = (small, left[large][0])
    for k, (_, free) in enumerate(left):
        graph.add_arc_with_capacity(2 + len(short) + k, sink, free)
    if arcs:
        graph.solve(source, sink)
        for arc, (small, large) in arcs.items():
            uses[large][small] += graph.flow(arc)
    return uses
