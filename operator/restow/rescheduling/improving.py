"""Plans by annealing, for pods of so many sizes that columns are of few of them."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from typing import Self

import numpy as np

from restow.packing.patterns.compiled import COMPILES
from restow.packing.patterns.meter import Meter
from restow.rescheduling.annealing import (
    TOUCHED,
    Movers,
    Run,
    Shapes,
    State,
    anneal,
    survey,
)
from restow.rescheduling.ordering import Hole, Leaving, Step, order
from restow.rescheduling.problem import Ints, Problem

HOT, COLD = 0.06, 0.007
"""First and last temperature, in copies of the dearest shape."""

PRICE = 0.02
"""What a migration costs at first and at least, likewise."""

PART = 0.8
"""Worth of a copy for which next to nothing is lacking."""

WAIT = 0.05
"""Price of a node whose arrivals have to wait: every wave takes its time."""

STEPS = 200_000
"""Changes that are tried at one temperature, some 8 ms."""

STEPS_PER_S = 20_000_000
"""At which rate work is booked."""

BEYOND, RISE = 1.25, 1.05
"""States on the way may have that many times the limit's migrations; and by how much a migration
costs more after each round that ends beyond the limit, and less after any other.
"""

LONG, WORK = 0.9, 0.4
"""Shares of what is left: of seconds, beside everything else, and of work, in its turn."""

UNCOUNTED = 1 << 40
"""More copies than fit anywhere."""

Told = Callable[[tuple[Step, ...]], int]
"""Is told steps, and returns the most that any told so far have gained."""


class Improving:
    """Annealing from how things are.

    Parameters
    ----------
    seed
        Of the random numbers.
    """

    def __init__(self, problem: Problem, seed: int) -> None:
        self._problem = problem
        self._shapes = _shapes(problem)
        self._movers, self._who = _movers(problem)
        self._state = _state(problem, self._movers, seed)
        self._one = float(self._shapes.weight.max(initial=1))
        self._price = PRICE
        survey(self._shapes, self._state)

    def run(self, meter: Meter, share: float, over: Callable[[], bool]) -> None:
        """Anneal for a share of what is left, or until it is over."""
        begin = meter.left()
        while not over():
            done = (begin - meter.left()) / max(1e-9, share * begin)
            if done >= 1:
                return
            self.step(done)
            meter.book(STEPS / STEPS_PER_S)

    def step(self, done: float) -> None:
        """Try changes at the temperature for when that share of the time is over."""
        heat = HOT * (COLD / HOT) ** done * self._one
        limit = self._problem.limit
        run = Run(heat, self._price * self._one, limit, int(limit * BEYOND), STEPS)
        anneal(self._shapes, self._movers, self._state, run)
        self._price *= RISE if self._state.tally[0] > limit else 1 / RISE
        self._price = min(1.0, max(PRICE, self._price))

    @property
    def gain(self) -> int:
        """Return what the best state gains."""
        return int(self._state.tally[2])

    @property
    def away(self) -> int:
        """Return how many movers are elsewhere in the best state."""
        return int((self._state.best_at != self._movers.home).sum())

    def steps(self) -> tuple[Step, ...]:
        """Return the migrations of the best state, without those for which there is no order."""
        state, problem = self._state, self._problem
        leaving, holes = [], []
        for i in np.flatnonzero(state.best_at != self._movers.home).tolist():
            mover = problem.movers[self._who[i]]
            place = problem.needs(mover.kind, int(state.best_mode[i]))
            leaving.append(
                Leaving(node=mover.node, needs=mover.kind, candidates=[int(self._who[i])])
            )
            holes.append(Hole(node=int(state.best_at[i]), needs=mover.kind, place=place))
        return order(problem, leaving, holes).steps


class Beside:
    """Annealing while something else is done, on a core of its own; its plan is told at the end.

    Where work is counted it is done in a turn of its own, not beside: answers must not depend on
    the machine.
    """

    def __init__(self, problem: Problem, meter: Meter, tell: Told) -> None:
        self._meter, self._tell = meter, tell
        self._annealing = Improving(problem, meter.effort.seed) if suits(problem) else None
        self._needless = Event()
        self._pool = ThreadPoolExecutor(max_workers=1)
        self._done: Future[None] | None = None

    def __enter__(self) -> Self:
        """Begin, where seconds are counted."""
        if self._annealing is not None and self._meter.effort.work is None:
            self._done = self._pool.submit(self._annealing.run, self._meter, LONG, self._over)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Wait for the end, unless the plan is needless, and tell it."""
        if kind is not None:
            self._needless.set()
        self._pool.shutdown()
        if kind is None and self._done is not None and self._annealing is not None:
            self._done.result()
            self._tell(self._annealing.steps())

    def turn(self) -> None:
        """Anneal now, where work is counted, and once."""
        if self._annealing is not None and self._done is None:
            self._annealing.run(self._meter, WORK, self._meter.over)
            self._tell(self._annealing.steps())
            self._annealing = None

    def stop(self) -> None:
        """Say that nobody needs the plan any more."""
        self._needless.set()

    def _over(self) -> bool:
        return self._needless.is_set() or self._meter.over()


