"""The variables of the CP-SAT model, and the counts that are linear in them."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ortools.sat.python import cp_model

from restow.packing.bounds import fits
from restow.packing.fill import free_room, stay_fill
from restow.packing.problem import Problem

Key = tuple[int, int]
"""Class index and node index."""

Linear = cp_model.LinearExpr


def total(parts: Iterable[Linear | int]) -> Linear:
    """Return the sum of `parts` as an expression, also of none."""
    return cp_model.LinearExpr.sum([0, *parts])


@dataclass(kw_only=True)
class Variables:
    """Integer variables of one Problem.

    Parameters
    ----------
    stay
        Per class and node, how many of the pods running there stay.
    arrive
        Per class and node, how many pods come there: pending ones, or running ones of other nodes.
    receives, touched, moves
        Literals: the overfull node receives a pod; the node is arrived at or left; a pod of the
        budget moves. Made by the constraints that need them.
    """

    problem: Problem
    proto: cp_model.CpModel = field(default_factory=cp_model.CpModel)
    stay: dict[Key, cp_model.IntVar] = field(default_factory=dict)
    arrive: dict[Key, cp_model.IntVar] = field(default_factory=dict)
    receives: dict[int, cp_model.IntVar] = field(default_factory=dict)
    touched: dict[int, cp_model.IntVar] = field(default_factory=dict)
    moves: dict[int, cp_model.IntVar] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make stayers up to the pods at home, arrivals up to what class and empty node allow."""
        self.home = [dict(pods.running) for pods in self.problem.classes]
        self.free = free_room(self.problem, stay_fill(self.problem))
        self.stays: list[list[cp_model.IntVar]] = [[] for _ in self.problem.classes]
        self.arrivals: list[list[cp_model.IntVar]] = [[] for _ in self.problem.classes]
        for c, pods in enumerate(self.problem.classes):
            for n, count in pods.running:
                self.stay[c, n] = self.proto.new_int_var(0 if pods.movable else count, count, "")
                self.stays[c].append(self.stay[c, n])
            for n in pods.allowed if pods.pending or pods.movable else ():
                if most := fits(pods.demand, self.problem.capacity[n], pods.count):
                    self.arrive[c, n] = self.proto.new_int_var(0, most, "")
                    self.arrivals[c].append(self.arrive[c, n])

    def overfull(self, node: int) -> bool:
        """Return whether the running pods of `node` exceed its capacity."""
        return min(self.free[node], default=0) < 0

    def placed(self, c: int) -> Linear:
        """Return the number of pods of class `c` with a place."""
        return total([*self.stays[c], *self.arrivals[c]])

    def moved(self, c: int) -> Linear:
        """Return the number of running pods of class `c` on another node than now."""
        return total(self.arrivals[c] if self.problem.classes[c].running else ())

    def evicted(self, c: int) -> Linear:
        """Return the number of running pods of class `c` without a place."""
        pods = self.problem.classes[c]
        return pods.count - self.placed(c) if pods.running else total(())

    def watch_nodes(self) -> None:
        """Make, once, a literal per node that is true if a pod arrives there or leaves."""
        if self.touched:
            return
        changes: dict[int, list[tuple[Linear, int]]] = {}
        for (_, n), arrive in self.arrive.items():
            changes.setdefault(n, []).append((arrive, arrive.proto.domain[1]))
        for (c, n), stay in self.stay.items():
            home = self.home[c][n]
            changes.setdefault(n, []).append((home - stay, home))
        for n, parts in sorted(changes.items()):
            self.touched[n] = self.proto.new_bool_var("")
            for change, most in parts:
                self.proto.add(change <= most * self.touched[n])
