"""The model of the paper, for comparison: one boolean per pod and node, two phases per priority.

Per priority from the highest: place as many pods of this priority or higher as possible; then, of
the running ones among them, maximise +1 for each that stays, -1 for each that moves, -2 for each
that is evicted. Each phase is held by equality when proven, by a bound otherwise; it gets an equal
share of the time left. One worker, as for our engine.
"""

import time
from dataclasses import dataclass

from ortools.sat.python import cp_model

from restow.packing.problem import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """One pod; `home` is None while pending."""

    demand: tuple[int, ...]
    tier: int
    home: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Counts per tier, highest first; `proven` for every phase of every tier."""

    placed: list[int]
    bound: list[int]
    proven: bool
    moves: int
    evictions: int


class _Phases:
    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.pods = _pods(problem)
        self.nodes = range(len(problem.capacity))
        self.where: list[int | None] = [pod.home for pod in self.pods]
        self.model = cp_model.CpModel()
        self.x = [[self.model.new_bool_var("") for _ in self.nodes] for _ in self.pods]
        for row in self.x:
            self.model.add_at_most_one(row)
        for n in self.nodes:
            for r, room in enumerate(problem.capacity[n]):
                load = sum(
                    pod.demand[r] * row[n] for pod, row in zip(self.pods, self.x, strict=True)
                )
                self.model.add(load <= room)

    def value(self, goal: cp_model.LinearExprT, seconds: float) -> tuple[int, int] | None:
        """Maximise `goal`, hold it, and return (value, bound); None without an answer."""
        self.model.maximize(goal)
        self.model.clear_hints()  # type: ignore[no-untyped-call]  # not annotated in OR-Tools
        for row, at in zip(self.x, self.where, strict=True):
            for n, literal in enumerate(row):
                self.model.add_hint(literal, n == at)
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.max_time_in_seconds = max(0.001, seconds)
        status = solver.solve(self.model)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return None
        self.where = [next((n for n in self.nodes if solver.value(row[n])), None) for row in self.x]
        value = round(solver.objective_value)
        if status == cp_model.OPTIMAL:
            self.model.add(goal == value)
            return value, value
        self.model.add(goal >= value)
        return value, int(solver.best_objective_bound + 1e-6)


def solve(problem: Problem, *, window_s: float) -> Answer:
    """Run all phases within `window_s`, model building included."""
    deadline = time.monotonic() + window_s
    phases = _Phases(problem)
    proven, bound, before = True, [], 0
    phases_left = 2 * len(problem.tiers)
    for tier in range(len(problem.tiers)):
        pods = [p for p, pod in enumerate(phases.pods) if pod.tier <= tier]
        placed: cp_model.LinearExprT = sum(sum(phases.x[p]) for p in pods)
        kept: cp_model.LinearExprT = sum(
            2 * phases.x[p][home] + sum(phases.x[p]) - 2
            for p in pods
            if (home := phases.pods[p].home) is not None
        )
        for goal, counts in ((placed, True), (kept, False)):
            found = phases.value(goal, (deadline - time.monotonic()) / phases_left)
            phases_left -= 1
            proven = proven and found is not None and found[0] == found[1]
            if counts:
                total = len(pods) if found is None else found[1]
                bound.append(total - before)
                before = total if found is None else found[0]
    return _answer(phases, bound, proven=proven)


def _pods(problem: Problem) -> list[Pod]:
    pods = []
    for each in problem.classes:
        homes: list[int | None] = [None] * each.pending
        homes += [node for node, count in each.running for _ in range(count)]
        pods += [Pod(demand=each.demand, tier=each.tier, home=home) for home in homes]
    return pods


def _answer(phases: _Phases, bound: list[int], *, proven: bool) -> Answer:
    placed = [0] * len(phases.problem.tiers)
    moves = evictions = 0
    for pod, at in zip(phases.pods, phases.where, strict=True):
        placed[pod.tier] += at is not None
        if pod.home is not None:
            evictions += at is None
            moves += at is not None and at != pod.home
    return Answer(placed=placed, bound=bound, proven=proven, moves=moves, evictions=evictions)
