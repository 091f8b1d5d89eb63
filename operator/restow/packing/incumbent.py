"""A feasible placement within milliseconds, and the tidying of what a solver found."""

from collections.abc import Callable, Iterable, Iterator

from restow.packing.fill import Fill, fill_of, placement_of, stay_fill
from restow.packing.ledger import Ledger, never
from restow.packing.outcome import Placement
from restow.packing.problem import Order, Problem
from restow.packing.relations import Together

DEPTH = 3
"""Most pods moved off one node for one pending pod; more costs time and is the solver's work."""

TRIES = 64
"""Most nodes looked at for one pending pod that needs others moved."""

FEWEST = 4
"""The same after pods for which moves made no room on any; a success restores it."""


def stay_put(problem: Problem) -> Placement:
    """Return the placement in which nothing happens."""
    return placement_of(stay_fill(problem))


def greedy(problem: Problem, over: Callable[[], bool] = never) -> Placement:
    """Return a feasible placement, never worse than `stay_put`.

    Per tier from the highest, small pods first: best fit into free room, else move up to `DEPTH`
    pods off one node, else (where the pod preempts) evict the lowest tiers from one node. A group
    that gets its place together does so when its first class has its turn, or not at all. When it
    is `over`, what is found so far is the answer.
    """
    ledger = Ledger(problem, stay_fill(problem), over)
    seating = _Seating()
    for party in _parties(problem):
        if over():
            break
        _seat_party(ledger, party, seating)
    _tidy(ledger)
    return ledger.placement()


def tidied(problem: Problem, fill: Fill, over: Callable[[], bool] = never) -> Fill:
    """Return `fill` with pods sent home, and pending pods placed, where that costs nobody a place.

    Counts of placed pods never fall and moves never rise.
    """
    ledger = Ledger(problem, fill_of(placement_of(fill)), over)
    _tidy(ledger)
    return ledger.fill


def _tidy(ledger: Ledger) -> None:
    """Send pods home, and place pending ones, where that costs nobody a place."""
    problem, changed = ledger.problem, True
    while changed:
        changed = False
        for c in ledger.changed():
            if ledger.over():
                return
            for n, count in problem.classes[c].running:
                while ledger.fill[c].get(n, 0) < count and _return_one(ledger, c, n):
                    changed = True
    for party in _parties(problem):
        if ledger.over():
            break
        _seat_party(ledger, party, _seat_free)


def completed(ledger: Ledger) -> Fill:
    """Return the ledger's fill when pods without a place have got one, as far as that is easy.

    First running ones, at home if they fit there, then the pending; nobody is moved twice over for
    one that runs.
    """
    for c, pods in enumerate(ledger.problem.classes):
        while pods.running and ledger.waiting(c) and not ledger.over():
            home = (n for n, count in pods.running if ledger.fill[c].get(n, 0) < count)
            if not any(ledger.fits(c, n) and _tried(ledger, c, None, n) for n in home) and not (
                _seat_free(ledger, c)
                or any(_make_room(ledger, c, n) for n in ledger.by_shortfall(c, TRIES))
            ):
                break
    seating = _Seating()
    for party in _parties(ledger.problem):
        _seat_party(ledger, party, seating)
    _tidy(ledger)
    return ledger.fill


def _parties(problem: Problem) -> list[list[int]]:
    """Return the queue, with the classes of each Together as one entry, and others alone."""
    group_of = _groups(problem)
    queue = _queue(problem)
    found: dict[int, list[int]] = {}
    for c in queue:
        found.setdefault(group_of.get(c, c), []).append(c)
    return list(found.values())


def _groups(problem: Problem) -> dict[int, int]:
    """Return per class of a Together the least class that must be placed with it."""
    group_of: dict[int, int] = {}
    for relation in problem.relations:
        if isinstance(relation, Together):
            old = {group_of.get(c, c) for c in relation.classes}
            least = min(old, default=0)
            group_of |= {c: least for c, group in group_of.items() if group in old}
            group_of |= dict.fromkeys(relation.classes, least)
    return group_of


def _seat_party(ledger: Ledger, party: list[int], seat: Callable[[Ledger, int], bool]) -> None:
    """Place as many waiting pods of one class as will go, or all those of a group, or none."""
    mark = ledger.mark()
    for c in party:
        while ledger.waiting(c) and not ledger.over():
            if not seat(ledger, c):
                break
    if any(ledger.waiting(c) for c in party) and _bound(ledger.problem, party):
        ledger.rollback(mark)


def _bound(problem: Problem, party: list[int]) -> bool:
    """Whether the pods of `party` get their places together or not at all."""
    return any(isinstance(r, Together) and party[0] in r.classes for r in problem.relations)


