"""A problem as arrays on the grid: rows of nodes that nothing tells apart, and who is on them."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from restow.rescheduling.grid import Grid
from restow.rescheduling.holes import Holes
from restow.rescheduling.problem import Ints, Mover, Problem, Shape, worth


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """Nodes put together where nothing tells them apart.

    Parameters
    ----------
    nodes
        For each row, its nodes, first those whose movers cost less.
    movers
        For each row, (nodes, pods) indices of movers in one order of kind, mode, fee and cost.
    start
        (rows + 1,) where a row's pods begin among the pods of all rows.
    number
        (rows,) nodes in the row.
    free
        (rows, resources) what is free now.
    emptied
        (rows,) what a node is worth besides while no mover is on it.
    kind, mode, fee, cost
        (pods of all rows,) on the row's first node; on the others only the cost differs.
    """

    nodes: tuple[tuple[int, ...], ...]
    movers: tuple[Ints, ...]
    start: Ints
    number: Ints
    free: Ints
    emptied: Ints
    kind: Ints
    mode: Ints
    fee: Ints
    cost: Ints


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """Everything that pricing reads.

    Parameters
    ----------
    worth
        (cells,) what the room of a cell is worth.
    coordinates
        (cells, counted) steps of each cell.
    steps, strides
        (counted,) of the grid.
    cautious
        Whether roundings are such that a plan can be carried out; else such that a bound holds.
    hole, place
        (ways to arrive,) hole that is filled, and which mode of it.
    takes, needs, offset
        (ways, resources) amounts, (ways, counted) steps and (ways,) cells that an arrival takes.
    welcome
        (sets, ways) who may arrive, for each set of rows with an answer of its own.
    set_of, now
        (rows,) set of the row, and what it is worth as it is.
    free
        (rows, counted) what is free.
    leaving, frees
        (pods of all rows,) hole that a departure needs elsewhere, and (pods, counted) what it
        frees.
    sequence
        (pods of all rows,) the pods of each row, largest first.
    share
        (holes,) the largest part of a full node's room that a hole takes.
    sizes
        (pods of all rows, resources) what each takes.
    """

    shapes: tuple[Shape, ...]
    rows: Rows
    holes: Holes
    worth: Ints
    coordinates: Ints
    steps: Ints
    strides: Ints
    cautious: bool
    hole: Ints
    place: Ints
    takes: Ints
    needs: Ints
    offset: Ints
    welcome: NDArray[np.bool_]
    set_of: Ints
    now: Ints
    free: Ints
    leaving: Ints
    frees: Ints
    sequence: Ints
    share: NDArray[np.float64]
    sizes: Ints


def rows_of(problem: Problem) -> Rows:
    """Return the nodes of a problem, merged where they are the same."""
    on: dict[int, list[int]] = defaultdict(list)
    for m, mover in enumerate(problem.movers):
        on[mover.node].append(m)
    alike: dict[object, list[int]] = defaultdict(list)
    places = sorted({kind.nodes for kind in problem.kinds if kind.nodes is not None}, key=sorted)
    for node, free in enumerate(problem.free):
        on[node].sort(key=lambda m: (*_told_by(problem.movers[m]), problem.movers[m].cost, m))
        there = tuple(_told_by(problem.movers[m]) for m in on[node])
        alike[free, there, problem.emptied[node], tuple(node in place for place in places)].append(
            node
        )
    cost = [sum(problem.movers[m].cost for m in on[node]) for node in range(len(problem.free))]
    nodes = tuple(tuple(sorted(group, key=cost.__getitem__)) for group in alike.values())
    movers = tuple(np.array([on[n] for n in group], np.int64) for group in nodes)
    first = [problem.movers[m] for row in movers for m in row[0]]
    return Rows(
        nodes=nodes,
        movers=movers,
        start=np.cumsum([0, *(row.shape[1] for row in movers)]).astype(np.int64),
        number=np.array([len(group) for group in nodes], np.int64),
        free=np.array([problem.free[group[0]] for group in nodes], np.int64),
        emptied=np.array([problem.emptied[group[0]] for group in nodes], np.int64),
        kind=np.array([mover.kind for mover in first], np.int64),
        mode=np.array([mover.mode for mover in first], np.int64),
        fee=np.array([mover.fee for mover in first], np.int64),
        cost=np.array([mover.cost for mover in first], np.int64),
    )


def _told_by(mover: Mover) -> tuple[int, int, int]:
    """Return by what movers are told apart; costs alone do not make rows, or there are too many."""
    return mover.kind, mover.mode, mover.fee


def full_of(problem: Problem) -> Ints:
    """Return (nodes, resources) what is free once every mover has left."""
    full = np.array(problem.free, np.int64)
    for mover in problem.movers:
        full[mover.node] += problem.size(mover)
    return full


def table_of(problem: Problem, rows: Rows, holes: Holes, grid: Grid, *, cautious: bool) -> Table:
    """Return the arrays of a problem.

    Parameters
    ----------
    cautious
        Whether roundings are such that a plan can be carried out; else such that a bound holds.
    """
    need = grid.up if cautious else grid.down
    sizes = holes.largest
    coordinates = grid.coordinates()
    amounts = np.zeros((len(coordinates), rows.free.shape[1]), np.int64)
    amounts[:] = np.iinfo(np.int64).max // 4
    amounts[:, list(grid.resources)] = coordinates * grid.steps
    ways = [(h, p) for h, modes in enumerate(sizes) for p in range(len(modes))]
    needs = np.stack([need(sizes[h][p]) for h, p in ways])
    sets, set_of = _sets(rows, holes)
    size = np.stack([problem.needs(k, m) for k, m in zip(rows.kind, rows.mode, strict=True)])
    return Table(
        shapes=problem.shapes,
        rows=rows,
        holes=holes,
        worth=worth(problem.shapes, amounts),
        coordinates=coordinates,
        steps=grid.steps,
        strides=grid.strides,
        cautious=cautious,
        hole=np.array([h for h, _ in ways], np.int64),
        place=np.array([p for _, p in ways], np.int64),
        takes=np.stack([sizes[h][p] for h, p in ways]),
        needs=needs,
        offset=needs @ grid.strides,
        welcome=np.array([[here[h] for h, _ in ways] for here in sets]),
        set_of=set_of,
        free=np.ascontiguousarray(rows.free[:, list(grid.resources)]),
        now=worth(problem.shapes, rows.free) + rows.emptied * (np.diff(rows.start) == 0),
        leaving=holes.of[rows.kind],
        frees=np.ascontiguousarray(size[:, list(grid.resources)]),
        sequence=_largest_first(rows, size, grid),
        share=_share(holes, grid),
        sizes=size,
    )


def _sets(rows: Rows, holes: Holes) -> tuple[list[tuple[bool, ...]], Ints]:
    """Return which holes may be on which rows: the distinct answers, and each row's."""
    places = {place: n for n, place in enumerate(dict.fromkeys(holes.nodes))}
    of_hole = [places[place] for place in holes.nodes]
    answers: dict[tuple[bool, ...], int] = {}
    of_row = []
    for group in rows.nodes:
        there = tuple(place is None or group[0] in place for place in places)
        of_row.append(answers.setdefault(there, len(answers)))
    sets = [tuple(there[place] for place in of_hole) for there in answers]
    return sets, np.array(of_row, np.int64)


def _share(holes: Holes, grid: Grid) -> NDArray[np.float64]:
    room = (grid.extent - 1) * grid.steps
    counted = list(grid.resources)
    return np.array([(m.sum(axis=0)[counted] / np.maximum(room, 1)).max() for m in holes.largest])


def _largest_first(rows: Rows, size: Ints, grid: Grid) -> Ints:
    room = (grid.extent - 1) * grid.steps
    share = (size[:, list(grid.resources)] / np.maximum(room, 1)).sum(axis=1)
    spans = zip(rows.start[:-1], rows.start[1:], strict=True)
    return np.concatenate(
        [a + np.argsort(-share[a:b], kind="stable") for a, b in spans] or [np.zeros(0, np.int64)]
    ).astype(np.int64)
