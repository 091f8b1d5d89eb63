"""A fill under construction with its free room, and what limits and budgets still allow."""

from collections.abc import Callable, Iterator

from restow.packing import fill as fills
from restow.packing.fill import Fill, stay_fill
from restow.packing.free_room import FreeRoom, Indices, Rooms
from restow.packing.outcome import Placement
from restow.packing.problem import Problem
from restow.packing.standing import Standing
from restow.packing.tally import Tally

Short = list[tuple[int, int, int]]
"""(resource, what is lacking of it, the node's capacity) of each resource that is short."""


def never() -> bool:
    """Return that there is no end to patience."""
    return False


class Ledger:
    """Books pods in and out of nodes; every question is answered from the books.

    `fill` may pass through states that exceed a limit while a step is being tried, but no
    question that opens a step answers yes once a limit is reached. Relations are judged when a pod
    comes (`best_fit`, `welcomes`) and when a step ends (`agrees`).

    Parameters
    ----------
    over
        Whether whoever works with the ledger should come to an end; asked at every turn.

    Attributes
    ----------
    at
        (nodes,) classes with a pod on the node.
    """

    def __init__(self, problem: Problem, fill: Fill, over: Callable[[], bool] = never) -> None:
        self.over = over
        self.problem = problem
        self.fill = fill
        self.free = fills.free_room(problem, fill)
        self._home = stay_fill(problem)
        self.at: list[set[int]] = [set() for _ in problem.capacity]
        for c, row in enumerate(fill):
            for n in row:
                self.at[n].add(c)
        self._journal: list[tuple[int, int, int]] = []
        self._standing = Standing(problem, self._home, fill)
        self._room = FreeRoom(problem, self.free)
        self.tally = Tally(problem, self._home, fill)

    def mark(self) -> int:
        """Return a name for the present state, for `rollback`."""
        return len(self._journal)

    def become(self, fill: Fill) -> None:
        """Book the difference to `fill`; marks made before are forgotten."""
        for c, (now, then) in enumerate(zip(self.fill, fill, strict=True)):
            if now != then:
                for n in {*now, *then}:
                    self.make(c, n, then.get(n, 0))
        self._journal.clear()

    def rollback(self, mark: int) -> None:
        """Undo everything that was booked since `mark`, latest first."""
        while len(self._journal) > mark:
            c, node, count = self._journal.pop()
            self._enter(c, node, -count)

    def put(self, c: int, node: int) -> None:
        """Book one pod of class `c` onto `node`."""
        self._book(c, node, 1)

    def take(self, c: int, node: int) -> None:
        """Book one pod of class `c` off `node`."""
        self._book(c, node, -1)

    def make(self, c: int, node: int, count: int) -> None:
        """Book pods of class `c` onto or off `node` until `count` are there."""
        if more := count - self.fill[c].get(node, 0):
            self._book(c, node, more)

    def _book(self, c: int, node: int, count: int) -> None:
        self._journal.append((c, node, count))
        self._enter(c, node, count)

    def _enter(self, c: int, node: int, count: int) -> None:
        there = self.fill[c].get(node, 0)
        self.tally.change(c, there, there + count, self._home[c].get(node, 0))
        self.at[node].add(c)
        self.fill[c][node] = there + count
        if not self.fill[c][node]:
            del self.fill[c][node]
            self.at[node].discard(c)
        room = self.free[node]
        for r, need in enumerate(self.problem.classes[c].demand):
            room[r] -= need * count
        self._room.renew(node)

    def waiting(self, c: int) -> int:
        """Return how many pods of class `c` have no place."""
        return self.tally.waiting[c]

    def fits(self, c: int, node: int) -> bool:
        """Return whether one more pod of class `c` may come to `node` (back home included)."""
        room = self.free[node]
        if min(room, default=0) < 0:
            return False
        demand = self.problem.classes[c].demand
        return all(need <= free for need, free in zip(demand, room, strict=True))

    def welcomes(self, c: int, node: int) -> bool:
        """Return whether the relations of class `c` hold with one more of its pods on `node`."""
        if not self._standing.of(c):
            return True
        mark = self.mark()
        self.put(c, node)
        held = self._standing.holds((c,))
        self.rollback(mark)
        return held

    def agrees(self, mark: int) -> bool:
        """Return whether the relations of all classes booked since `mark` hold."""
        return self._standing.holds(c for c, _, _ in self._journal[mark:])

    def best_fit(self, c: int, besides: int | None = None) -> int | None:
        """Return the allowed node with the least room left over for one pod of class `c`."""
        fitting = self._room.fitting(c, besides)
        if not self._standing.of(c):
            return self._room.tightest(fitting)
        refused = set()
        for n in self._room.by_tightness(fitting):  # nodes alike to all relations are judged once
            like = self._standing.like(c, n)
            if like not in refused and self.welcomes(c, n):
                return n
            refused.add(like)
        return None

    def by_shortfall(self, c: int, most: int) -> list[int]:
        """Return up to `most` nodes that could hold the pod if emptied, lacking least first."""
        return self._room.by_shortfall(c, most)

    def roomiest(self, most: int) -> Indices:
        """Return up to `most` nodes, those with the largest free share first."""
        return self._room.roomiest(most)

    def free_rooms(self) -> Rooms:
        """Return (nodes, resources) the free room; not to be changed."""
        return self._room.free

    def disturbed(self) -> set[int]:
        """Return the running classes with a pod that moved."""
        return self.tally.disturbed

    def changed(self) -> list[int]:
        """Return the classes with a pod that is not where it is now."""
        pairs = enumerate(zip(self.fill, self._home, strict=True))
        return [c for c, (then, now) in pairs if then != now]

    def placement(self) -> Placement:
        """Return the fill as a placement."""
        found = [pods.running for pods in self.problem.classes]
        for c in self.changed():
            found[c] = tuple(sorted(self.fill[c].items()))
        return tuple(found)

    def changed_nodes(self, c: int) -> set[int]:
        """Return the nodes with more or fewer pods of class `c` than now."""
        now, then = self._home[c], self.fill[c]
        return {n for n in {*now, *then} if now.get(n, 0) != then.get(n, 0)}

    def short(self, c: int, node: int) -> Short:
        """Return what one more pod of class `c` lacks on `node`; empty where it fits."""
        found = []
        for r, (need, free) in enumerate(
            zip(self.problem.classes[c].demand, self.free[node], strict=True)
        ):
            if need > free:
                found.append((r, need - free, max(1, self.problem.capacity[node][r])))
        return found

    def left(self, short: Short, gone: int) -> float:
        """Return by what part of the node something is short when a pod of class `gone` leaves."""
        demand, total = self.problem.classes[gone].demand, 0.0
        for r, lacking, capacity in short:
            if lacking > demand[r]:
                total += (lacking - demand[r]) / capacity
        return total

    def movers(self, node: int) -> Iterator[int]:
        """Yield the classes with a pod at home on `node` that may move now, by index.

        Those that obviously fit nowhere are left out.
        """
        for c in sorted(self._room.that_may_fit(self.at[node])):
            pods = self.problem.classes[c]
            if pods.movable and self._at_home(c, node) and self.may_move(c):
                yield c

    def victims(self, node: int, tier: int) -> Iterator[int]:
        """Yield the classes of `tier` or lower with a pod at home on `node` that may be evicted."""
        for c in sorted(self.at[node]):
            pods = self.problem.classes[c]
            if (
                pods.evictable
                and pods.tier >= tier
                and self._at_home(c, node)
                and self._may_evict(c)
            ):
                yield c

    def _at_home(self, c: int, node: int) -> bool:
        """Whether a pod at home may leave `node`, no pod of its class having come there."""
        return 0 < self.fill[c].get(node, 0) <= self._home[c].get(node, 0)

    def may_move(self, c: int) -> bool:
        """Return whether limits and budgets allow one more move of class `c`."""
        limit = self.problem.max_moves
        if limit is not None and self.tally.moved >= limit:
            return False
        return all(self._budget_left(b, moving=True) for b in self.problem.classes[c].budgets)

    def _may_evict(self, c: int) -> bool:
        """Whether one more pod may leave; it may end as a move, so both limits must allow it."""
        limit = self.problem.max_evictions
        if limit is not None and self.tally.evicted >= limit:
            return False
        return self.may_move(c) and all(
            self._budget_left(b, moving=False) for b in self.problem.classes[c].budgets
        )

    def within_limits(self) -> bool:
        """Return whether limits and budgets allow what is booked."""
        problem, tally = self.problem, self.tally
        if problem.max_moves is not None and tally.moved > problem.max_moves:
            return False
        if problem.max_evictions is not None and tally.evicted > problem.max_evictions:
            return False
        return all(
            evicted + (bool(moved) if allowed and problem.sequential_budgets else moved) <= allowed
            for allowed, moved, evicted in zip(
                problem.budgets, tally.moved_of, tally.evicted_of, strict=True
            )
        )

    def _budget_left(self, b: int, *, moving: bool) -> bool:
        moved, evicted = self.tally.moved_of[b], self.tally.evicted_of[b]
        allowed = self.problem.budgets[b]
        if not self.problem.sequential_budgets:
            return moved + evicted < allowed
        after = evicted + 1 if moving else evicted + 1 + bool(moved)
        return after <= allowed