def suits(problem: Problem) -> bool:
    """Return whether annealing knows all that a plan is judged by, and is fast enough."""
    grouped = {mover for group in problem.groups for mover in group.movers}
    free = len(grouped) < len(problem.movers)
    return COMPILES and free and bool(problem.shapes) and not any(problem.emptied)


def _shapes(problem: Problem) -> Shapes:
    lines = [(shape, request) for shape in problem.shapes for request in shape.requests]
    return Shapes(
        np.array([request for _, request in lines], np.int64),
        np.array([shape.weight for shape, _ in lines], np.int64),
        np.array([UNCOUNTED if shape.most is None else shape.most for shape, _ in lines], np.int64),
        PART,
        WAIT * max(shape.weight for shape in problem.shapes),
    )


def _movers(problem: Problem) -> tuple[Movers, Ints]:
    """Return those that may move, and their indices; who is in a group stays."""
    grouped = {mover for group in problem.groups for mover in group.movers}
    who = [m for m in range(len(problem.movers)) if m not in grouped]
    first = np.cumsum([0, *(len(kind.modes) for kind in problem.kinds)])
    answers = {nodes: n for n, nodes in enumerate(dict.fromkeys(k.nodes for k in problem.kinds))}
    nodes = range(len(problem.free))
    here = [problem.movers[m] for m in who]
    return (
        Movers(
            np.array([mode for kind in problem.kinds for mode in kind.modes], np.int64),
            np.array([first[mover.kind] for mover in here], np.int64),
            np.array([len(problem.kinds[mover.kind].modes) for mover in here], np.int64),
            np.array([mover.node for mover in here], np.int64),
            np.array([mover.mode for mover in here], np.int64),
            np.array([mover.fee for mover in here], np.int64),
            np.array([[allowed is None or n in allowed for n in nodes] for allowed in answers]),
            np.array([answers[problem.kinds[mover.kind].nodes] for mover in here], np.int64),
        ),
        np.array(who, np.int64),
    )


def _state(problem: Problem, movers: Movers, seed: int) -> State:
    count, nodes = len(movers.home), len(problem.free)
    (luck,) = np.random.SeedSequence(seed).generate_state(1, np.uint64).tolist()
    return State(
        at=movers.home.copy(),
        mode=movers.stands.copy(),
        free=np.array(problem.free, np.int64),
        room=np.array(problem.free, np.int64),
        worth=np.zeros(nodes, np.int64),
        smooth=np.zeros(nodes),
        away=np.zeros(count, np.int64),
        slot=np.full(count, -1, np.int64),
        tally=np.zeros(4, np.int64),
        best_at=movers.home.copy(),
        best_mode=movers.stands.copy(),
        touched=np.zeros(TOUCHED, np.int64),
        luck=np.array([luck >> 2 | 1], np.int64),
    )
