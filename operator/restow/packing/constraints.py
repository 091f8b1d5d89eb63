"""The families of constraints, one function each."""

from itertools import pairwise
from math import gcd

from restow.packing import ranks
from restow.packing.classes import node_classes, order_weights
from restow.packing.variables import Linear, Variables, total


def hold_capacity(x: Variables) -> None:
    """No node above its capacity; an overfull one may keep what it has but receives nothing.

    Each row is divided by the greatest common divisor of its demands, which loses nothing.
    """
    loads: dict[int, list[tuple[int, Linear]]] = {}
    for variables in (x.stay, x.arrive):
        for (c, n), variable in variables.items():
            loads.setdefault(n, []).append((c, variable))
    for n, parts in sorted(loads.items()):
        if x.overfull(n):
            _watch_arrivals(x, n)
        for r, room in enumerate(x.problem.capacity[n]):
            needs = [(x.problem.classes[c].demand[r], pods) for c, pods in parts]
            unit = gcd(*(need for need, _ in needs))
            if not unit:
                continue
            load = total((need // unit) * pods for need, pods in needs)
            excess = -(min(0, x.free[n][r]) // unit)
            if x.overfull(n):
                load += excess * (x.receives[n] - 1)
            x.proto.add(load <= room // unit)


def _watch_arrivals(x: Variables, node: int) -> None:
    """Make a literal that is true if any pod arrives at `node`."""
    x.receives[node] = x.proto.new_bool_var("")
    for (_, n), arrive in x.arrive.items():
        if n == node:
            x.proto.add(arrive <= arrive.proto.domain[1] * x.receives[node])


def balance_classes(x: Variables) -> None:
    """No more pods of a class than there are; all of them if they may not be evicted."""
    for c, pods in enumerate(x.problem.classes):
        if pods.running and pods.movable and not pods.evictable:
            x.proto.add(x.placed(c) == pods.count)
        elif x.arrivals[c]:
            x.proto.add(x.placed(c) <= pods.count)


def respect_budgets(x: Variables) -> None:
    """Disruptions per budget, moves in sequence counting as one (or all at once)."""
    members: dict[int, list[int]] = {}
    for c, pods in enumerate(x.problem.classes):
        for b in pods.budgets if pods.running else ():
            members.setdefault(b, []).append(c)
    for b, classes in sorted(members.items()):
        allowed = x.problem.budgets[b]
        moved: Linear = total(x.moved(c) for c in classes)
        evicted: Linear = total(x.evicted(c) for c in classes)
        if allowed == 0 or not x.problem.sequential_budgets:
            x.proto.add(moved + evicted <= allowed)
            continue
        x.moves[b] = x.proto.new_bool_var("")
        x.proto.add(moved <= sum(x.problem.classes[c].count for c in classes) * x.moves[b])
        x.proto.add(evicted + x.moves[b] <= allowed)


def respect_limits(x: Variables) -> None:
    """Move and evict no more pods than the plan may."""
    running = [c for c, pods in enumerate(x.problem.classes) if pods.running]
    if x.problem.max_moves is not None:
        x.proto.add(total(x.moved(c) for c in running) <= x.problem.max_moves)
    if x.problem.max_evictions is not None:
        x.proto.add(total(x.evicted(c) for c in running) <= x.problem.max_evictions)


def justify_evictions(x: Variables) -> None:
    """Evict only for a higher tier, or, one for one, for a higher rank of the same group."""
    classes = x.problem.classes
    for (tier, _), members in ranks.groups(x.problem).items():
        higher = [c for c, p in enumerate(classes) if p.tier < tier and p.pending and p.preempts]
        above: Linear = total(x.placed(c) for c in higher)
        for rank in ranks.ranks(x.problem, members):
            mortal = [c for c in ranks.running(x.problem, members, rank) if classes[c].evictable]
            if not mortal:
                continue
            evicted: Linear = total(x.evicted(c) for c in mortal)
            rivals: Linear = total(x.placed(c) for c in ranks.challengers(x.problem, members, rank))
            x.proto.add(evicted <= rivals + sum(classes[c].count for c in mortal) * above)


def break_symmetry(x: Variables) -> list[list[int]]:
    """Order interchangeable nodes by weighted load, the fullest first, and return their sets."""
    sets = node_classes(x.problem)
    weights = order_weights(x.problem)
    loads: dict[int, list[Linear]] = {n: [] for members in sets for n in members}
    for variables in (x.stay, x.arrive):
        for (c, n), variable in variables.items():
            if n in loads:
                loads[n].append(weights[c] * variable)
    for members in sets:
        for one, two in pairwise(members):
            if loads[one]:
                x.proto.add(total(loads[one]) >= total(loads[two]))
    return sets
