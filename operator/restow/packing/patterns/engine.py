"""The pattern engine: one goal at a time, by annealing, prices and set partition."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from restow.packing.effort import Answer, Effort, Engine
from restow.packing.fill import Fill
from restow.packing.goals import Goal, Hold
from restow.packing.patterns.arrays import Ints
from restow.packing.patterns.bounding import Bounding, Used
from restow.packing.patterns.branching import Branching
from restow.packing.patterns.closing import close
from restow.packing.patterns.diving import Dive
from restow.packing.patterns.frame import Frame, frame_of
from restow.packing.patterns.legality import legal
from restow.packing.patterns.meter import Meter
from restow.packing.patterns.narrowing import Narrowed, narrow
from restow.packing.patterns.repairing import Regret, repaired
from restow.packing.patterns.shaking import Shaking, gain_at
from restow.packing.patterns.stage import Stage, stage_of
from restow.packing.patterns.unfold import counts_of, folded, unfold, whole
from restow.packing.problem import Problem

DESCENT = 60
"""Steps of the first descent; each later one at the same level is longer."""

FIRST_RUNS, RUNS, PLACING = 3, 6, 8
"""Runs of annealing before the first descent, before each later one, and before the first one
where pods are to be placed: prices help less there."""

LOWERING = 0.4
"""Share of what is left for one descent."""

FEW = 6
"""Nodes that are solved again at a time."""

TRIES = 2
"""Dives, and repairs to no avail, in the first round; twice as many in each later one."""

PATIENCE, PATIENT = 3, 4
"""Rounds without a gain before CP-SAT on the classes has a go, and where pods are to go home."""


RELATED = 0.5
"""Share of the effort kept for CP-SAT on the classes where there are relations: it knows all of
what they say."""


class Patterns:
    """An engine for problems that `frame.supports`.

    Parameters
    ----------
    fallback
        Makes the engine for goals that are no sum over pods (NODES), and for time left over.
    """

    near = False
    one_in = 3

    def __init__(self, problem: Problem, fallback: Callable[[Problem], Engine]) -> None:
        self._problem = problem
        self._frame = frame_of(problem)
        self._make = fallback
        self._fallback: Engine | None = None
        self._holds: list[Hold | None] = []
        self._names: dict[int, int] = {}

    def hold(self, hold: Hold) -> int:
        """Put `hold` in force and return the name by which `drop` takes it out of force."""
        self._holds.append(hold)
        name = len(self._holds) - 1
        if self._fallback is not None:
            self._names[name] = self._fallback.hold(hold)
        return name

    def drop(self, name: int) -> None:
        """Take a hold out of force."""
        self._holds[name] = None
        if self._fallback is not None:
            self._fallback.drop(self._names[name])

    def optimise(
        self,
        goal: Goal,
        *,
        hint: Fill,
        limit: int,
        effort: Effort,
        nodes: frozenset[int] | None = None,
    ) -> Answer:
        """Solve for `goal` from `hint`, which must satisfy every hold in force.

        Parameters
        ----------
        limit
            A value that cannot be bettered; reaching it ends the search with a proof.
        nodes
            As `Model.optimise` has it.
        """
        if goal.touched or nodes is not None:
            return self._ask_fallback(goal, hint, limit, effort, nodes)
        meter = Meter(effort)
        holds = [hold for hold in self._holds if hold is not None]
        keep = RELATED * meter.left() if self._problem.relations else 0.0
        search = _Search(self._problem, self._frame, _Task(goal, holds, hint, limit), meter, keep)
        search.run()
        bound = search.stage.value(search.top)
        if search.gain < search.top and not meter.over():
            answer = self._ask_fallback(goal, search.fill, bound, meter.rest(1.0), None)
            meter.book(answer.spent)
            return Answer(
                fill=answer.fill or search.fill,
                bound=goal.tighter(bound, answer.bound),
                spent=meter.spent,
            )
        return Answer(fill=search.fill, bound=bound, spent=meter.spent)

    def _ask_fallback(
        self, goal: Goal, hint: Fill, limit: int, effort: Effort, nodes: frozenset[int] | None
    ) -> Answer:
        if self._fallback is None:
            self._fallback = engine = self._make(self._problem)
            self._names = {
                name: engine.hold(hold) for name, hold in enumerate(self._holds) if hold is not None
            }
        return self._fallback.optimise(goal, hint=hint, limit=limit, effort=effort, nodes=nodes)


@dataclass(frozen=True, slots=True)
class _Task:
    """What `Patterns.optimise` is asked."""

    goal: Goal
    holds: list[Hold]
    hint: Fill
    limit: int


class _Search:
    """One level: the best placement and the best bound, drawing near to one another."""

    def __init__(
        self, problem: Problem, frame: Frame, task: _Task, meter: Meter, keep: float
    ) -> None:
        self._problem = problem
        self._frame = frame
        self._meter = meter
        self._keep = keep
        self._holds = task.holds
        self.fill = task.hint
        self.stage: Stage = stage_of(frame, task.goal, task.holds)
        self.top = self.stage.gain(task.limit)
        there = counts_of(task.hint, len(problem.capacity))[:, self.stage.classes]
        self._shaking = Shaking(self.stage.level, there, meter, meter.effort.seed)
        self._bounding: Bounding | None = None
        self._branching: Branching | None = None
        self._presolved = False
        self._dives = 0
        self.gain = self._shaking.gain

    def run(self) -> None:
        """Search until the level is proven, the effort is spent, or nothing helps any more."""
        moving = bool(self.stage.level.gain.moved.any())
        patience = PATIENT if moving else PATIENCE
        idle, steps, runs, tries = 0, DESCENT, FIRST_RUNS, TRIES
        while not self._done() and idle < patience:
            before = (self.gain, self.top)
            first = steps == DESCENT
            self._shake(runs)
            if first:
                self._narrow()
                self._shake(0 if moving else PLACING)
            self._lower(steps)
            self._dive(tries)
            self._repair(tries)
            while not self._done() and self._close():
                pass
            self._branch()
            steps, runs, tries = 2 * steps, RUNS, 2 * tries
            idle = 0 if (self.gain, self.top) != before else idle + 1

    def _done(self) -> bool:
        return self.gain >= self.top or self._meter.left() <= self._keep

    def _shake(self, runs: int) -> None:
        for run in range(runs):
            if self._done():
                return
            far = (self.top, (self.gain + self.top + 1) // 2, self.gain + 1)[run % 3]
            if self._shaking.improve(far):
                self._adopt(self._shaking.there)

    def _narrow(self) -> None:
        if self._done():
            return
        self._take(narrow(self.stage.merged, self.top, self.gain, self._meter))

    def _branch(self) -> None:
        if self._done():
            return
        if self._branching is None:
            self._branching = Branching(self.stage.merged, self._meter)
        self._take(self._branching.narrow(self.top, self.gain))

    def _take(self, narrowed: Narrowed) -> None:
        self.top = narrowed.top
        if narrowed.patterns is not None:
            self._adopt(unfold(self.stage, narrowed.patterns))

    def _lower(self, steps: int) -> None:
        if self._done():
            return
        if self._bounding is None:
            self._bounding = Bounding(self.stage.merged, self._meter, self._folded)
        until = (1 - LOWERING) * self._meter.left()
        self._bounding.descend(self.gain + 1, steps, until=until)
        if self._bounding.bound > self.gain:
            self._bounding.solve(self.gain + 1, steps, until=until)
        self.top = max(self.gain, min(self.top, self._bounding.bound))

    def _dive(self, tries: int) -> None:
        """Look for placements near the linear program's."""
        for _ in range(tries):
            if self._done() or self._bounding is None or not self._bounding.columns:
                return
            dive = Dive(self.stage.merged, self._bounding.columns, self._meter, self._dives)
            self._dives += 1
            used = dive.run()
            if used is None:
                return
            there = unfold(self.stage, used)
            self._adopt(there)
            if not self._done() and self._shaking.mend(there, self.top):
                self._adopt(self._shaking.there)

    def _repair(self, tries: int) -> None:
        """Solve a few nodes at a time again, as long as that helps."""
        if self._done() or self._bounding is None or not self.stage.level.gain.moved.any():
            return
        level, rng = self.stage.level, np.random.default_rng(self._dives)
        if len(level.nodes.number) <= FEW:
            return
        regret = Regret(self.stage, self._bounding.descent)
        while tries > 0 and not self._done():
            there, before = self._shaking.there, self.gain
            better = repaired(level, there, regret.draw(there, FEW, rng), self._meter)
            if better is not None:
                self._adopt(better)
            tries -= self.gain == before

    def _folded(self) -> Used:
        return folded(self.stage, self._shaking.there)

    def _close(self) -> bool:
        """Decide whether the bound is reached; return whether that was decided."""
        if self._bounding is None:
            return False
        closed = close(
            self.stage.merged,
            self._bounding.descent,
            self.top,
            self._meter,
            presolved=self._presolved,
        )
        if closed.impossible:
            self.top = max(self.gain, self.top - 1)
            return True
        if closed.patterns is None:
            self._presolved ^= closed.tried
            return False
        there = unfold(self.stage, closed.patterns)
        self._adopt(there)
        return self.gain >= self.top

    def _adopt(self, there: Ints) -> None:
        """Take over a better placement of the classes that count, if others can live with it."""
        gain = gain_at(self.stage.level, there)
        if gain <= self.gain or (there.sum(axis=0) < self.stage.level.pods.least).any():
            return
        fill = whole(self._problem, self._frame, self.stage, there, self.fill)
        if not legal(self._problem, fill) or not all(
            hold.met(self._problem, fill) for hold in self._holds
        ):
            return
        self.gain, self.fill = gain, fill
        self._shaking.restart(there)
