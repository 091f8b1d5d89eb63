"""A fill under construction with its free room, and what limits and budgets still allow."""

from collections.abc import Callable, Iterator

from restow.packing import fill as fills
from restow.packing.fill import Fill
from restow.packing.problem import Problem
from restow.packing.standing import Standing


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
    """

    def __init__(self, problem: Problem, fill: Fill, over: Callable[[], bool] = never) -> None:
        self.over = over
        self.problem = problem
        self.fill = fill
        self.free = fills.free_room(problem, fill)
        self._home = [dict(pods.running) for pods in problem.classes]
        self._at: list[set[int]] = [set() for _ in problem.capacity]
        for c, row in enumerate(fill):
            for n in row:
                self._at[n].add(c)
        self._journal: list[tuple[int, int, int]] = []
        self._standing = Standing(problem, self._home, fill)

    def mark(self) -> int:
        """Return a name for the present state, for `rollback`."""
        return len(self._journal)

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

    def _book(self, c: int, node: int, count: int) -> None:
        self._journal.append((c, node, count))
        self._enter(c, node, count)

    def _enter(self, c: int, node: int, count: int) -> None:
        self.fill[c][node] = self.fill[c].get(node, 0) + count
        self._at[node].add(c)
        if not self.fill[c][node]:
            del self.fill[c][node]
            self._at[node].discard(c)
        room = self.free[node]
        for r, need in enumerate(self.problem.classes[c].demand):
            room[r] -= need * count

    def waiting(self, c: int) -> int:
        """Return how many pods of class `c` have no place."""
        return self.problem.classes[c].count - fills.placed(self.fill, c)

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
        if self._standing.of(c):
            return self._best_welcome(c, besides)
        best: tuple[float, int] | None = None
        for n in self.problem.classes[c].allowed:
            if n != besides and self.fits(c, n):
                left = sum(
                    free / max(1, room)
                    for free, room in zip(self.free[n], self.problem.capacity[n], strict=True)
                )
                if best is None or (left, n) < best:
                    best = (left, n)
        return None if best is None else best[1]

    def _best_welcome(self, c: int, besides: int | None) -> int | None:
        """Return the best fit among the nodes that the relations of class `c` leave.

        Nodes that are alike to all of them (`Standing.like`) are judged once.
        """
        found = []
        for n in self.problem.classes[c].allowed:
            if n != besides and self.fits(c, n):
                left = sum(
                    free / max(1, room)
                    for free, room in zip(self.free[n], self.problem.capacity[n], strict=True)
                )
                found.append((left, n))
        refused = set()
        for _, n in sorted(found):
            like = self._standing.like(c, n)
            if like not in refused and self.welcomes(c, n):
                return n
            refused.add(like)
        return None

    def lack(self, c: int, node: int, without: int | None = None) -> float:
        """Return by what part of the node a pod of `c` exceeds its room, one pod less there."""
        gone = self.problem.classes[without].demand if without is not None else None
        total = 0.0
        for r, need in enumerate(self.problem.classes[c].demand):
            free = self.free[node][r] + (gone[r] if gone else 0)
            total += max(0, need - free) / max(1, self.problem.capacity[node][r])
        return total

    def movers(self, node: int) -> Iterator[int]:
        """Yield the classes with a pod at home on `node` that may move now, by index."""
        for c in sorted(self._at[node]):
            pods = self.problem.classes[c]
            if pods.movable and self._at_home(c, node) and self.may_move(c):
                yield c

    def victims(self, node: int, tier: int) -> Iterator[int]:
        """Yield the classes of `tier` or lower with a pod at home on `node` that may be evicted."""
        for c in sorted(self._at[node]):
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
        if limit is not None and self._moves() >= limit:
            return False
        return all(self._budget_left(b, moving=True) for b in self.problem.classes[c].budgets)

    def _may_evict(self, c: int) -> bool:
        """Whether one more pod may leave; it may end as a move, so both limits must allow it."""
        limit = self.problem.max_evictions
        if limit is not None and self._evictions() >= limit:
            return False
        return self.may_move(c) and all(
            self._budget_left(b, moving=False) for b in self.problem.classes[c].budgets
        )

    def _moves(self) -> int:
        return sum(
            fills.moves(self.problem, self.fill, c) for c in range(len(self.problem.classes))
        )

    def _evictions(self) -> int:
        return sum(
            fills.evictions(self.problem, self.fill, c) for c in range(len(self.problem.classes))
        )

    def _budget_left(self, b: int, *, moving: bool) -> bool:
        members = [c for c, p in enumerate(self.problem.classes) if b in p.budgets and p.running]
        moved = sum(fills.moves(self.problem, self.fill, c) for c in members)
        evicted = sum(fills.evictions(self.problem, self.fill, c) for c in members)
        allowed = self.problem.budgets[b]
        if not self.problem.sequential_budgets:
            return moved + evicted < allowed
        after = evicted + 1 if moving else evicted + 1 + bool(moved)
        return after <= allowed
