"""The best column of each node under prices, exactly, in integers.

A grid over two resources holds, for every amount of room, what arrivals in it can be worth at most.
It rules out most sets of pods that might leave; of the others the best arrivals are sought in whole
amounts of every resource. A search that takes too long ends with what no column can surpass.
"""

from restow.packing.clearing.ground import DEEP, Grid, Ints, Task
from restow.packing.patterns.compiled import compiled, inlined

LIMIT = 20_000
"""Steps of the search on one node."""

SHIFT = 12
"""Bits after the point of what a cell of the grid is worth."""


@compiled
def appraise(cells: Ints, price: Ints, top: Ints, worth: Ints) -> None:
    """Fill in what the room of each cell is worth at most: any number of each offer.

    Parameters
    ----------
    cells
        (offers, 2) that one takes, rounded down, not both 0.
    """
    for i in range(top[0] + 1):
        for j in range(top[1] + 1):
            most = 0
            if i > 0:
                most = worth[(i - 1) * (top[1] + 1) + j]
            if j > 0:
                most = max(most, worth[i * (top[1] + 1) + j - 1])
            for k in range(price.shape[0]):
                if cells[k, 0] <= i and cells[k, 1] <= j:
                    before = worth[(i - cells[k, 0]) * (top[1] + 1) + j - cells[k, 1]]
                    most = max(most, before + price[k])
            worth[i * (top[1] + 1) + j] = most


@inlined
def along(grid: Grid, rooms: Ints, depth: int, axis: int) -> int:
    """Return the cell of room along an axis."""
    amount = max(0, rooms[depth, grid.axis[axis]])
    cell: int = min(amount // grid.step[axis], grid.top[axis])
    return cell


@inlined
def at_most(grid: Grid, rooms: Ints, depth: int, way: int) -> int:
    """Return what room is worth at most, as one direction has it."""
    cells = 0
    if way != 1:
        cells += along(grid, rooms, depth, 0)
    if way != 0:
        cells += along(grid, rooms, depth, 1)
    worth: int = ((grid.slope[way] * cells) >> SHIFT) + 1
    return worth


@inlined
def prospects(task: Task, node: int) -> None:
    """Fill in what departures may bring beyond their fee, from each pod of the node on."""
    ground, grid, rest = task.ground, task.grid, task.room.rest
    first, pods = ground.start[node], ground.start[node + 1] - ground.start[node]
    for way in range(3):
        rest[way, pods] = 0
        for k in range(pods - 1, -1, -1):
            cells = 0
            if way != 1:
                cells += ground.wide[first + k, 0]
            if way != 0:
                cells += ground.wide[first + k, 1]
            gain = ((grid.slope[way] * cells) >> SHIFT) + 1 - task.fee[first + k]
            rest[way, k] = rest[way, k + 1] + max(0, gain)


@inlined
def best_of(task: Task, depth: int, turn: int) -> int:
    """Return what no column with the departures so far, and some from `turn` on, can surpass."""
    best = 1 << 62
    for way in range(3):
        if task.grid.slope[way] >= 0:
            value = at_most(task.grid, task.room.room, depth, way)
            best = min(best, value - task.room.paid[depth] + task.room.rest[way, turn])
    return best


@inlined
def may_come(task: Task, node: int, depth: int, offer: int) -> bool:
    """Whether one more of an offer may arrive."""
    offers, room = task.offers, task.room
    fits: bool = offers.welcome[offer, node] == 1
    for r in range(offers.need.shape[1]):
        if offers.need[offer, r] > room.left[depth, r]:
            fits = False
    already = 0
    for k in range(depth):
        if room.used[k] == offer:
            already += 1
    return fits and already < offers.most[offer]


@inlined
def record(task: Task, node: int, gone: int, come: int) -> None:
    """Keep the column with the first so many departures and arrivals."""
    found, room = task.found, task.room
    found.value[node] = room.got[come] - room.paid[gone]
    found.gone[node, 0], found.come[node, 0] = gone, come
    for k in range(gone):
        found.gone[node, k + 1] = room.leaves[k]
    for k in range(come):
        found.come[node, k + 1] = room.used[k]


@inlined
def receive(task: Task, node: int, gone: int) -> None:
    """Find the best arrivals in the room that the departures so far leave."""
    offers, grid, room, found = task.offers, task.grid, task.room, task.found
    for r in range(offers.need.shape[1]):
        room.left[0, r] = room.room[gone, r]
    room.got[0], room.at[0] = 0, 0
    depth = 0
    while depth >= 0:
        deeper = False
        while room.at[depth] < offers.price.shape[0] and not deeper:
            offer = room.at[depth]
            room.at[depth] += 1
            room.state[0] += 1
            if may_come(task, node, depth, offer):
                for r in range(offers.need.shape[1]):
                    room.left[depth + 1, r] = room.left[depth, r] - offers.need[offer, r]
                value = room.got[depth] + offers.price[offer]
                cell = along(grid, room.left, depth + 1, 0) * (grid.top[1] + 1)
                cell += along(grid, room.left, depth + 1, 1)
                if value + grid.worth[cell] - room.paid[gone] > found.value[node]:
                    room.used[depth], room.got[depth + 1] = offer, value
                    if value - room.paid[gone] > found.value[node]:
                        record(task, node, gone, depth + 1)
                    if depth + 1 < DEEP:
                        room.at[depth + 1] = offer
                        deeper = True
                    else:
                        room.state[1] = 1
        depth += 1 if deeper else -1
        if room.state[0] > LIMIT:
            room.state[1] = 1
            depth = -1


@inlined
def leave(task: Task, node: int, depth: int) -> bool:
    """Let the next pod leave whose departure may pay; return whether there is one."""
    ground, room = task.ground, task.room
    first, pods = ground.start[node], ground.start[node + 1] - ground.start[node]
    turn = room.turn[depth]
    if turn >= pods or best_of(task, depth, turn) <= task.found.value[node]:
        return False
    room.turn[depth] = turn + 1
    room.leaves[depth] = turn
    for r in range(ground.need.shape[1]):
        room.room[depth + 1, r] = room.room[depth, r] + ground.need[first + turn, r]
    room.paid[depth + 1] = room.paid[depth] + task.fee[first + turn]
    room.turn[depth + 1] = turn + 1
    return True


@compiled
def search(task: Task, first: int, last: int) -> None:
    """Find the best column of each node from `first` to before `last`."""
    ground, grid, room, found = task.ground, task.grid, task.room, task.found
    for node in range(first, last):
        found.value[node], found.more[node] = 0, 0
        found.gone[node, 0], found.come[node, 0] = 0, 0
        room.state[0], room.state[1] = 0, 0
        prospects(task, node)
        for r in range(ground.free.shape[1]):
            room.room[0, r] = ground.free[node, r]
        room.paid[0], room.turn[0] = 0, 0
        depth, fresh = 0, True
        while depth >= 0:
            if fresh:
                room.state[0] += 1
                cell = along(grid, room.room, depth, 0) * (grid.top[1] + 1)
                cell += along(grid, room.room, depth, 1)
                if grid.worth[cell] - room.paid[depth] > found.value[node]:
                    receive(task, node, depth)
            fresh = depth < DEEP and leave(task, node, depth)
            if depth == DEEP:
                room.state[1] = 1
            depth += 1 if fresh else -1
            if room.state[0] > LIMIT:
                room.state[1] = 1
                depth = -1
        if room.state[1] == 1:
            found.more[node] = max(0, best_of(task, 0, 0) - found.value[node])
