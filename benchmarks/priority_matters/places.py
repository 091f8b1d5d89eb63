"""The books of a stand-in for kube-scheduler on nodes of any size, with pools, taints and spread.

Not the real one. Fit of every resource, node selectors, taints, anti-affinity and topology spread
of a workload with itself; scores LeastAllocated and BalancedAllocation of CPU and memory; ties go
to the first node.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from benchmarks.priority_matters.workloads import ZONES, Site, Template

Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


class Places:
    """Free room per node, and where the pods of each workload with rules are."""

    def __init__(self, sites: Sequence[Site]) -> None:
        self._room: Rows = np.array([site.room for site in sites], np.int64)
        self._free = self._room.copy()
        self._zone = np.array([site.zone for site in sites])
        self._pool = np.array([site.pool for site in sites])
        self._clean = np.array([not site.tainted for site in sites])
        self._at: defaultdict[str, Counter[int]] = defaultdict(Counter)

    def seat(self, each: Template) -> int | None:
        """Return the node of the workload's next pod, booked; None if nothing holds it."""
        left = self._free - np.array(each.demand)
        fits = (left >= 0).all(axis=1) & self.admitting(each)
        if not fits.any():
            return None
        share = left[:, :2] / self._room[:, :2]
        score = share.sum(axis=1) / 2 - abs(share[:, 0] - share[:, 1]) / 2
        node = int(np.argmax(np.where(fits, score, -np.inf)))
        self.put(each, node)
        return node

    def admitting(self, each: Template) -> Mask:
        """Return which nodes every rule but the room admits."""
        asked = np.ones(len(self._free), bool) if each.pool is None else self._pool == each.pool
        admits: Mask = asked if each.tolerates else asked & self._clean
        if not (each.apart or each.spread):
            return admits
        taken = np.zeros(len(self._free), np.int64)
        for node, count in self._at[each.name].items():
            taken[node] = count
        if each.apart:
            admits = admits & (taken == 0)
        if each.spread:  # a zone of tainted nodes counts (nodeTaintsPolicy Ignore)
            counts = np.bincount(self._zone, weights=taken, minlength=ZONES)
            eligible = np.unique(self._zone[asked])
            least = counts[eligible].min() if eligible.size else 0
            admits = admits & (counts <= least)[self._zone]
        return admits

    def free(self, node: int) -> Rows:
        """Return what is free on the node; not to be changed."""
        row: Rows = self._free[node]
        return row

    def put(self, each: Template, node: int) -> None:
        """Book a pod on the node."""
        self._free[node] -= each.demand
        if each.apart or each.spread:
            self._at[each.name][node] += 1

    def take(self, each: Template, node: int) -> None:
        """Take a pod off the node."""
        self._free[node] += each.demand
        if each.apart or each.spread:
            self._at[each.name][node] -= 1
