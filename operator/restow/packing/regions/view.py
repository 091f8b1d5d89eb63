"""Relations as they look from inside a region, where everybody else stays."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from restow.packing.fill import Fill
from restow.packing.regions.inside import Pods
from restow.packing.relations import Exclusion, Spread


@dataclass(slots=True)
class View:
    """Relations as they look from inside.

    Parameters
    ----------
    position
        Index inside of the classes that the region may place.
    """

    position: Mapping[int, int]
    found: Mapping[int, Pods]
    fill: Fill
    inside: tuple[int, ...]
    barred: dict[int, set[int]] = field(default_factory=dict)

    def mine(self, classes: Iterable[int]) -> tuple[int, ...]:
        """Return the indices inside of those of `classes` that the region may place."""
        return tuple(sorted(self.position[c] for c in classes if c in self.position))

    def exclusion(self, relation: Exclusion) -> Iterator[Exclusion]:
        """Keep the pods from domains where others are that stay; yield what is left of it."""
        for classes, others in (
            (relation.carriers, relation.targets),
            (relation.targets, relation.carriers),
        ):
            taken = {relation.domains[n] for c in others for n, _ in self._staying(c)} - {-1}
            nodes = {n for n in self.inside if relation.domains[n] in taken}
            for c in classes if nodes else ():
                self.barred.setdefault(c, set()).update(nodes)
        carriers, targets = self.mine(relation.carriers), self.mine(relation.targets)
        if carriers and targets:
            domains = tuple(relation.domains[n] for n in self.inside)
            yield replace(relation, domains=domains, carriers=carriers, targets=targets)

    def spread(self, relation: Spread, *, carried: bool) -> Iterator[Spread]:
        """Count the others as fixed; yield what is left of it."""
        fixed = list(relation.fixed)
        for c in relation.counted:
            for n, count in self._staying(c):
                if relation.counts_on[n] and relation.domains[n] >= 0:
                    fixed[relation.domains[n]] += count
        yield replace(
            relation,
            domains=tuple(relation.domains[n] for n in self.inside),
            counts_on=tuple(relation.counts_on[n] for n in self.inside),
            carriers=self.mine(relation.carriers),
            counted=self.mine(relation.counted),
            fixed=tuple(fixed),
            carried=carried,
        )

    def _staying(self, c: int) -> Iterator[tuple[int, int]]:
        """Yield (node, number) of the pods of a class that are not the region's to place."""
        mine = self.found[c].there if c in self.position else {}
        for n, count in self.fill[c].items():
            if count > mine.get(n, 0):
                yield n, count - mine.get(n, 0)
