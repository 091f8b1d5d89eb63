"""Simulated annealing: pods change places, and nodes may overflow for a price on the way."""

from typing import NamedTuple

import numpy as np

from restow.packing.patterns.arrays import Floats, Ints, Level
from restow.packing.patterns.compiled import compiled, inlined

BITS = 31
"""Of a random number."""

UNLIKELY = 12.0
"""Losses of so many temperatures are refused unseen; one in 160,000 would be accepted."""


class Run(NamedTuple):
    """How to anneal.

    Parameters
    ----------
    loss, stray, row
        What a unit of loss, a running pod away from home, and a unit beyond a row or an area cost
        in shares of a node's room.
    hot, cold
        First and last temperature, likewise in shares of a node's room.
    steps
        Changes to try.
    known, enough
        The gain to beat, and the gain to stop at.
    """

    loss: float
    stray: float
    row: float
    hot: float
    cold: float
    steps: int
    known: int
    enough: int


class Change(NamedTuple):
    """Pod `pod` of class `c` goes from `old` to `new`, pod `other` of class `k` back; -1: none."""

    pod: int
    c: int
    other: int
    k: int
    old: int
    new: int


class Price(NamedTuple):
    """What a change does: to the energy, to the gain, and how old and new node overflow then."""

    worse: float
    gain: int
    over_old: float
    over_new: float


class State(NamedTuple):
    """Where every pod is, and what follows from it; sets of nodes have one node each here.

    Parameters
    ----------
    of, at
        (pods,) the class, and the node; -1 for none.
    there
        (classes, nodes) pods.
    left, over
        (nodes, resources) room left, negative where a node overflows; (nodes,) by what share of its
        room it does, all resources together.
    runs
        (classes,) 1 for running pods, 0 for pending ones.
    share
        (resources,) share of a node's room that one unit is.
    sums, more
        (rows,) present values of the rows, and what a change adds.
    areas
        (areas,) present values of the areas.
    seated
        (classes,) pods with a place.
    out
        Indices of the pods without a place, the first `tally[0]` of them.
    slot
        (pods,) where in `out` a pod is.
    tally
        [pods without a place, nodes that overflow, gain].
    best
        (pods,) `at` of the best state that breaks no limit.
    luck
        State of the random numbers.
    """

    of: Ints
    at: Ints
    there: Ints
    left: Ints
    over: Floats
    runs: Ints
    share: Floats
    sums: Ints
    more: Ints
    areas: Ints
    seated: Ints
    out: Ints
    slot: Ints
    tally: Ints
    best: Ints
    luck: Ints


@inlined
def draw(luck: Ints, below: int) -> int:
    """Return the next of a sequence of random numbers from 0 (xorshift)."""
    x = luck[0]
    x ^= (x << 13) & 0x7FFFFFFFFFFFFFFF
    x ^= x >> 7
    x ^= (x << 17) & 0x7FFFFFFFFFFFFFFF
    luck[0] = x
    return int(((x >> 16) & 0x7FFFFFFF) * below >> BITS)


@inlined
def overflow(level: Level, state: State, node: int, gone: int, come: int) -> float:
    """Return how `node` overflows when a pod of class `gone` leaves and one of `come` comes."""
    total = 0.0
    for r in range(state.share.shape[0]):
        left = state.left[node, r]
        if gone >= 0:
            left += level.pods.demand[gone, r]
        if come >= 0:
            left -= level.pods.demand[come, r]
        if left < 0:
            total -= left * state.share[r]
    return total


@inlined
def moved_by(level: Level, state: State, c: int, old: int, new: int) -> int:
    """Return how many more pods of class `c` are away from home when one goes to `new`."""
    moved = 0
    if old >= 0 and state.there[c, old] > level.nodes.home[old, c]:
        moved -= 1
    if new >= 0 and state.there[c, new] >= level.nodes.home[new, c]:
        moved += 1
    return moved


