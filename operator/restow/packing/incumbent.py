"""A feasible placement within milliseconds, and the tidying of what a solver found."""

from collections.abc import Iterator

from restow.packing.bounds import fits
from restow.packing.fill import Fill, fill_of, placement_of, stay_fill
from restow.packing.ledger import Ledger
from restow.packing.outcome import Placement
from restow.packing.problem import Order, Problem

DEPTH = 3
"""Most pods moved off one node for one pending pod; more costs time and is the solver's work."""

TRIES = 64
"""Most nodes looked at for one pending pod that needs others moved."""


def stay_put(problem: Problem) -> Placement:
    """Return the placement in which nothing happens."""
    return placement_of(stay_fill(problem))


def greedy(problem: Problem) -> Placement:
    """Return a feasible placement, never worse than `stay_put`.

    Per tier from the highest, small pods first: best fit into free room, else move up to `DEPTH`
    pods off one node, else (where the pod preempts) evict the lowest tiers from one node.
    """
    ledger = Ledger(problem, stay_fill(problem))
    for c in _queue(problem):
        for _ in range(problem.classes[c].pending):
            if not _seat(ledger, c):
                break
    return placement_of(tidied(problem, ledger.fill))


def tidied(problem: Problem, fill: Fill) -> Fill:
    """Return `fill` with pods sent home, and pending pods placed, where that costs nobody a place.

    Counts of placed pods never fall and moves never rise.
    """
    ledger = Ledger(problem, fill_of(placement_of(fill)))
    changed = True
    while changed:
        changed = False
        for c, pods in enumerate(problem.classes):
            for n, count in pods.running:
                while ledger.fill[c].get(n, 0) < count and _return_one(ledger, c, n):
                    changed = True
    for c in _queue(problem):
        while ledger.waiting(c) and (target := ledger.best_fit(c)) is not None:
            ledger.put(c, target)
    return ledger.fill


def _queue(problem: Problem) -> list[int]:
    """Return pending classes by tier, preempting ones first, then rank, then size."""
    total = [max(1, sum(row[r] for row in problem.capacity)) for r in range(len(problem.resources))]
    pending = [c for c, pods in enumerate(problem.classes) if pods.pending]

    def key(c: int) -> tuple[int, bool, int, float, int]:
        pods = problem.classes[c]
        size = max((need / all_ for need, all_ in zip(pods.demand, total, strict=True)), default=0)
        return pods.tier, not pods.preempts, -pods.rank, size, c

    return sorted(pending, key=key)


def _return_one(ledger: Ledger, c: int, home: int) -> bool:
    """Bring one pod of class `c` back to `home`: an evicted one, else one that moved."""
    if not ledger.fits(c, home):
        return False
    if ledger.waiting(c):
        ledger.put(c, home)
        return True
    at_home = dict(ledger.problem.classes[c].running)
    for n, count in ledger.fill[c].items():
        if count > at_home.get(n, 0):
            ledger.take(c, n)
            ledger.put(c, home)
            return True
    return False


def _seat(ledger: Ledger, c: int) -> bool:
    """Find a place for one pending pod of class `c`; False if none was found."""
    n = ledger.best_fit(c)
    if n is not None:
        ledger.put(c, n)
        return True
    nodes = _by_shortfall(ledger, c)
    if any(_make_room(ledger, c, n) for n in nodes):
        return True
    pods = ledger.problem.classes[c]
    if ledger.problem.order is Order.PAPER or not pods.preempts:
        return False
    return any(_drive_out(ledger, c, n, least) for least in _tiers_below(ledger, c) for n in nodes)


def _by_shortfall(ledger: Ledger, c: int) -> list[int]:
    """Return the nodes that could hold the pod if emptied, those lacking least first."""
    pods = ledger.problem.classes[c]
    found = []
    for n in pods.allowed:
        capacity = ledger.problem.capacity[n]
        if fits(pods.demand, capacity, 1):
            lack = max(
                (max(0, need - free) / max(1, room))
                for need, free, room in zip(pods.demand, ledger.free[n], capacity, strict=True)
            )
            found.append((lack, n))
    return [n for _, n in sorted(found)][:TRIES]


def _make_room(ledger: Ledger, c: int, node: int) -> bool:
    """Move up to `DEPTH` pods off `node` so that the pod fits, and place it; undo if it fails."""
    undo: list[tuple[int, int]] = []
    while not ledger.fits(c, node):
        step = _best_move(ledger, c, node) if len(undo) < DEPTH else None
        if step is None:
            for mover, target in reversed(undo):
                ledger.take(mover, target)
                ledger.put(mover, node)
            return False
        mover, target = step
        ledger.take(mover, node)
        ledger.put(mover, target)
        undo.append(step)
    ledger.put(c, node)
    return True


def _best_move(ledger: Ledger, c: int, node: int) -> tuple[int, int] | None:
    """Return the (class, target) that lessens the shortfall most; low tiers and costs first."""
    best: tuple[tuple[float, int, int, int], int] | None = None
    for mover in ledger.movers(node):
        pods = ledger.problem.classes[mover]
        target = ledger.best_fit(mover, besides=node)
        if target is None:
            continue
        key = (ledger.lack(c, node, without=mover), -pods.tier, pods.move_cost, mover)
        if key[0] < ledger.lack(c, node) and (best is None or key < best[0]):
            best = (key, target)
    return None if best is None else (best[0][3], best[1])


def _tiers_below(ledger: Ledger, c: int) -> Iterator[int]:
    """Yield the tiers that may be evicted for class `c`, opening one more each time."""
    yield from range(len(ledger.problem.tiers) - 1, ledger.problem.classes[c].tier, -1)


def _drive_out(ledger: Ledger, c: int, node: int, least: int) -> bool:
    """Evict pods of tier `least` and below from `node` until the pod fits; undo if it fails."""
    gone: list[int] = []
    while not ledger.fits(c, node):
        victims = [
            v for v in ledger.victims(node, least) if ledger.problem.classes[v].tier >= least
        ]
        if not victims:
            for victim in reversed(gone):
                ledger.put(victim, node)
            return False
        victim = min(
            victims,
            key=lambda v: (
                -ledger.problem.classes[v].tier,
                ledger.lack(c, node, without=v),
                v,
            ),
        )
        ledger.take(victim, node)
        gone.append(victim)
    ledger.put(c, node)
    for victim in sorted(gone, key=lambda v: (ledger.problem.classes[v].tier, v)):
        if ledger.fits(victim, node):
            ledger.put(victim, node)
        elif ledger.may_move(victim) and (target := ledger.best_fit(victim)) is not None:
            ledger.put(victim, target)
    return True
