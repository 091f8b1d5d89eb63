"""The pods of one class that are inside a region, and which of them are the region's to place."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Pods:
    """The pods of one class, as far as they are inside.

    Parameters
    ----------
    running, pending
        What the region may place: where they run now, and how many have no node.
    there
        Where it has placed them so far.
    held
        Others of the class inside.
    """

    running: dict[int, int] = field(default_factory=dict)
    pending: int = 0
    there: dict[int, int] = field(default_factory=dict)
    held: dict[int, int] = field(default_factory=dict)

    @property
    def free(self) -> bool:
        """Whether the region has anything of the class to place."""
        return bool(self.running or self.pending)

    def moved(self) -> int:
        """Return how many of the running ones are on another node than now."""
        return sum(max(0, k - self.running.get(n, 0)) for n, k in self.there.items())

    def lost(self) -> int:
        """Return how many of the running ones have no place."""
        return sum(self.running.values()) - sum(self.there.values())


def split(home: dict[int, int], there: dict[int, int], waiting: int) -> Pods:
    """Tell the running pods that are the region's from those that came or went over its border."""
    over = {n: k - home.get(n, 0) for n, k in there.items() if k > home.get(n, 0)}
    short = {n: k - there.get(n, 0) for n, k in home.items() if k > there.get(n, 0)}
    came = sum(over.values()) - sum(short.values())
    held = dict(_taken(over, max(0, came)))
    gone = dict(_taken(short, max(0, -came - waiting)))
    return Pods(
        running={n: k - gone.get(n, 0) for n, k in home.items() if k > gone.get(n, 0)},
        there={n: k - held.get(n, 0) for n, k in there.items() if k > held.get(n, 0)},
        held=held,
    )


def _taken(counts: Mapping[int, int], most: int) -> Iterator[tuple[int, int]]:
    """Yield `most` of the counts, from the first node on."""
    for node in sorted(counts):
        take = min(most, counts[node])
        if take:
            yield node, take
            most -= take
