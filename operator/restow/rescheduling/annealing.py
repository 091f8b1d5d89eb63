"""Simulated annealing over who is where, with every size as it is: no grid, no holes.

What free room is worth grows in steps, which says nothing between two of them. So annealing climbs
a smooth worth: a part of a copy counts as well, little while it is small, almost all where next to
nothing is lacking. That draws free room together.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from restow.packing.patterns.annealing import BITS, draw
from restow.packing.patterns.compiled import compiled, inlined
from restow.rescheduling.problem import Ints

AWAY, HOMEWARD, PAIRS, ELSEWHERE, SWAPS, BOTH_AWAY = 7, 12, 14, 16, 17, 19
"""Of twenty changes, which kinds are what: below the first, anybody goes anywhere; then one that is
away goes on, then home; of pairs, one that is away goes home, and another takes its place, or goes
elsewhere; then two change places, the one anybody, then both away.
"""

TOUCHED = 4
"""Nodes that one change concerns at most."""


class Shapes(NamedTuple):
    """What room is for: one line for each place of a node where a copy could stand.

    Parameters
    ----------
    request
        (lines, resources).
    weight, most
        (lines,) gain of a copy, and how many count.
    part
        Worth of a copy for which next to nothing is lacking; the square of what there is of it
        counts.
    wait
        Price of a node whose arrivals have to wait until somebody has left it.
    """

    request: Ints
    weight: Ints
    most: Ints
    part: float
    wait: float


class Movers(NamedTuple):
    """Who may move.

    Parameters
    ----------
    size
        (ways, resources) what one takes in each way to stand.
    way, modes
        (movers,) the first of a mover's ways, and how many there are.
    home, stands, fee
        (movers,) where it is now, how it stands there, and worth that is paid if it moves.
    may
        (answers, nodes) who may be where, and `answer`, (movers,) which line counts.
    """

    size: Ints
    way: Ints
    modes: Ints
    home: Ints
    stands: Ints
    fee: Ints
    may: NDArray[np.bool_]
    answer: Ints


class State(NamedTuple):
    """Where every mover is, and what follows from it.

    Parameters
    ----------
    at, mode
        (movers,) node, and how it stands there.
    free, room
        (nodes, resources) what is left, and what is left at the start for those who come.
    worth, smooth
        (nodes,) of it.
    away, slot
        Movers that are not at home, the first `tally[0]` count; (movers,) where in it one is.
    tally
        [movers away, gain, most gained, movers away then].
    best_at, best_mode
        (movers,) of the state that gained most, with the fewest away.
    touched
        [TOUCHED] nodes of a change.
    luck
        State of the random numbers.
    """

    at: Ints
    mode: Ints
    free: Ints
    room: Ints
    worth: Ints
    smooth: NDArray[np.float64]
    away: Ints
    slot: Ints
    tally: Ints
    best_at: Ints
    best_mode: Ints
    touched: Ints
    luck: Ints


class Run(NamedTuple):
    """How to anneal: temperature, price of a migration, limit, and changes to try.

    Parameters
    ----------
    limit, most
        Migrations of a plan, and of a state on the way to one.
    """

    heat: float
    price: float
    limit: int
    most: int
    steps: int


class Change(NamedTuple):
    """`one` goes to `node` in `mode`, `other` to `back` in `stand`; nobody where it is -1."""

    one: int
    node: int
    mode: int
    other: int
    back: int
    stand: int


class Stay(NamedTuple):
    """A mover on a node, standing there in a mode."""

    mover: int
    node: int
    mode: int


@compiled
def survey(shapes: Shapes, state: State) -> None:
    """Fill in what every node is worth."""
    for node in range(state.free.shape[0]):
        state.worth[node], state.smooth[node] = value(shapes, state, node)


@compiled
def anneal(shapes: Shapes, movers: Movers, state: State, run: Run) -> None:
    """Try changes, and keep those that gain, or lose little."""
    for _ in range(run.steps):
        do = propose(movers, state)
        if do.node < 0:
            continue
        moved, fee = paid(movers, state, do)
        if state.tally[0] + moved > run.most or not fits(movers, state, do):
            continue
        shift(movers, state, do, 1)
        if feasible(movers, state, do):
            touched = touch(state, do)
            gain, climb = -fee, -fee - run.price * moved
            for k in range(touched):
                worth, smooth = value(shapes, state, state.touched[k])
                gain += worth - state.worth[state.touched[k]]
                climb += smooth - state.smooth[state.touched[k]]
            if accepted(state, climb, run.heat):
                for k in range(touched):
                    node = state.touched[k]
                    state.worth[node], state.smooth[node] = value(shapes, state, node)
                settle(movers, state, run.limit, do, gain)
                continue
        shift(movers, state, do, -1)


@inlined
def value(shapes: Shapes, state: State, node: int) -> tuple[int, float]:
    """Return what a node's room is worth, in whole copies and smoothly."""
    free, worth, smooth = state.free, 0, 0.0
    for r in range(free.shape[1]):
        if state.room[node, r] < 0:
            smooth = -shapes.wait
    for line in range(shapes.request.shape[0]):
        copies = shapes.most[line]
        for r in range(free.shape[1]):
            asked = shapes.request[line, r]
            if asked > 0:
                copies = min(copies, max(0, free[node, r]) // asked)
        part = 1.0 if copies < shapes.most[line] else 0.0
        for r in range(free.shape[1]):
            asked = shapes.request[line, r]
            if asked > 0:
                part = min(part, (free[node, r] - copies * asked) / asked)
        part = max(0.0, part)
        worth += copies * shapes.weight[line]
        smooth += (copies + shapes.part * part * part) * shapes.weight[line]
    return worth, smooth


@inlined
def propose(movers: Movers, state: State) -> Change:
    """Draw a change; one to node -1 is none."""
    kind = draw(state.luck, 20) if state.tally[0] > 0 else 0
    one, node = draw(state.luck, state.at.shape[0]), draw(state.luck, state.free.shape[0])
    if AWAY <= kind < PAIRS or kind == BOTH_AWAY:
        one = state.away[draw(state.luck, state.tally[0])]
    mode = draw(state.luck, movers.modes[one])
    if HOMEWARD <= kind < PAIRS:
        node, mode = movers.home[one], movers.stands[one]
    if kind < PAIRS:
        return Change(one, node if node != state.at[one] else -1, mode, -1, -1, 0)
    other = state.away[draw(state.luck, state.tally[0])]
    back, stand = movers.home[other], movers.stands[other]
    if kind >= SWAPS:
        back, stand = state.at[one], draw(state.luck, movers.modes[other])
    if kind != ELSEWHERE:
        node = state.at[other]
    if one == other or node == state.at[one] or back == state.at[other]:
        node = -1
    return Change(one, node, mode, other, back, stand)


@inlined
def paid(movers: Movers, state: State, do: Change) -> tuple[int, int]:
    """Return how many more are away after a change, and what more is paid for it."""
    moved = int(do.node != movers.home[do.one]) - int(state.at[do.one] != movers.home[do.one])
    fee = moved * movers.fee[do.one]
    if do.other >= 0:
        more = int(do.back != movers.home[do.other])
        more -= int(state.at[do.other] != movers.home[do.other])
        moved, fee = moved + more, fee + more * movers.fee[do.other]
    return moved, fee


@inlined
def fits(movers: Movers, state: State, do: Change) -> bool:
    """Return whether a change is worth a try: both may be there, one alone finds room."""
    if not may(movers, do.one, do.node, do.mode):
        return False
    if do.other >= 0:
        return may(movers, do.other, do.back, do.stand)
    for r in range(state.free.shape[1]):
        come = movers.size[movers.way[do.one] + do.mode, r]
        if come > 0 and come > state.free[do.node, r]:
            return False
    return True


@inlined
def may(movers: Movers, mover: int, node: int, mode: int) -> bool:
    """Return whether a mover may be on a node: at home, only as it stands there now."""
    home = node != movers.home[mover] or mode == movers.stands[mover]
    return bool(home and movers.may[movers.answer[mover], node])


@inlined
def feasible(movers: Movers, state: State, do: Change) -> bool:
    """Return whether no node is overfilled by those who come, once the change is made."""
    for r in range(state.free.shape[1]):
        come = movers.size[movers.way[do.one] + do.mode, r]
        if come > 0 and state.free[do.node, r] < 0:
            return False
        if do.other >= 0:
            come = movers.size[movers.way[do.other] + do.stand, r]
            if come > 0 and state.free[do.back, r] < 0:
                return False
    return True


@inlined
def shift(movers: Movers, state: State, do: Change, sign: int) -> None:
    """Change the room that is left, or take it back with -1."""
    take(movers, state, Stay(do.one, state.at[do.one], state.mode[do.one]), -sign)
    take(movers, state, Stay(do.one, do.node, do.mode), sign)
    if do.other >= 0:
        take(movers, state, Stay(do.other, state.at[do.other], state.mode[do.other]), -sign)
        take(movers, state, Stay(do.other, do.back, do.stand), sign)


@inlined
def take(movers: Movers, state: State, stay: Stay, sign: int) -> None:
    """Let a mover take room, or give it back with -1."""
    way = movers.way[stay.mover] + stay.mode
    for r in range(state.free.shape[1]):
        state.free[stay.node, r] -= sign * movers.size[way, r]
        if stay.node != movers.home[stay.mover]:
            state.room[stay.node, r] -= sign * movers.size[way, r]


@inlined
def touch(state: State, do: Change) -> int:
    """Write down which nodes a change concerns, each once; return how many."""
    touched = 2
    state.touched[0], state.touched[1] = state.at[do.one], do.node
    if do.other >= 0:
        for node in (state.at[do.other], do.back):
            known = False
            for k in range(touched):
                known = known or state.touched[k] == node
            if not known:
                state.touched[touched] = node
                touched += 1
    return touched


@inlined
def accepted(state: State, climb: float, heat: float) -> bool:
    """Return whether a change is kept."""
    return climb >= 0 or bool(draw(state.luck, 1 << BITS) < np.exp(climb / heat) * (1 << BITS))


@inlined
def settle(movers: Movers, state: State, limit: int, do: Change, gain: int) -> None:
    """Keep a change whose room has been changed."""
    place(movers, state, do.one, do.node, do.mode)
    if do.other >= 0:
        place(movers, state, do.other, do.back, do.stand)
    tally = state.tally
    tally[1] += gain
    better = tally[1] > tally[2] or (tally[1] == tally[2] and tally[0] < tally[3])
    if better and tally[0] <= limit:
        tally[2], tally[3] = tally[1], tally[0]
        for mover in range(state.at.shape[0]):
            state.best_at[mover], state.best_mode[mover] = state.at[mover], state.mode[mover]


@inlined
def place(movers: Movers, state: State, mover: int, node: int, mode: int) -> None:
    """Write down where a mover is."""
    state.at[mover], state.mode[mover] = node, mode
    away, slot = node != movers.home[mover], state.slot[mover]
    if away and slot < 0:
        state.slot[mover] = state.tally[0]
        state.away[state.tally[0]] = mover
        state.tally[0] += 1
    elif not away and slot >= 0:
        state.tally[0] -= 1
        last = state.away[state.tally[0]]
        state.away[slot], state.slot[last] = last, slot
        state.slot[mover] = -1
