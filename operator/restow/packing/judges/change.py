"""What happens to the pods of each class, from the present to the end state that is judged."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from restow.packing.problem import Problem
from restow.packing.relations import Domains


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Where the pods are now and at the end.

    Parameters
    ----------
    now, then
        (classes,) node index to number of pods; nodes without pods may be absent.
    """

    problem: Problem
    now: Sequence[Mapping[int, int]]
    then: Sequence[Mapping[int, int]]

    def arrivals(self, c: int) -> Iterator[tuple[int, int]]:
        """Yield (node, number) where class `c` has more pods at the end than now."""
        for node, count in self.then[c].items():
            if (more := count - self.now[c].get(node, 0)) > 0:
                yield node, more

    def stays(self, c: int) -> Iterator[tuple[int, int]]:
        """Yield (node, number) of pods of class `c` that are where they were."""
        for node, count in self.now[c].items():
            if (same := min(count, self.then[c].get(node, 0))) > 0:
                yield node, same

    def end(self, c: int) -> Iterator[tuple[int, int]]:
        """Yield (node, number) of pods of class `c` at the end."""
        return ((node, count) for node, count in self.then[c].items() if count)


def tally(pairs: Iterable[tuple[int, int]], domains: Domains) -> Counter[int]:
    """Return the number of pods per domain; nodes in none are left out."""
    found: Counter[int] = Counter()
    for node, count in pairs:
        if domains[node] >= 0:
            found[domains[node]] += count
    return found