def _seat_free(ledger: Ledger, c: int) -> bool:
    """Place one waiting pod of class `c` where there is room; False if there is none."""
    target = ledger.best_fit(c)
    if target is None:
        return False
    ledger.put(c, target)
    return True


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
        return _tried(ledger, c, None, home)
    at_home = dict(ledger.problem.classes[c].running)
    away = [n for n, count in ledger.fill[c].items() if count > at_home.get(n, 0)]
    return any(_tried(ledger, c, n, home) for n in away)


def _tried(ledger: Ledger, c: int, away: int | None, home: int) -> bool:
    """Bring one pod of class `c` from `away` (None: from nowhere) to `home`, if relations allow."""
    mark = ledger.mark()
    if away is not None:
        ledger.take(c, away)
    ledger.put(c, home)
    return _settled(ledger, mark)


class _Seating:
    """Finds places, and learns how far moves get: on a full cluster they make no room at all."""

    def __init__(self) -> None:
        self._tries = TRIES

    def __call__(self, ledger: Ledger, c: int) -> bool:
        """Find a place for one pending pod of class `c`; False if none was found."""
        n = ledger.best_fit(c)
        if n is not None:
            ledger.put(c, n)
            return True
        nodes = ledger.by_shortfall(c, TRIES)
        near = nodes[: self._tries]
        if any(_make_room(ledger, c, n) for n in _while_patient(ledger, near)):
            self._tries = TRIES
            return True
        self._tries = max(FEWEST, self._tries // 2)
        pods = ledger.problem.classes[c]
        if ledger.problem.order is Order.PAPER or not pods.preempts:
            return False
        return any(
            _drive_out(ledger, c, n, least)
            for least in _tiers_below(ledger, c)
            for n in _while_patient(ledger, nodes)
        )


def _while_patient(ledger: Ledger, each: Iterable[int]) -> Iterator[int]:
    """Yield of `each` until it is over."""
    for one in each:
        if ledger.over():
            return
        yield one


def _make_room(ledger: Ledger, c: int, node: int) -> bool:
    """Move up to `DEPTH` pods off `node` so that the pod fits, and place it; undo if it fails."""
    mark, moved = ledger.mark(), 0
    while not ledger.fits(c, node):
        step = _best_move(ledger, c, node) if moved < DEPTH else None
        if step is None:
            ledger.rollback(mark)
            return False
        mover, target = step
        ledger.take(mover, node)
        ledger.put(mover, target)
        moved += 1
    ledger.put(c, node)
    return _settled(ledger, mark)


def _settled(ledger: Ledger, mark: int) -> bool:
    """Whether the relations accept what was booked since `mark`; undo it if not."""
    if ledger.agrees(mark):
        return True
    ledger.rollback(mark)
    return False


def _best_move(ledger: Ledger, c: int, node: int) -> tuple[int, int] | None:
    """Return the (class, target) that lessens the shortfall most; low tiers and costs first."""
    short, classes = ledger.short(c, node), ledger.problem.classes
    lack = sum(lacking / capacity for _, lacking, capacity in short)
    less = {mover: ledger.left(short, mover) for mover in ledger.movers(node)}
    ranked = sorted(
        (mover for mover, left in less.items() if left < lack),
        key=lambda mover: (less[mover], -classes[mover].tier, classes[mover].move_cost, mover),
    )
    for mover in _while_patient(ledger, ranked):
        target = ledger.best_fit(mover, besides=node)
        if target is not None:
            return mover, target
    return None


def _tiers_below(ledger: Ledger, c: int) -> Iterator[int]:
    """Yield the tiers that may be evicted for class `c`, opening one more each time."""
    yield from range(len(ledger.problem.tiers) - 1, ledger.problem.classes[c].tier, -1)


def _drive_out(ledger: Ledger, c: int, node: int, least: int) -> bool:
    """Evict pods of tier `least` and below from `node` until the pod fits; undo if it fails."""
    mark = ledger.mark()
    gone: list[int] = []
    while not ledger.fits(c, node):
        victims = [
            v for v in ledger.victims(node, least) if ledger.problem.classes[v].tier >= least
        ]
        if not victims:
            ledger.rollback(mark)
            return False
        short = ledger.short(c, node)
        victim = min(
            victims, key=lambda v: (-ledger.problem.classes[v].tier, ledger.left(short, v), v)
        )
        ledger.take(victim, node)
        gone.append(victim)
    ledger.put(c, node)
    if not _settled(ledger, mark):
        return False
    for victim in sorted(gone, key=lambda v: (ledger.problem.classes[v].tier, v)):
        if ledger.fits(victim, node) and ledger.welcomes(victim, node):
            ledger.put(victim, node)
        elif ledger.may_move(victim) and (target := ledger.best_fit(victim)) is not None:
            ledger.put(victim, target)
    return True
