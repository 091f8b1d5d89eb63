"""The variables of the CP-SAT model, and the counts that are linear in them."""

from collections.abc import Callable, Iterable
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Values of `Variables.stay` and `Variables.arrive` in a hint, of what is derived from them."""

    stay: dict[Key, int]
    arrive: dict[Key, int]
    derived: dict[int, int] = field(default_factory=dict)

    def held(self, classes: Iterable[int], nodes: Iterable[int]) -> int:
        """Return how many pods of `classes` are on `nodes`."""
        keys = [(c, n) for c in classes for n in nodes]
        return sum(self.stay.get(key, 0) + self.arrive.get(key, 0) for key in keys)

    def value(self, variable: cp_model.IntVar) -> int:
        """Return the value of a variable that has been derived already."""
        return self.derived[variable.index]


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
    derived
        Variables of the encoders, each with its value in a hint; in the order they were made.
    """

    problem: Problem
    proto: cp_model.CpModel = field(default_factory=cp_model.CpModel)
    stay: dict[Key, cp_model.IntVar] = field(default_factory=dict)
    arrive: dict[Key, cp_model.IntVar] = field(default_factory=dict)
    receives: dict[int, cp_model.IntVar] = field(default_factory=dict)
    touched: dict[int, cp_model.IntVar] = field(default_factory=dict)
    moves: dict[int, cp_model.IntVar] = field(default_factory=dict)
    derived: list[tuple[cp_model.IntVar, Callable[[Counts], int]]] = field(default_factory=list)
    _any: dict[tuple[bool, tuple[Key, ...]], cp_model.IntVar] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make stayers up to the pods at home, arrivals up to what class and empty node allow."""
        self.home = stay_fill(self.problem)
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

    def present(self, classes: Iterable[int], nodes: Iterable[int]) -> int:
        """Return how many pods of `classes` run on `nodes` now."""
        return sum(self.home[c].get(n, 0) for c in classes for n in nodes)

    def stayed(self, classes: Iterable[int], nodes: Iterable[int]) -> Linear:
        """Return how many pods of `classes` stay on `nodes`."""
        return total(self.stay[key] for key in _keys(classes, nodes) if key in self.stay)

    def arrived(self, classes: Iterable[int], nodes: Iterable[int]) -> Linear:
        """Return how many pods of `classes` arrive on `nodes`."""
        return total(self.arrive[key] for key in _keys(classes, nodes) if key in self.arrive)

    def held(self, classes: Iterable[int], nodes: Iterable[int]) -> Linear:
        """Return how many pods of `classes` are on `nodes` at the end."""
        return self.stayed(classes, nodes) + self.arrived(classes, nodes)

    def bar(self, classes: Iterable[int], nodes: Iterable[int]) -> None:
        """Let no pod of `classes` arrive on `nodes`."""
        for key in _keys(classes, nodes):
            if key in self.arrive:
                self.proto.add(self.arrive[key] == 0)

    def any_arrival(self, classes: Iterable[int], nodes: Iterable[int]) -> cp_model.IntVar | None:
        """Return a literal that is true if a pod of `classes` arrives; None if none can."""
        keys = tuple(key for key in _keys(classes, nodes) if key in self.arrive)
        return self._any_of(keys, arriving=True)

    def any_stay(self, classes: Iterable[int], nodes: Iterable[int]) -> cp_model.IntVar | None:
        """Return a literal that is true if a pod of `classes` stays; None if none can."""
        keys = tuple(key for key in _keys(classes, nodes) if key in self.stay)
        return self._any_of(keys, arriving=False)

    def derive(self, variable: cp_model.IntVar, value: Callable[[Counts], int]) -> None:
        """Say what a variable of an encoder is worth in a hint."""
        self.derived.append((variable, value))

    def _any_of(self, keys: tuple[Key, ...], *, arriving: bool) -> cp_model.IntVar | None:
        if not keys:
            return None
        variables = self.arrive if arriving else self.stay
        if (known := self._any.get((arriving, keys))) is not None:
            return known
        literal = self._any[arriving, keys] = self.proto.new_bool_var("")
        for key in keys:
            self.proto.add(variables[key] <= variables[key].proto.domain[1] * literal)
        self.derive(
            literal,
            lambda counts: any(
                (counts.arrive if arriving else counts.stay).get(key, 0) for key in keys
            ),
        )
        return literal


def _keys(classes: Iterable[int], nodes: Iterable[int]) -> list[Key]:
    return [(c, n) for c in sorted(classes) for n in nodes]