@inlined
def welcome(level: Level, state: State, c: int, old: int, new: int) -> bool:
    """Return whether a pod of class `c` may go from `old` to `new`; -1 is out."""
    if new < 0:
        return old < 0 or bool(state.seated[c] > level.pods.least[c])
    return bool(state.there[c, new] < level.nodes.home[new, c] + level.nodes.comers[new, c])


@inlined
def partner(level: Level, state: State, pod: int) -> tuple[int, int]:
    """Draw (other pod or -1, node): where `pod` is to go, and who goes the other way."""
    pods, nodes = state.of.shape[0], state.left.shape[0]
    kind = draw(state.luck, 8)
    c, at = state.of[pod], state.at[pod]
    if at >= 0:
        if kind < 3:
            return -1, draw(state.luck, nodes)
        if kind == 3 and state.tally[0] > 0:
            return state.out[draw(state.luck, state.tally[0])], -1
        if kind == 4 and state.there[c, at] > level.nodes.home[at, c]:
            node = draw(state.luck, nodes)
            for k in range(nodes):
                n = (node + k) % nodes
                if state.there[c, n] < level.nodes.home[n, c]:
                    return -1, n
    other = draw(state.luck, pods)
    return other, state.at[other]


@inlined
def propose(level: Level, state: State) -> Change:
    """Draw a change; one with `old` equal to `new` is none."""
    pod = draw(state.luck, state.of.shape[0])
    other, new = partner(level, state, pod)
    old, c = state.at[pod], state.of[pod]
    k = state.of[other] if other >= 0 else -1
    if k == c or not welcome(level, state, c, old, new):
        new = old
    if k >= 0 and not welcome(level, state, k, new, old):
        new = old
    return Change(pod, c, other, k, old, new)


@inlined
def counted(level: Level, a: int, c: int) -> bool:
    """Return whether pods of class `c` count in area `a`."""
    for k in range(level.areas.first[a], level.areas.first[a + 1]):
        if level.areas.member[k] == c:
            return True
    return False


@inlined
def change_of(level: Level, a: int, do: Change) -> int:
    """Return what the pod of class `do.c` adds to area `a` by its change of place."""
    more = 0
    if do.new >= 0:
        more += level.areas.where[a, do.new]
    if do.old >= 0:
        more -= level.areas.where[a, do.old]
    return more


@inlined
def excess(level: Level, state: State, do: Change) -> int:
    """Return by how much areas are beyond their limits more than before."""
    worse, areas = 0, level.areas
    for k in range(areas.start[do.c], areas.start[do.c + 1]):
        a = areas.area[k]
        more = change_of(level, a, do)
        if more != 0 and not (do.k >= 0 and counted(level, a, do.k)):
            over = state.areas[a] - areas.most[a]
            worse += max(0, over + more) - max(0, over)
    if do.k >= 0:
        for k in range(areas.start[do.k], areas.start[do.k + 1]):
            a = areas.area[k]
            more = change_of(level, a, do)
            if more != 0 and not counted(level, a, do.c):
                over = state.areas[a] - areas.most[a]
                worse += max(0, over - more) - max(0, over)
    return worse


@inlined
def weigh(level: Level, state: State, run: Run, do: Change) -> Price:
    """Return what a change does; what it adds to the rows is in `state.more`."""
    worse, over_old, over_new = 0.0, 0.0, 0.0
    if do.old >= 0:
        over_old = overflow(level, state, do.old, do.c, do.k)
        worse += over_old - state.over[do.old]
    if do.new >= 0:
        over_new = overflow(level, state, do.new, do.k, do.c)
        worse += over_new - state.over[do.new]
    placed = int(do.new >= 0) - int(do.old >= 0)
    moved, back = moved_by(level, state, do.c, do.old, do.new), 0
    gain = placed * level.gain.placed[do.c] + moved * level.gain.moved[do.c]
    worse += run.stray * moved * state.runs[do.c]
    if do.k >= 0:
        back = moved_by(level, state, do.k, do.new, do.old)
        gain += back * level.gain.moved[do.k] - placed * level.gain.placed[do.k]
        worse += run.stray * back * state.runs[do.k]
    for r in range(state.sums.shape[0]):
        more = placed * level.rows.placed[r, do.c] + moved * level.rows.moved[r, do.c]
        if do.k >= 0:
            more += back * level.rows.moved[r, do.k] - placed * level.rows.placed[r, do.k]
        over = state.sums[r] - level.rows.most[r]
        worse += run.row * (max(0, over + more) - max(0, over))
        state.more[r] = more
    if state.areas.shape[0]:
        worse += run.row * excess(level, state, do)
    return Price(worse - run.loss * gain, gain, over_old, over_new)


