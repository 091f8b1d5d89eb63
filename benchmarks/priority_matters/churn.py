"""A cluster in motion under the stand-in scheduler: workloads come, go, and are preempted.

Preemption follows kube-scheduler 1.37: all lower priorities of a node go, those whose budget it
would breach are put back first, then the most important; of the nodes that one is taken with the
fewest breaches, the lowest highest victim, the least sum of priorities, the fewest victims, and the
first of those. Victims are created anew by their ReplicaSet at once.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from benchmarks.priority_matters.places import Places
from benchmarks.priority_matters.workloads import Site, Template


class Seat(NamedTuple):
    """One pod: its workload's name and its number."""

    name: str
    number: int


class _Victims(NamedTuple):
    """Who goes, and of how many that breaches the budget."""

    breaches: int
    seats: list[Seat]


class Cluster:
    """Where the pods are; `breaches` counts evictions that a budget did not allow."""

    def __init__(self, sites: Sequence[Site], *, preemption: bool = False) -> None:
        self.sets: dict[str, Template] = {}
        self.preemption = preemption
        self.breaches = 0
        self._places = Places(sites)
        self._node_of: dict[Seat, int] = {}
        self._on: list[dict[Seat, None]] = [{} for _ in sites]
        self._waiting: list[Seat] = []
        self._running: Counter[str] = Counter()

    def create(self, each: Template) -> None:
        """Create a workload and schedule its pods."""
        self.sets[each.name] = each
        self._settle([Seat(each.name, number) for number in range(each.replicas)])

    def delete(self, name: str) -> None:
        """Delete a workload, and try the waiting pods again."""
        for seat in [seat for seat in self._node_of if seat.name == name]:
            self._leave(seat)
        self._waiting = [seat for seat in self._waiting if seat.name != name]
        del self.sets[name]
        self.retry()

    def retry(self) -> None:
        """Schedule the waiting pods."""
        waiting, self._waiting = self._waiting, []
        self._settle(waiting)

    def running(self, each: Template) -> int:
        """Return how many pods of the workload have a node."""
        return self._running[each.name]

    def seats(self) -> Iterable[tuple[Template, int, int | None]]:
        """Yield every pod: workload, number, node or None."""
        for each in self.sets.values():
            for number in range(each.replicas):
                yield each, number, self._node_of.get(Seat(each.name, number))

    def placed(self, priorities: int) -> list[int]:
        """Return pods with a node per priority, highest first."""
        placed = Counter(self.sets[seat.name].priority for seat in self._node_of)
        return [placed[priority] for priority in range(priorities, 0, -1)]

    def _settle(self, queue: list[Seat]) -> None:
        while queue:
            seat = max(queue, key=lambda each: self.sets[each.name].priority)  # the first of equals
            queue.remove(seat)
            each = self.sets[seat.name]
            node = self._places.seat(each)
            if node is None and self.preemption:
                node, victims = self._preempt(each)
                queue += victims
                if node is not None:
                    self._places.put(each, node)
                    queue += self._waiting  # a deleted pod wakes the unschedulable ones
                    self._waiting = []
            if node is None:
                self._waiting.append(seat)
                continue
            self._node_of[seat] = node
            self._on[node][seat] = None
            self._running[seat.name] += 1

    def _leave(self, seat: Seat) -> None:
        node = self._node_of.pop(seat)
        del self._on[node][seat]
        self._places.take(self.sets[seat.name], node)
        self._running[seat.name] -= 1

    def _preempt(self, each: Template) -> tuple[int | None, list[Seat]]:
        """Remove the victims of the best node and return both; None where nothing helps."""
        admits = self._places.admitting(each)
        found = {node: self._victims(each, node) for node in range(len(self._on)) if admits[node]}
        ranks = {node: self._rank(them) for node, them in found.items() if them is not None}
        if not ranks:
            return None, []
        node = min(ranks, key=lambda node: (ranks[node], node))
        them = found[node] or _Victims(0, [])
        self.breaches += them.breaches
        for seat in them.seats:
            self._leave(seat)
        return node, them.seats

    def _rank(self, them: _Victims) -> tuple[int, int, int, int]:
        lost = [self.sets[seat.name].priority for seat in them.seats]
        return them.breaches, max(lost), sum(rank + 2**31 for rank in lost), len(lost)

    def _victims(self, each: Template, node: int) -> _Victims | None:
        """Return who has to go from the node, None if that does not help."""
        lower = [seat for seat in self._on[node] if self.sets[seat.name].priority < each.priority]
        free = self._places.free(node) - each.demand
        for seat in lower:
            free = free + self.sets[seat.name].demand
        if not lower or (free < 0).any():
            return None
        lower.sort(key=lambda seat: -self.sets[seat.name].priority)
        breaching = self._breaching(lower)
        gone = []
        for seat in sorted(lower, key=lambda seat: seat not in breaching):
            left = free - self.sets[seat.name].demand
            if (left >= 0).all():
                free = left
            else:
                gone.append(seat)
        return _Victims(sum(seat in breaching for seat in gone), gone) if gone else None

    def _breaching(self, seats: Iterable[Seat]) -> set[Seat]:
        """Return those of the seats that go beyond what their budget allows."""
        gone: Counter[str] = Counter()
        found = set()
        for seat in seats:
            each = self.sets[seat.name]
            gone[seat.name] += 1
            if each.budget and self._running[seat.name] - gone[seat.name] < each.replicas - 1:
                found.add(seat)
        return found
