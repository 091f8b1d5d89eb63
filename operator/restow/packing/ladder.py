"""Climbing level by level: one goal at a time, never losing the best placement found."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count

from restow.packing import bounds
from restow.packing.clearing.engine import cleared, clears
from restow.packing.effort import Answer, Effort, Engine
from restow.packing.fill import Fill, moves, placement_of
from restow.packing.goals import Goal, Hold
from restow.packing.incumbent import tidied
from restow.packing.neighbourhood import neighbourhoods
from restow.packing.outcome import Level, LevelKind, Placement
from restow.packing.problem import Problem

NEAR_SHARE = 0.25
NEAR_PARTS = 4
NEAR_TRIES = 6
"""Share of a level's time for neighbourhoods, how many of them fit in at least, and how many in a
row may gain nothing. On 64 GPU nodes they turn 32 moves unproven into 3 proven in 3.4 s; on 21
instances of 8 nodes of grid A a share of 0.2 saves a quarter of the moves and costs one proof."""

NEAR_COST = 0.03
"""What a call on a neighbourhood costs beside its search: 0.03 s at 32 nodes, 0.1 s at 64."""

CLEARING, DEAR = 0.9, 4
"""Share of a level for columns of many nodes, before the engine; so many levels count like it."""

LEAST = 0.01
"""Least seconds worth a call of the solver; building and presolve alone take about that."""

FIRST, FIRST_S = 0.5, 0.05
"""Share of all time for the first placement, and the least seconds: an answer there must be. Where
not all pods fit on 1,000 nodes it needs 0.6 to 0.8 s and places more than regions do by then."""

TIDY = 0.1
"""Share of all time for tidying one placement."""

TURNS_PER_S = 20_000
"""Turns of the search for the first placement in a second, or more."""

Report = Callable[[Fill, tuple[Level, ...]], None]
"""Is told the incumbent: a fill that keeps every rule, and that nobody changes later. With the
levels that count moves as far as there are bounds for them, valid for it."""


def untold(_fill: Fill, _levels: tuple[Level, ...]) -> None:
    """Tell nobody."""


@dataclass(kw_only=True)
class Budget:
    """Time for all levels; deterministic time instead of seconds when asked for."""

    total: float
    deterministic: bool
    seed: int
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._start = self.clock()
        self._spent = 0.0

    def left(self) -> float:
        """Return what is left, in seconds or in deterministic time."""
        return self.total - self.spent()

    def spent(self) -> float:
        """Return what is used up, in seconds or in deterministic time."""
        return self._spent if self.deterministic else self.wall_s()

    def spend(self, deterministic: float) -> None:
        """Book deterministic time."""
        self._spent += deterministic

    def effort(self, amount: float) -> Effort:
        """Return an effort of `amount`, in the unit of the budget."""
        if self.deterministic:
            return Effort(seconds=None, work=amount, seed=self.seed)
        return Effort(seconds=amount, work=None, seed=self.seed)

    def keep(self, seconds: float) -> None:
        """Keep seconds for what comes after the search; where work counts, seconds do not."""
        if not self.deterministic:
            self.total -= min(seconds, self.total)

    def patience(self, share: float, least: float = 0.0) -> Callable[[], bool]:
        """Return what tells a search by rules of thumb that its share of the budget is used up.

        A share of the seconds, as far as they are left, but `least` seconds in any case; or of so
        many turns where answers must be repeatable.
        """
        amount = max(least, share * self.total)
        if self.deterministic:
            turns = count(1)
            return lambda: next(turns) > amount * TURNS_PER_S
        end = self.clock() + max(least, min(amount, self.left()))
        return lambda: self.clock() > end

    def wall_s(self) -> float:
        """Return the seconds since the start."""
        return self.clock() - self._start


def budget_of(effort: Effort) -> Budget:
    """Return the effort as a budget that begins now."""
    if effort.seconds is None:
        return Budget(total=effort.work or 0.0, deterministic=True, seed=effort.seed)
    return Budget(total=effort.seconds, deterministic=False, seed=effort.seed)


class Ladder:
    """The state between levels: the incumbent, the holds in force, and the time.

    Parameters
    ----------
    engine
        Makes the engine when the first level needs one; None to use cheap bounds only.
    report
        Is told the first incumbent, each better one, and what there is before each level.
    """

    def __init__(
        self,
        problem: Problem,
        start: Fill,
        budget: Budget,
        *,
        engine: Callable[[Problem], Engine] | None,
        report: Report = untold,
    ) -> None:
        self.problem = problem
        self.incumbent = start
        self.trusted = True
        self._proven = True
        self._budget = budget
        self._to_come = 0
        self._excess = 0.0  # seconds that a call took beyond those it was given
        self._make = engine
        self._surrogates = bounds.Surrogates(problem)
        self._model: Engine | None = None
        self._beyond: int | None = None  # bound of the level being climbed, with nodes elsewhere
        self._holds: list[tuple[Hold, int | None]] = []
        self._report = report
        self._moving: dict[int | None, Level] = {}
        self._tell(start)

    def expect(self, levels: int) -> None:
        """Share the time that is left over so many levels that may need the engine."""
        self._to_come = levels

    def climb(self, goal: Goal) -> Level:
        """Improve `goal` within the holds; return its value, bound and proof. Holds nothing."""
        self._to_come -= 1
        self._tell(self.incumbent)
        value, self._beyond = goal.value(self.problem, self.incumbent), None
        limit = bounds.at_best(self.problem, goal, self._in_force(), self._surrogates)
        if goal.better(limit, value):
            limit = self._solve(goal, limit)
            value = goal.value(self.problem, self.incumbent)
        self._proven = self._proven and value == limit
        level = Level(
            kind=goal.kind,
            tier=goal.tier,
            value=value,
            bound=limit,
            proven=self._proven,
            beyond=self._beyond,
        )
        if goal.kind is LevelKind.MOVE:
            self._moving[goal.tier] = level
        return level

    def glance(self, goal: Goal) -> Level:
        """Climb a level that is not reported; what comes after is trusted only if it is proven."""
        level = self.climb(goal)
        self.trusted = self.trusted and level.value == level.bound
        return level

    def freeze(self, goal: Goal, level: Level) -> Hold:
        """Hold `goal` between the level's value and its bound: exactly, when it is proven."""
        least = level.value if goal.maximise else level.bound
        most = level.bound if goal.maximise else level.value
        return self.hold(Hold(goal=goal, at_least=least, at_most=most))

    def hold(self, hold: Hold) -> Hold:
        """Put `hold` in force; the incumbent must satisfy it."""
        if hold.goal.placed or hold.goal.moved or hold.goal.touched:
            self._holds.append((hold, self._model.hold(hold) if self._model else None))
        return hold

    def drop(self, hold: Hold) -> None:
        """Take `hold` out of force."""
        for index, (each, active) in enumerate(self._holds):
            if each is hold:
                if self._model and active is not None:
                    self._model.drop(active)
                del self._holds[index]
                return

    def placement(self) -> Placement:
        """Return the incumbent."""
        return placement_of(self.incumbent)

    def _solve(self, goal: Goal, limit: int) -> int:
        """Call the solver, adopt what is better, and return the best bound known."""
        if self._budget.left() < LEAST + self._excess or self._make is None:
            return limit
        if self._model is None:
            self._model = model = self._make(self.problem)
            self._holds = [(hold, model.hold(hold)) for hold, _ in self._holds]
        clearing = clears(self.problem, goal)
        one_in = self._model.one_in * (DEAR if clearing else 1)
        share = self._budget.left() / (1 + max(0, self._to_come) / one_in)
        if share < LEAST + self._excess:
            return limit
        end = self._budget.left() - share
        if clearing:
            limit = self._clear(goal, limit, end)
        if self._model.near:
            limit = self._search_near(goal, limit, self._model, end)
        left = self._budget.left() - end - self._excess
        if left < LEAST or not goal.better(limit, goal.value(self.problem, self.incumbent)):
            return limit
        effort = self._budget.effort(left)
        return goal.tighter(limit, self._ask(goal, limit, self._model, effort).bound)

    def _in_force(self) -> list[Hold]:
        return [hold for hold, _ in self._holds]

    def _clear(self, goal: Goal, limit: int, end: float) -> int:
        """Look for columns that make room, adopt what is better, and return the bound."""
        effort = self._budget.effort(CLEARING * (self._budget.left() - end - self._excess))

        def tell(fill: Fill | None, bound: int, beyond: int | None) -> None:
            best = self.incumbent if fill is None else fill
            self._moving[goal.tier] = Level(
                kind=goal.kind,
                tier=goal.tier,
                value=goal.value(self.problem, best),
                bound=goal.tighter(limit, bound),
                proven=False,
                beyond=beyond,
            )
            self._tell(best)

        found = cleared(self.problem, goal, self._in_force(), self.incumbent, effort, tell)
        self._beyond = found.beyond
        self._budget.spend(found.spent)
        if found.fill is not None:
            self._adopt(goal, found.fill)
        return goal.tighter(limit, found.bound)

    def _ask(
        self,
        goal: Goal,
        limit: int,
        model: Engine,
        effort: Effort,
        nodes: frozenset[int] | None = None,
    ) -> Answer:
        """Call the engine once and adopt what is better."""
        began = self._budget.wall_s()
        answer = model.optimise(goal, hint=self.incumbent, limit=limit, effort=effort, nodes=nodes)
        self._budget.spend(answer.spent)
        if effort.seconds is not None:
            took = self._budget.wall_s() - began
            self._excess = max(self._excess, took - effort.seconds)
        if answer.fill is not None:
            self._adopt(goal, answer.fill)
        return answer

    def _search_near(self, goal: Goal, limit: int, model: Engine, end: float) -> int:
        """Improve on a few nodes at a time: fast, and it disturbs fewer pods than at large.

        Measured in deterministic time only, so that a clock does not decide which of several
        equal plans is found; `end` is where the budget must not fall below. Returns the bound.
        """
        purse = NEAR_SHARE * self._budget.total / (1 + max(0, self._to_come) / model.one_in)
        every, tries = len(self.problem.capacity), 0
        part = max(LEAST, purse / NEAR_PARTS)
        for nodes in neighbourhoods(self.problem, goal, lambda: self.incumbent, self._budget.seed):
            value = goal.value(self.problem, self.incumbent)
            left = self._budget.left() - end - self._excess
            spare = purse > 0 and left > LEAST and tries < NEAR_TRIES
            if not (spare and goal.better(limit, value)):
                break
            work = purse if len(nodes) == every else part
            answer = self._ask(
                goal, limit, model, replace(self._budget.effort(left), work=work), nodes
            )
            limit = goal.tighter(limit, answer.bound)
            purse -= NEAR_COST + answer.spent
            gained = goal.better(goal.value(self.problem, self.incumbent), value)
            tries = 0 if gained else tries + 1
        return limit

    def _adopt(self, goal: Goal, fill: Fill) -> None:
        """Take over `fill`, tidied if that breaks no hold, if it beats the incumbent.

        Of equal values, fewer moves win: they leave less to do for the levels to come.
        """
        candidates = [fill]
        if self._budget.left() > 0:
            candidates.insert(0, tidied(self.problem, fill, self._budget.patience(TIDY)))
        for candidate in candidates:
            if self._key(goal, candidate) < self._key(goal, self.incumbent) and all(
                hold.met(self.problem, candidate) for hold, _ in self._holds
            ):
                self.incumbent = candidate
                self._tell(candidate)

    def _tell(self, fill: Fill) -> None:
        self._report(fill, tuple(self._moving.values()))

    def _key(self, goal: Goal, fill: Fill) -> tuple[int, int]:
        value = goal.value(self.problem, fill)
        moved = sum(moves(self.problem, fill, c) for c in range(len(self.problem.classes)))
        return (-value if goal.maximise else value), moved