@inlined
def enter(level: Level, state: State, pod: int, new: int) -> None:
    """Book that `pod` goes to `new`; how nodes overflow, and the sums, are not kept."""
    c, old = state.of[pod], state.at[pod]
    for k in range(level.areas.start[c], level.areas.start[c + 1]):
        a = level.areas.area[k]
        if old >= 0:
            state.areas[a] -= level.areas.where[a, old]
        if new >= 0:
            state.areas[a] += level.areas.where[a, new]
    if old >= 0:
        state.there[c, old] -= 1
        state.seated[c] -= 1
        for r in range(state.share.shape[0]):
            state.left[old, r] += level.pods.demand[c, r]
    if new >= 0:
        state.there[c, new] += 1
        state.seated[c] += 1
        for r in range(state.share.shape[0]):
            state.left[new, r] -= level.pods.demand[c, r]
    state.at[pod] = new


@inlined
def note(state: State, node: int, over: float) -> None:
    """Book that `node` overflows by `over`."""
    if node >= 0:
        state.tally[1] += int(over > 0) - int(state.over[node] > 0)
        state.over[node] = over


@inlined
def exchange_out(state: State, gone: int, come: int) -> None:
    """Put `gone` in the list of pods out where `come` was."""
    place = state.slot[come]
    state.out[place] = gone
    state.slot[gone] = place


@inlined
def carry_out(level: Level, state: State, do: Change, price: Price) -> None:
    """Book a change."""
    enter(level, state, do.pod, do.new)
    if do.other >= 0:
        enter(level, state, do.other, do.old)
    note(state, do.old, price.over_old)
    note(state, do.new, price.over_new)
    state.tally[2] += price.gain
    for r in range(state.sums.shape[0]):
        state.sums[r] += state.more[r]
    if do.new < 0:
        exchange_out(state, do.pod, do.other)
    elif do.old < 0:
        exchange_out(state, do.other, do.pod)


@inlined
def accepts(state: State, worse: float, temperature: float) -> bool:
    """Return whether a change that makes things so much worse is made."""
    if worse <= 0:
        return True
    if worse > UNLIKELY * temperature:
        return False
    return bool(draw(state.luck, 1 << BITS) < np.exp(-worse / temperature) * (1 << BITS))


@inlined
def beyond(level: Level, state: State) -> int:
    """Return how many rows and areas exceed their limits."""
    found = 0
    for r in range(state.sums.shape[0]):
        found += int(state.sums[r] > level.rows.most[r])
    for a in range(state.areas.shape[0]):
        found += int(state.areas[a] > level.areas.most[a])
    return found


@compiled
def anneal(level: Level, state: State, run: Run) -> int:
    """Return the best gain found, at least `run.known`; its state is in `state.best`."""
    cooling = (run.cold / run.hot) ** (256.0 / max(256, run.steps))
    temperature, best = run.hot, run.known
    for k in range(run.steps):
        if k % 256 == 255:
            temperature *= cooling
        do = propose(level, state)
        if do.old == do.new:
            continue
        price = weigh(level, state, run, do)
        if not accepts(state, price.worse, temperature):
            continue
        carry_out(level, state, do, price)
        if state.tally[1] == 0 and state.tally[2] > best and not beyond(level, state):
            best = state.tally[2]
            for p in range(state.at.shape[0]):
                state.best[p] = state.at[p]
            if best >= run.enough:
                break
    return best
